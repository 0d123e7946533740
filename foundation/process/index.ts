/** What /proc says about a process, and runtimes to start one with. */
export { canListen, whyNoListener } from "./listen.ts";
export {
  bootId,
  hasInEnvironment,
  identityInStat,
  isRunning,
  processIdentity,
  processTable,
  processUsage,
  signalProcess,
  statFields,
} from "./proc.ts";
export type { ProcessEntry, ProcessIdentity, ProcessUsage } from "./proc.ts";
export { processorQuota } from "./processor-quota.ts";
export { runtimePath } from "./runtime.ts";
export type { RuntimeName } from "./runtime.ts";
