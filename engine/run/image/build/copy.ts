import { lstat, readdir, readlink, realpath, stat } from "node:fs/promises";
import { basename, join, relative, resolve } from "node:path";
import { Fault } from "@plinth/fault";
import { LAYER_ENTRIES_MAX } from "../limits.ts";
import { findInLayers, type LookupLayer } from "../store/layered-file.ts";
import { fileEntry, type TarEntry } from "../tar/entry.ts";
import { BUILD_TIME_SECONDS } from "./config.ts";

/** An entry of a layer to be written, and the file its content comes from. */
export interface BuildEntry {
  readonly entry: TarEntry;
  /** Undefined for what has no content. */
  readonly source: string | undefined;
}

const EXECUTABLE = 0o100;
const DIRECTORY_MODE = 0o755;

/**
 * What copying puts into a layer, sorted by name. Owners are root, times fixed, and modes what Git keeps: two checkouts
 * give the same layer. A directory's content goes into the destination; a file becomes it, or goes into it where it ends
 * with "/" or is a directory of the base. Symlinks are copied as such. Directories above are entered as the base has them,
 * through its symlinks, so that the layer changes nothing of them.
 */
export async function layerEntries(
  copy: Readonly<Record<string, string>>,
  project: string,
  below: readonly LookupLayer[],
): Promise<readonly BuildEntry[]> {
  const found = new Map<string, BuildEntry>();
  const put = (entry: BuildEntry): void => {
    found.set(entry.entry.name, entry);
    if (found.size > LAYER_ENTRIES_MAX)
      throw new Fault("too-large", `Cannot build: more than ${LAYER_ENTRIES_MAX} files`);
  };
  for (const [from, to] of Object.entries(copy)) {
    const source = await sourcePath(project, from);
    if (!to.startsWith("/")) {
      throw new Fault("invalid", `Cannot copy "${from}" to "${to}": a path in the image begins with "/"`);
    }
    const stats = await stat(source);
    const place = await findInLayers(below, to);
    if (place === undefined)
      throw new Fault("invalid", `Cannot copy "${from}" to "${to}": a part of that is a file in the base`);
    const isInto = !stats.isDirectory() && (to.endsWith("/") || place.found?.stats.isDirectory() === true);
    const components = isInto ? [...place.components, latin1(basename(source))] : [...place.components];
    if (components.length === 0 && !stats.isDirectory()) {
      throw new Fault("invalid", `Cannot copy "${from}" to "${to}": the file needs a name`);
    }
    for (let depth = 1; depth < components.length; depth++) {
      const name = components.slice(0, depth).join("/");
      if (!found.has(name)) put(directoryEntry(name, await attributesBelow(below, name)));
    }
    await addTree(source, components.join("/"), put, below);
  }
  return [...found.values()].sort((one, other) => (one.entry.name < other.entry.name ? -1 : 1));
}

/** Fault `invalid` for what is not in the project. */
async function sourcePath(project: string, from: string): Promise<string> {
  const root = await realpath(project);
  const real = await realpath(resolve(root, from)).catch(() => {
    throw new Fault("not-found", `Cannot copy "${from}": there is no such file in ${project}`);
  });
  const inside = relative(root, real);
  if (inside === ".." || inside.startsWith("../")) {
    throw new Fault("invalid", `Cannot copy "${from}": it is not in ${project}`, {
      hint: "An image is built of what the project has: copy it there first.",
    });
  }
  return real;
}

async function addTree(
  source: string,
  name: string,
  put: (entry: BuildEntry) => void,
  below: readonly LookupLayer[],
): Promise<void> {
  const stats = await lstat(source, { bigint: true });
  if (stats.isDirectory()) {
    // The image's root and directories of the base stay as they are.
    if (name !== "") put(directoryEntry(name, await attributesBelow(below, name)));
    for (const child of await readdir(source)) {
      await addTree(
        join(source, child),
        name === "" ? latin1(child) : `${name}/${latin1(child)}`,
        put,
        below,
      );
    }
  } else if (stats.isSymbolicLink()) {
    put({
      entry: { ...blank(name), type: "symlink", mode: 0o777, target: latin1(await readlink(source)) },
      source: undefined,
    });
  } else if (stats.isFile()) {
    const isExecutable = (Number(stats.mode) & EXECUTABLE) !== 0;
    put({ entry: { ...blank(name), mode: isExecutable ? 0o755 : 0o644, bytes: Number(stats.size) }, source });
  } else {
    throw new Fault("invalid", `Cannot copy "${source}": it is no file, directory or symlink`);
  }
}

type DirectoryAttributes = Pick<TarEntry, "mode" | "uid" | "gid">;

async function attributesBelow(
  below: readonly LookupLayer[],
  name: string,
): Promise<DirectoryAttributes | undefined> {
  const found = (await findInLayers(below, Buffer.from(name, "latin1").toString("utf8")))?.found;
  if (found?.stats.isDirectory() !== true) return undefined;
  const { mode, uid, gid } = found.stats;
  const owner = below[0]?.ownerIn({ uid: Number(uid), gid: Number(gid) });
  return { mode: Number(mode & 0o7777n), uid: owner?.uid ?? 0, gid: owner?.gid ?? 0 };
}

function directoryEntry(name: string, attributes: DirectoryAttributes | undefined): BuildEntry {
  return {
    entry: { ...blank(name), type: "directory", mode: DIRECTORY_MODE, ...attributes },
    source: undefined,
  };
}

const blank = (name: string): TarEntry => fileEntry(name, { bytes: 0, mtimeSeconds: BUILD_TIME_SECONDS });

function latin1(text: string): string {
  return Buffer.from(text).toString("latin1");
}
