/** Durable file writes and locks between processes. */
export { syncDirectory, writeFileDurably } from "./durable.ts";
export { takeFileLock } from "./lock.ts";
export type { FileLock } from "./lock.ts";
