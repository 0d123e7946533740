import { type Dirent, lstatSync, readdirSync, readlinkSync, realpathSync, statSync } from "node:fs";
import { dirname, isAbsolute, join, relative, resolve, sep } from "node:path";

/** Version control's own data and caches: no program runs from them. */
const EXCLUDED: ReadonlySet<string> = new Set([".git", ".hg", ".svn", "__pycache__", ".DS_Store"]);
/** A project beyond these is data, or the wrong directory; copying it at every `up` would be slow and fill the disk. */
export const SOURCE_BYTES_MAX: number = 256 * 2 ** 20;
export const SOURCE_FILES_MAX = 20_000;

/** One thing that a kept copy holds. */
export interface Entry {
  /** Relative to the project, with "/" between names. */
  readonly path: string;
  readonly type: "file" | "directory" | "link";
  /** Permission bits. */
  readonly mode: number;
  readonly bytes: number;
  /** Of a link: its text in the copy. */
  readonly target: string;
}

export interface Listing {
  /** Sorted by path. */
  readonly entries: readonly Entry[];
  /** Why the project cannot be kept; then `entries` is not complete. */
  readonly tooLarge: string | undefined;
}

/** Lists what a copy of the project would hold. `home` is left out where it lies inside. */
export function listProject(project: string, home: string): Listing {
  const entries: Entry[] = [];
  const pending = [""];
  let files = 0;
  let bytes = 0;
  for (let directory = pending.pop(); directory !== undefined; directory = pending.pop()) {
    for (const item of readdirSync(join(project, directory), { withFileTypes: true })) {
      const path = directory === "" ? item.name : `${directory}/${item.name}`;
      const entry = entryOf(project, path, item, home);
      if (entry === undefined) continue;
      entries.push(entry);
      if (entry.type === "directory") pending.push(path);
      if (++files > SOURCE_FILES_MAX) return { entries, tooLarge: `more than ${SOURCE_FILES_MAX} files` };
      bytes += entry.bytes;
      if (bytes > SOURCE_BYTES_MAX)
        return { entries, tooLarge: `more than ${SOURCE_BYTES_MAX / 2 ** 20} MiB` };
    }
  }
  const modules = entries.some(({ path }) => path === "node_modules") ? undefined : modulesAbove(project);
  if (modules !== undefined) entries.push(link("node_modules", modules));
  entries.sort((one, other) => (one.path < other.path ? -1 : 1));
  return { entries, tooLarge: undefined };
}

function entryOf(project: string, path: string, item: Dirent, home: string): Entry | undefined {
  if (EXCLUDED.has(item.name)) return undefined;
  const absolute = join(project, path);
  if (absolute === home) return undefined;
  if (item.name === "node_modules" && statSync(absolute, { throwIfNoEntry: false })?.isDirectory() === true) {
    // Installed packages are many, and pinned by the lock file: the copy shares them.
    return link(path, realpathSync(absolute));
  }
  if (item.isSymbolicLink()) return link(path, targetInCopy(project, path, readlinkSync(absolute)));
  const { mode, size } = lstatSync(absolute);
  if (item.isDirectory()) return { path, type: "directory", mode: mode & 0o777, bytes: 0, target: "" };
  if (item.isFile()) return { path, type: "file", mode: mode & 0o777, bytes: size, target: "" };
  return undefined; // sockets, pipes and devices are not files of a program
}

function link(path: string, target: string): Entry {
  return { path, type: "link", mode: 0o777, bytes: 0, target };
}

/** A link inside the project stays inside the copy; one that leaves the project leads to the original. */
function targetInCopy(project: string, path: string, text: string): string {
  const from = dirname(join(project, path));
  const target = resolve(from, text);
  if (!isInside(project, target)) return target;
  return isAbsolute(text) ? relative(from, target) || "." : text;
}

function modulesAbove(project: string): string | undefined {
  for (let directory = dirname(project); ; directory = dirname(directory)) {
    const candidate = join(directory, "node_modules");
    if (statSync(candidate, { throwIfNoEntry: false })?.isDirectory() === true)
      return realpathSync(candidate);
    if (directory === dirname(directory)) return undefined;
  }
}

/** True when `path` is `directory` or below it. */
export function isInside(directory: string, path: string): boolean {
  return path === directory || path.startsWith(directory.endsWith(sep) ? directory : directory + sep);
}
