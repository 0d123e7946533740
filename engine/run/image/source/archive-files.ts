import { createReadStream, createWriteStream } from "node:fs";
import { type FileHandle, open, rm, stat } from "node:fs/promises";
import { posix } from "node:path";
import { pipeline } from "node:stream/promises";
import { Fault } from "@plinth/fault";
import { unpackedBytesMax } from "../limits.ts";
import type { Compression } from "../manifest.ts";
import { BLOCK_BYTES, corrupt, type TarEntry } from "../tar/entry.ts";
import { TarReader } from "../tar/reader.ts";
import { decompress } from "../unpack/decompress.ts";
import type { LayoutFiles } from "./layout.ts";

/** The files of an archive, by name and place. */
export interface ArchiveFiles extends LayoutFiles {
  /** Undefined where there is none. */
  bytesOf(path: string): number | undefined;
}

/** An archive holds a few files per layer; one of many images may hold thousands. */
const ARCHIVE_ENTRIES_MAX = 50_000;
const LINKS_FOLLOWED_MAX = 8;
const READ_BYTES: number = 1 << 20;

interface Place {
  readonly offset: number;
  readonly bytes: number;
}

/**
 * Finds what is in a tar archive without unpacking it: names in it never become names on the disk. A compressed one is
 * first decompressed to `spool`, which is removed at the end.
 */
export async function openArchive(
  path: string,
  spool: string,
  name = `archive:${path}`,
): Promise<ArchiveFiles> {
  await using setup = new AsyncDisposableStack();
  const compression = await compressionOf(path);
  let plain = path;
  if (compression !== "none") {
    plain = spool;
    setup.defer(() => rm(spool, { force: true }));
    const bytesMax = unpackedBytesMax((await stat(path)).size);
    const source = decompress({ path, compression, bytesMax, onRead: () => {} });
    await pipeline(source, createWriteStream(spool, { mode: 0o600, flags: "wx" }));
  }
  const file = await open(plain);
  setup.defer(() => file.close());
  const places = await findFiles(file).catch((error: unknown) => {
    if (!(error instanceof Fault)) throw error;
    throw new Fault(error.code, `Cannot read ${name}: ${error.message}`, { cause: error });
  });
  const owned = setup.move();
  return {
    name,
    bytesOf: (member) => places.get(member)?.bytes,
    async read(member, bytesMax) {
      const place = places.get(member);
      if (place === undefined) return undefined;
      if (place.bytes > bytesMax) {
        throw new Fault("too-large", `Cannot read ${member} of ${name}: more than ${bytesMax} bytes`);
      }
      const content = Buffer.alloc(place.bytes);
      await readFully(file, content, place.offset);
      return content;
    },
    async *stream(member, from) {
      const place = places.get(member);
      if (place === undefined) throw new Fault("not-found", `Cannot read ${name}: it has no ${member}`);
      if (from >= place.bytes) return;
      const start = place.offset + from;
      const end = place.offset + place.bytes - 1;
      yield* createReadStream(plain, { start, end, highWaterMark: READ_BYTES }) as AsyncIterable<Buffer>;
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** What a file begins with; "none" for what is no archive either. */
export async function compressionOf(path: string): Promise<Compression> {
  const start = Buffer.alloc(4);
  try {
    await using file = await open(path);
    await file.read(start, 0, start.length, 0);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT")
      throw new Fault("not-found", `Cannot read the archive ${path}: there is no such file`);
    throw error;
  }
  return compressionIn(start);
}

/** By the first four bytes. */
export function compressionIn(start: Buffer): Compression {
  if (start[0] === 0x1f && start[1] === 0x8b) return "gzip";
  return start.length >= 4 && start.readUInt32LE(0) === 0xfd2fb528 ? "zstd" : "none";
}

async function findFiles(file: FileHandle): Promise<ReadonlyMap<string, Place>> {
  const found = new Map<string, Place>();
  const links = new Map<string, string>();
  const block = Buffer.alloc(BLOCK_BYTES);
  let offset = 0;
  const reader = new TarReader({
    entry(entry: TarEntry) {
      const name = posix.normalize(entry.name).replace(/^\/|\/$/g, "");
      if (entry.type === "file") found.set(name, { offset: offset + BLOCK_BYTES, bytes: entry.bytes });
      else if (entry.type === "symlink") links.set(name, posix.join(posix.dirname(name), entry.target));
      else if (entry.type === "hard-link") links.set(name, posix.normalize(entry.target));
      if (found.size + links.size > ARCHIVE_ENTRIES_MAX) {
        throw corrupt(`it holds more than ${ARCHIVE_ENTRIES_MAX} files`);
      }
    },
    content() {},
    endOfFile() {},
  });
  const { size } = await file.stat();
  while (!reader.isEnded && offset < size) {
    const { bytesRead } = await file.read(block, 0, BLOCK_BYTES, offset);
    reader.write(block.subarray(0, bytesRead));
    offset += bytesRead + reader.skipContent();
  }
  reader.end();
  if (offset > size) throw corrupt("the archive ends within a file");
  for (const name of links.keys()) {
    const place = follow(name, links, found);
    if (place !== undefined) found.set(name, place);
  }
  return found;
}

function follow(
  name: string,
  links: ReadonlyMap<string, string>,
  found: ReadonlyMap<string, Place>,
): Place | undefined {
  let at: string | undefined = name;
  for (let followed = 0; at !== undefined && followed < LINKS_FOLLOWED_MAX; followed++) {
    const place = found.get(at);
    if (place !== undefined) return place;
    at = links.get(at);
  }
  return undefined;
}

async function readFully(file: FileHandle, content: Buffer, offset: number): Promise<void> {
  for (let at = 0; at < content.length;) {
    const { bytesRead } = await file.read(content, at, content.length - at, offset + at);
    if (bytesRead === 0) throw corrupt("the archive ends within a file");
    at += bytesRead;
  }
}
