import { open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";

let sequence = 0;

/**
 * Replaces a file as one step: readers and a crash see the old content or the new, never a part.
 * Content, then name are synced before this resolves. `mode` is the file's permission bits (default 0600).
 */
export async function writeFileDurably(
  path: string,
  content: string | Uint8Array,
  mode = 0o600,
): Promise<void> {
  const temporary = `${path}.${process.pid}.${sequence++}.tmp`;
  try {
    const file = await open(temporary, "wx", mode);
    try {
      await file.writeFile(content);
      await file.datasync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncDirectory(dirname(path));
}

/** Makes names created, renamed or removed in a directory outlive a power failure. */
export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
