import { type FileHandle, lstat, open, readdir, readlink } from "node:fs/promises";
import { constants } from "node:fs";
import { join } from "node:path";
import type { TarEntry } from "./tar.ts";

/** Of one read. */
const READ_BYTES = 256 * 2 ** 10;

export interface KeptFile extends Pick<TarEntry, "type" | "mode" | "target"> {
  /** Relative to the directory of kept sources. */
  readonly path: string;
  /** Of a file, while this is what the walk has come to; else empty. */
  readonly content: AsyncIterable<Uint8Array>;
}

/**
 * A kept source, each directory before what is in it. Programs that run there may write, and remove what they have
 * written: what has gone since it was listed is passed over, a file that grows is read as far as it went.
 */
export async function* walkKept(sources: string, path: string): AsyncGenerator<KeptFile> {
  const at = join(sources, path);
  const status = await unlessGone(lstat(at));
  if (status === undefined) return;
  const mode = status.mode & 0o777;
  if (status.isSymbolicLink()) {
    const target = await unlessGone(readlink(at));
    if (target !== undefined) yield { path, type: "link", mode, target, content: nothing() };
  } else if (status.isFile()) {
    const file = await unlessGone(open(at, constants.O_RDONLY | constants.O_NOFOLLOW));
    if (file === undefined) return;
    try {
      yield { path, type: "file", mode, target: "", content: contentOf(file) };
    } finally {
      await file.close();
    }
  } else if (status.isDirectory()) {
    yield { path, type: "directory", mode, target: "", content: nothing() };
    const names = (await unlessGone(readdir(at))) ?? [];
    for (const name of names.sort()) yield* walkKept(sources, `${path}/${name}`);
  }
}

async function* contentOf(file: FileHandle): AsyncGenerator<Uint8Array> {
  const { size } = await file.stat();
  for (let at = 0; at < size;) {
    const buffer = Buffer.allocUnsafe(Math.min(READ_BYTES, size - at));
    const { bytesRead } = await file.read(buffer, 0, buffer.length, at);
    if (bytesRead === 0) return;
    yield buffer.subarray(0, bytesRead);
    at += bytesRead;
  }
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

async function unlessGone<Result>(found: Promise<Result>): Promise<Result | undefined> {
  try {
    return await found;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // A link is no file any more, a file no directory.
    if (code === "ENOENT" || code === "ELOOP" || code === "ENOTDIR") return undefined;
    throw error;
  }
}
