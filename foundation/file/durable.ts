import { type FileHandle, open, rename, rm } from "node:fs/promises";
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
  await replace(path, `${path}.${process.pid}.${sequence++}.tmp`, mode, (file) => file.writeFile(content));
}

/**
 * As `writeFileDurably`, for content that comes in pieces: it is in `PATH.part` until all of it is there. Gives the
 * bytes written; whatever fails leaves no part behind.
 */
export async function writeStreamDurably(
  path: string,
  content: AsyncIterable<Uint8Array>,
  {
    mode = 0o600,
    onProgress,
  }: { readonly mode?: number; readonly onProgress?: (bytes: number) => void } = {},
): Promise<number> {
  const part = `${path}.part`;
  // One that a crash left is in nobody's way, and its mode is not trusted.
  await rm(part, { force: true });
  let bytes = 0;
  await replace(path, part, mode, async (file) => {
    for await (const chunk of content) {
      for (let at = 0; at < chunk.length;) at += (await file.write(chunk, at)).bytesWritten;
      bytes += chunk.length;
      onProgress?.(bytes);
    }
  });
  return bytes;
}

/** Fills a new file beside it, synced, and gives it the name; whatever fails leaves none behind. */
async function replace(
  path: string,
  temporary: string,
  mode: number,
  fill: (file: FileHandle) => Promise<void>,
): Promise<void> {
  try {
    const file = await open(temporary, "wx", mode);
    try {
      await fill(file);
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
