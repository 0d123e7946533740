import { mkdir, mkdtemp, open, readdir, realpath, rename, rm, stat, statfs, symlink } from "node:fs/promises";
import { basename, dirname, isAbsolute, join } from "node:path";
import { Fault, messageOf } from "@plinth/fault";
import { syncDirectory } from "@plinth/file";
import { homePaths } from "@plinth/daemon";
import { inspectSnapshot, restoreMvcc, toFault } from "@plinth/store";
import { readChunks, type ReadChunksOptions } from "../read-chunks.ts";
import { sizeText } from "../terminal/quantities.ts";
import { type Manifest, names, storeOf } from "./manifest.ts";
import { readArchive } from "./read-archive.ts";
import { relocate } from "./relocate.ts";
import type { TarEntry } from "./tar.ts";

const NOTHING_RESTORED = "Nothing was restored from it.";

export interface Restored {
  readonly manifest: Manifest;
  /** What links of kept sources name outside the home that is not on this machine. */
  readonly missing: readonly string[];
}

/** Reads a backup and checks all of it, the records of every store among it; Fault `corrupt` says what is wrong. */
export async function verifyBackup(file: string, options: ReadChunksOptions): Promise<Manifest> {
  return reading(file, async () =>
    readArchive(readChunks(file, options), async (entry, content) => {
      if (isSnapshot(entry)) await inspectSnapshot(content);
      else for await (const _ of content);
    }),
  );
}

/**
 * Makes a home of a backup. All of it is put together and checked beside the home first, which then is there at once or
 * not at all. Fault `conflict` where there is something already, `corrupt` for a broken backup.
 */
export async function restoreBackup(
  file: string,
  home: string,
  options: ReadChunksOptions,
): Promise<Restored> {
  await mkdir(dirname(home), { recursive: true });
  // By its real name, as deploys name kept sources.
  const final = join(await realpath(dirname(home)), basename(home));
  await assertEmpty(final);
  await assertRoom(dirname(final), file);
  const building = await mkdtemp(`${final}.restoring-`);
  try {
    const tree = new Tree(building);
    const manifest = await reading(
      file,
      async () => readArchive(readChunks(file, options), (entry, content) => tree.put(entry, content)),
      NOTHING_RESTORED,
    );
    await tree.finish();
    await reading(
      file,
      () =>
        relocate({
          state: homePaths(building).state,
          settings: homePaths(building).settings,
          from: manifest.home,
          to: final,
        }),
      NOTHING_RESTORED,
    );
    await rename(building, final).catch((error: unknown) => {
      throw notInPlace(final, error);
    });
    await syncDirectory(dirname(final));
    return { manifest, missing: await tree.missing() };
  } finally {
    await rm(building, { recursive: true, force: true });
  }
}

function isSnapshot(entry: TarEntry): boolean {
  return entry.name === names.state || storeOf(entry) !== undefined;
}

function occupied(home: string, cause?: unknown): Fault {
  return new Fault("conflict", `Cannot restore to "${home}": there is something in it`, {
    cause,
    hint: "Choose a home that is not there yet with --home.",
  });
}

/** Why what was built cannot become the home. */
function notInPlace(home: string, error: unknown): Fault {
  const { code } = error as NodeJS.ErrnoException;
  if (code === "ENOTEMPTY" || code === "EEXIST" || code === "ENOTDIR") return occupied(home, error);
  const hint = code === "EBUSY" ? "It is a mount point: choose a directory below it." : undefined;
  return new Fault("conflict", `Cannot restore to "${home}": ${messageOf(error)}`, {
    cause: error,
    ...(hint !== undefined && { hint }),
  });
}

async function assertEmpty(home: string): Promise<void> {
  const found = await readdir(home).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error.code === "ENOTDIR" ? occupied(home, error) : error;
  });
  if (found.length > 0) throw occupied(home);
}

/** What is restored takes at least as much as it is told in; most disks that are too small are told so at once. */
async function assertRoom(directory: string, file: string): Promise<void> {
  const [{ size }, { bavail, bsize }] = await Promise.all([stat(file), statfs(directory)]);
  if (size <= bavail * bsize) return;
  throw new Fault(
    "exhausted",
    `it needs ${sizeText(size)} at least, and the disk has ${sizeText(bavail * bsize)}`,
  );
}

/** Files as a home has them, synced. Links come last: nothing is written through one. */
class Tree {
  readonly #directory: string;
  readonly #directories: Set<string> = new Set();
  readonly #links: TarEntry[] = [];

  constructor(directory: string) {
    this.#directory = directory;
  }

  async put(entry: TarEntry, content: AsyncIterable<Uint8Array>): Promise<void> {
    const path = this.#pathOf(entry);
    await this.#makeDirectory(dirname(path));
    if (entry.type === "link") this.#links.push(entry);
    else if (entry.type === "directory") await this.#makeDirectory(path, entry.mode);
    else if (isSnapshot(entry)) return restoreMvcc(path, content, { sealed: true });
    else return write(path, entry.mode, content);
    for await (const _ of content);
  }

  async finish(): Promise<void> {
    for (const link of this.#links) await symlink(link.target, this.#pathOf(link));
    for (const directory of [...this.#directories, this.#directory]) await syncDirectory(directory);
  }

  async missing(): Promise<string[]> {
    const outside = new Set(this.#links.map(({ target }) => target).filter(isAbsolute));
    const found: string[] = [];
    for (const target of outside) await stat(target).catch(() => found.push(target));
    return found.sort();
  }

  #pathOf(entry: TarEntry): string {
    const paths = homePaths(this.#directory);
    const of = storeOf(entry);
    if (of !== undefined) return join(paths.data, of.app, of.store);
    return entry.name === names.state ? paths.state : join(this.#directory, entry.name);
  }

  async #makeDirectory(path: string, mode = 0o700): Promise<void> {
    if (this.#directories.has(path) || path === this.#directory) return;
    await this.#makeDirectory(dirname(path));
    await mkdir(path, { mode: mode | 0o700 });
    this.#directories.add(path);
  }
}

async function write(path: string, mode: number, content: AsyncIterable<Uint8Array>): Promise<void> {
  const file = await open(path, "wx", mode);
  try {
    await file.chmod(mode); // whatever this process takes away from new files' modes
    for await (const chunk of content) await file.writeFile(chunk);
    await file.datasync();
  } finally {
    await file.close();
  }
}

/** Says of which file something is told. */
async function reading<Result>(file: string, body: () => Promise<Result>, hint?: string): Promise<Result> {
  try {
    return await body();
  } catch (error) {
    const fault = toFault(error);
    const isBroken = fault instanceof Fault && (fault.code === "corrupt" || fault.code === "unsupported");
    if (!isBroken) throw fault;
    throw new Fault(fault.code, `Cannot use backup "${file}": ${messageOf(fault)}`, {
      cause: fault,
      ...(hint !== undefined && { hint }),
    });
  }
}
