import { createHash } from "node:crypto";
import { constants, createWriteStream } from "node:fs";
import { open, rm } from "node:fs/promises";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { Fault } from "@plinth/fault";
import type { Digest } from "../digest.ts";
import { END_OF_ARCHIVE, encodeEntry } from "../tar/encode.ts";
import { paddingOf } from "../tar/entry.ts";
import type { BuildEntry } from "./copy.ts";

export interface WrittenLayer {
  /** Of the file, compressed. */
  readonly digest: Digest;
  readonly bytes: number;
  readonly diffId: Digest;
}

const READ_BYTES: number = 1 << 20;

/** Writes a layer to a new file; nothing of it stays after a failure. */
export async function writeLayer(
  entries: readonly BuildEntry[],
  path: string,
  signal: AbortSignal | undefined,
): Promise<WrittenLayer> {
  const [plain, compressed] = [createHash("sha256"), createHash("sha256")];
  let bytes = 0;
  const hashing = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      compressed.update(chunk);
      bytes += chunk.length;
      done(null, chunk);
    },
  });
  async function* tar(): AsyncGenerator<Buffer> {
    for await (const chunk of tarOf(entries)) {
      plain.update(chunk);
      yield chunk;
    }
  }
  try {
    const file = createWriteStream(path, { mode: 0o600, flags: "wx" });
    await pipeline(tar(), createGzip(), hashing, file, { signal });
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  }
  return { digest: `sha256:${compressed.digest("hex")}`, bytes, diffId: `sha256:${plain.digest("hex")}` };
}

async function* tarOf(entries: readonly BuildEntry[]): AsyncGenerator<Buffer> {
  for (const { entry, source } of entries) {
    yield encodeEntry(entry);
    if (source === undefined) continue;
    yield* contentOf(source, entry.bytes);
    yield Buffer.alloc(paddingOf(entry.bytes));
  }
  yield END_OF_ARCHIVE;
}

async function* contentOf(path: string, bytes: number): AsyncGenerator<Buffer> {
  await using file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  let left = bytes;
  while (left > 0) {
    const buffer = Buffer.allocUnsafe(Math.min(READ_BYTES, left));
    const { bytesRead } = await file.read(buffer, 0, buffer.length, bytes - left);
    if (bytesRead === 0) throw changed(path);
    left -= bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
  if ((await file.stat()).size !== bytes) throw changed(path);
}

function changed(path: string): Fault {
  return new Fault("conflict", `Cannot build: ${path} changes while it is read`);
}
