/** What /proc says about a process, and runtimes to start one with. */
export { bootId, isRunning, processIdentity, processUsage, statFields } from "./proc.ts";
export type { ProcessIdentity, ProcessUsage } from "./proc.ts";
export { runtimePath } from "./runtime.ts";
export type { RuntimeName } from "./runtime.ts";
