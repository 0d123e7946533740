import { type BigIntStats, constants } from "node:fs";
import { lstat, open, readlink } from "node:fs/promises";
import { Fault } from "@plinth/fault";

/** An unpacked layer, as a file is looked up in it. */
export interface LookupLayer {
  /** Absolute. */
  readonly content: string;
  /** Directories that hide what lower layers have in them; latin1. */
  readonly opaque: ReadonlySet<string>;
  /** Directories that no entry of the layer had named when something was put into them; latin1. */
  readonly implicit: readonly string[];
  /** Directories with whiteouts; latin1. */
  readonly hiding: readonly string[];
  /** Who the owner of a file here is in the image. */
  readonly ownerIn: (owner: Owner) => Owner;
}

export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** As Linux bounds it. */
const SYMLINKS_FOLLOWED_MAX = 40;

/** Where a path of an image leads, its symlinks resolved. */
export interface FoundInLayers {
  /** From the image's root, latin1; what does not exist is taken for directories to be made. */
  readonly components: readonly string[];
  /** Undefined where there is nothing. */
  readonly found: Found | undefined;
}

/**
 * Looks up a path as it is in the image, without mounting it: whiteouts and opaque directories count, symlinks are taken
 * from the image's root, and the kernel follows none. `layers` are topmost first. Undefined for a path that cannot be:
 * below a file, or through too many symlinks.
 */
export async function findInLayers(
  layers: readonly LookupLayer[],
  path: string,
): Promise<FoundInLayers | undefined> {
  const left = Buffer.from(path).toString("latin1").split("/").reverse();
  let at: string[] = [];
  let found: Found | undefined = undefined;
  let followed = 0;
  for (let component = left.pop(); component !== undefined; component = left.pop()) {
    if (component === "" || component === ".") continue;
    if (component === "..") {
      at = at.slice(0, -1);
      found = undefined;
      continue;
    }
    const next = [...at, component];
    const here = await findAsIs(layers, next);
    if (here?.stats.isSymbolicLink() === true) {
      if (++followed > SYMLINKS_FOLLOWED_MAX) return undefined;
      const target = await readlink(here.path, { encoding: "latin1" });
      if (target.startsWith("/")) at = [];
      found = undefined;
      left.push(...target.split("/").reverse());
      continue;
    }
    const isLast = !left.some((each) => each !== "" && each !== ".");
    if (here !== undefined && !here.stats.isDirectory() && !isLast) return undefined;
    at = next;
    found = here;
  }
  return { components: at, found: found ?? (await findAsIs(layers, at)) };
}

/** A file's content. Undefined where there is no such file; Fault `too-large`. */
export async function readLayeredFile(
  layers: readonly LookupLayer[],
  path: string,
  bytesMax: number,
): Promise<Buffer | undefined> {
  const found = (await findInLayers(layers, path))?.found;
  return found?.stats.isFile() === true ? await readBounded(found.path, path, bytesMax) : undefined;
}

export interface Found {
  readonly path: Buffer;
  readonly stats: BigIntStats;
}

/** The topmost thing at a path (latin1) whose directories are no symlinks. */
export async function findAsIs(
  layers: readonly LookupLayer[],
  components: readonly string[],
): Promise<Found | undefined> {
  for (const { content, opaque } of layers) {
    let path = Buffer.from(content);
    let isLowerHidden = opaque.has("");
    if (components.length === 0) return { path, stats: await lstat(path, { bigint: true }) };
    for (const [index, component] of components.entries()) {
      path = Buffer.concat([path, Buffer.from(`/${component}`, "latin1")]);
      const stats = await lstat(path, { bigint: true }).catch(notThere);
      if (stats === undefined) break;
      if (stats.isCharacterDevice() && stats.rdev === 0n) return undefined; // a whiteout
      if (index === components.length - 1) return { path, stats };
      if (!stats.isDirectory()) return undefined;
      isLowerHidden ||= opaque.has(components.slice(0, index + 1).join("/"));
    }
    if (isLowerHidden) return undefined;
  }
  return undefined;
}

function notThere(error: NodeJS.ErrnoException): undefined {
  if (error.code === "EACCES")
    throw new Fault(
      "forbidden",
      `Cannot look at ${error.path}: a folder of the image is closed to all but its own user`,
      {
        cause: error,
      },
    );
  if (!["ENOENT", "ENOTDIR", "ENAMETOOLONG"].includes(error.code ?? "")) throw error;
}

async function readBounded(full: Buffer, path: string, bytesMax: number): Promise<Buffer> {
  await using file = await open(full, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  const { size } = await file.stat();
  if (size > bytesMax)
    throw new Fault("too-large", `Cannot read ${path} of the image: more than ${bytesMax} bytes`);
  return await file.readFile();
}
