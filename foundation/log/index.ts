/** Structured log lines for Plinth's own processes. */
export { createLog } from "./log.ts";
export type { Log, LogFields, LogLevel, LogOptions } from "./log.ts";
