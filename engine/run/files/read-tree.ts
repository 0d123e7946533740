import { constants, readlinkSync, type Stats } from "node:fs";
import { open, readdir } from "node:fs/promises";
import { Fault } from "@plinth/fault";
import { encodeEntry, END_OF_ARCHIVE } from "../image/tar/encode.ts";
import { paddingOf, type TarEntry } from "../image/tar/entry.ts";
import { explained, type HeldDirectory, placeInRoot } from "./held-directory.ts";

export interface ReadTreeOptions {
  /** What the archive calls it. Default: its own name. */
  readonly name?: string;
  readonly signal: AbortSignal;
  /** Told of what is neither file, folder nor link, and is left out. */
  readonly onLeftOut?: (path: string) => void;
}

/** Folders in folders; deeper ones would take a descriptor each. */
const DEPTH_MAX = 200;
const PIECE_BYTES = 256 * 1024;
/** Permissions without the bits that lend rights. */
const MODE_MASK = 0o777;

/** A file or folder below a root as a tar archive; nothing outside of that root is read, whatever moves meanwhile. */
export async function* readTree(
  root: string,
  path: string,
  { name, signal, onLeftOut }: ReadTreeOptions,
): AsyncGenerator<Buffer> {
  using place = placeInRoot(root, path);
  const found = place.directory.stat(place.name);
  if (found === undefined) throw new Fault("not-found", `Cannot find ${path}: no such file or folder`);
  if (!isKept(found))
    throw new Fault("unsupported", `Cannot copy ${path}: it is neither file, folder nor link`);
  const walk = new Walk(signal, onLeftOut);
  try {
    yield* walk.entry(place.directory, place.name, name ?? (place.name || "root"), 0);
  } catch (error) {
    throw explained(error, path);
  }
  yield END_OF_ARCHIVE;
}

const isKept = (stats: Stats): boolean => stats.isFile() || stats.isDirectory() || stats.isSymbolicLink();

class Walk {
  readonly #signal: AbortSignal;
  readonly #onLeftOut: ((path: string) => void) | undefined;

  constructor(signal: AbortSignal, onLeftOut: ((path: string) => void) | undefined) {
    this.#signal = signal;
    this.#onLeftOut = onLeftOut;
  }

  async *entry(parent: HeldDirectory, name: string, shown: string, depth: number): AsyncGenerator<Buffer> {
    this.#signal.throwIfAborted();
    const stats = parent.stat(name);
    if (stats === undefined) return; // gone meanwhile
    if (depth > DEPTH_MAX)
      throw new Fault("too-large", `Cannot copy ${shown}: more than ${DEPTH_MAX} folders deep`);
    if (stats.isDirectory()) yield* this.#directory(parent, { name, shown, stats, depth });
    else if (stats.isSymbolicLink())
      yield encodeEntry(entryOf("symlink", shown, stats, readlinkSync(parent.path(name))));
    else if (stats.isFile()) yield* this.#file(parent, name, shown);
    else this.#onLeftOut?.(shown);
  }

  async *#directory(
    parent: HeldDirectory,
    { name, shown, stats, depth }: { name: string; shown: string; stats: Stats; depth: number },
  ): AsyncGenerator<Buffer> {
    using directory = parent.enter(name === "" ? "." : name);
    yield encodeEntry(entryOf("directory", `${shown}/`, stats));
    for (const child of (await readdir(directory.path())).sort())
      yield* this.entry(directory, child, `${shown}/${child}`, depth + 1);
  }

  async *#file(parent: HeldDirectory, name: string, shown: string): AsyncGenerator<Buffer> {
    // What was a file a moment ago may be a pipe by now, which must not hold us.
    const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
    await using handle = await open(parent.path(name), flags);
    const stats = await handle.stat();
    if (!stats.isFile()) return this.#onLeftOut?.(shown);
    yield encodeEntry({ ...entryOf("file", shown, stats), bytes: stats.size });
    for (let at = 0; at < stats.size;) {
      this.#signal.throwIfAborted();
      const piece = Buffer.allocUnsafe(Math.min(PIECE_BYTES, stats.size - at));
      const { bytesRead } = await handle.read(piece, 0, piece.length, at);
      if (bytesRead === 0) throw new Fault("conflict", `Cannot copy ${shown}: it was cut while it was read`);
      at += bytesRead;
      yield piece.subarray(0, bytesRead);
    }
    yield Buffer.alloc(paddingOf(stats.size));
  }
}

/** Names are bytes in archives. */
const bytesOf = (text: string): string => Buffer.from(text).toString("latin1");

function entryOf(type: TarEntry["type"], name: string, stats: Stats, target = ""): TarEntry {
  return {
    type,
    name: bytesOf(name),
    target: bytesOf(target),
    mode: stats.mode & MODE_MASK,
    uid: stats.uid,
    gid: stats.gid,
    bytes: 0,
    mtimeSeconds: Math.floor(stats.mtimeMs / 1000),
    mtimeNanoseconds: 0,
    deviceMajor: 0,
    deviceMinor: 0,
    xattrs: undefined,
  };
}
