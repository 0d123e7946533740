import { openSync, renameSync, statSync } from "node:fs";

/** Months of a quiet host; what came before is kept once as `.1`. */
const OWN_LOG_BYTES_MAX = 16 * 2 ** 20;

/** Opens the log file of one of Plinth's own processes for appending; the descriptor is the caller's to close. */
export function openOwnLog(path: string): number {
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (size > OWN_LOG_BYTES_MAX) renameSync(path, `${path}.1`);
  return openSync(path, "a", 0o600);
}
