/** Durable file writes, locks between processes, and files that nobody else may read. */
export { syncDirectory, writeFileDurably, writeStreamDurably } from "./durable.ts";
export { takeFileLock } from "./lock.ts";
export type { FileLock } from "./lock.ts";
export { readSecretFile } from "./secret.ts";
export type { SecretFileOptions } from "./secret.ts";
