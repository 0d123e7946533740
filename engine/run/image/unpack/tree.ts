import { corrupt, shownName } from "../tar/entry.ts";

/** What a directory is given once all that lies in it is there. */
export interface DirectoryAttributes {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtimeSeconds: number;
  readonly mtimeNanoseconds: number;
}

/** As Linux bounds it. */
const SYMLINKS_FOLLOWED_MAX = 40;
/**
 * A directory that goes costs a walk over all names: so many take seconds. An upper layer that empties /usr/share of a
 * large system takes a fifth of it.
 */
const NAMES_WALKED_MAX = 500_000_000;

/**
 * The directories and symlinks that unpacking has made, by path from the image's root ("" is the root itself). The
 * directory unpacked into is made empty, with mode 0700, and nobody else writes to it: what is in it is what is in here.
 * So a path is resolved without asking the disk, and no symlink is ever followed by the kernel: each path handed to it
 * consists of directories in this list, and a last name that is made, replaced or linked as itself.
 */
export class Tree {
  readonly directories: Map<string, DirectoryAttributes> = new Map();
  readonly #symlinks: Map<string, string> = new Map();
  #walked = 0;

  constructor(root: DirectoryAttributes) {
    this.directories.set("", root);
  }

  addSymlink(path: string, target: string): void {
    this.#symlinks.set(path, target);
  }

  /** A hard link to a symlink is one as well. */
  copySymlink(from: string, to: string): void {
    const target = this.#symlinks.get(from);
    if (target !== undefined) this.#symlinks.set(to, target);
  }

  /**
   * The directory that components lead to, symlinks of the image taken from its root as inside of a container. A missing
   * one is made by `make`, which must add it or say no; then, and without `make`, the answer is undefined.
   */
  resolve(components: readonly string[], make: ((path: string) => boolean) | undefined): string | undefined {
    const left = [...components].reverse();
    let at = "";
    let followed = 0;
    for (let component = left.pop(); component !== undefined; component = left.pop()) {
      if (component === "" || component === ".") continue;
      if (component === "..") {
        at = at.slice(0, Math.max(0, at.lastIndexOf("/"))); // only from a symlink's text; above the root is the root
        continue;
      }
      const next = joined(at, component);
      if (this.directories.has(next)) {
        at = next;
        continue;
      }
      const target = this.#symlinks.get(next);
      if (target !== undefined) {
        if (++followed > SYMLINKS_FOLLOWED_MAX) {
          throw corrupt(`${shownName(components.join("/"))} leads through too many symlinks`);
        }
        if (target.startsWith("/")) at = "";
        left.push(...target.split("/").reverse());
        continue;
      }
      if (make?.(next) !== true) return undefined;
      at = next;
    }
    return at;
  }

  /** Forgets what is at a path and below it. True where that was a directory. */
  forget(path: string): boolean {
    this.#symlinks.delete(path);
    if (!this.directories.delete(path)) return false;
    this.#walked += this.directories.size + this.#symlinks.size;
    if (this.#walked > NAMES_WALKED_MAX) throw corrupt("too many directories are removed again");
    const below = `${path}/`;
    for (const map of [this.directories, this.#symlinks]) {
      for (const each of map.keys()) if (each.startsWith(below)) map.delete(each);
    }
    return true;
  }
}

export function joined(directory: string, name: string): string {
  return directory === "" ? name : `${directory}/${name}`;
}
