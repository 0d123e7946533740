import { statfs } from "node:fs/promises";
import { messageOf } from "@plinth/fault";
import { DISK_FULL_BYTES } from "./limits.ts";

/** How a reason begins that nothing but room on the disk would help. */
export const DISK_FULL = "the disk is full";

/** Why a write failed, as the end of a sentence. LMDB reports a short write as an I/O error, so the disk is asked. */
export async function diagnoseWriteFailure(directory: string, error: unknown): Promise<string> {
  try {
    const { bavail, bsize } = await statfs(directory);
    const free = bavail * bsize;
    if (free < DISK_FULL_BYTES) return `${DISK_FULL} (${free} bytes free for "${directory}")`;
  } catch {
    // The write's own error says more than why the disk could not be asked.
  }
  return `writing to "${directory}" fails: ${messageOf(error)}`;
}
