import { closeSync, constants, lstatSync, openSync, readlinkSync, type Stats } from "node:fs";
import { Fault } from "@plinth/fault";

/** Only refers to what it opens: no right to read it is needed, and no driver of it is woken. */
const O_PATH = 0o10000000;
/** As the kernel follows. */
const LINKS_MAX = 40;

/**
 * A directory by its descriptor. What lies in it is named by that and one name, so that nobody who moves directories or
 * puts links in their place meanwhile leads us elsewhere.
 */
export class HeldDirectory implements Disposable {
  readonly fd: number;

  private constructor(fd: number) {
    this.fd = fd;
  }

  /** By a path that is ours. */
  static at(path: string): HeldDirectory {
    return new HeldDirectory(openSync(path, constants.O_DIRECTORY | O_PATH));
  }

  /** The path of something in it; the directory itself without a name. Not to be followed where it may be a link. */
  path(name = ""): string {
    return `/proc/self/fd/${this.fd}/${name}`;
  }

  /** Undefined where there is nothing of that name. */
  stat(name: string): Stats | undefined {
    return lstatSync(this.path(name), { throwIfNoEntry: false });
  }

  /** A directory in it; ENOTDIR for a link to one. */
  enter(name: string): HeldDirectory {
    return new HeldDirectory(
      openSync(this.path(name), constants.O_DIRECTORY | constants.O_NOFOLLOW | O_PATH),
    );
  }

  [Symbol.dispose](): void {
    closeSync(this.fd);
  }
}

/** Something below a root: its directory, and its name in there; "" is the root itself. */
export interface Place extends Disposable {
  readonly directory: HeldDirectory;
  readonly name: string;
}

/**
 * Finds a path as a process with that root would: links, absolute or not, and ".." lead nowhere but below it. The last
 * component is not followed, and need not be there. `shown`: what messages call it.
 */
export function placeInRoot(root: string, path: string, shown: string = path): Place {
  const stack = [HeldDirectory.at(root)];
  const top = (): HeldDirectory => stack.at(-1)!;
  try {
    let left = path.split("/").filter((part) => part !== "" && part !== ".");
    for (let links = 0; left.length > 1 || left[0] === "..";) {
      const [part = "", ...rest] = left;
      left = rest;
      if (part === "..") {
        if (stack.length > 1) stack.pop()![Symbol.dispose]();
        continue;
      }
      const found = top().stat(part);
      if (found?.isSymbolicLink() !== true) {
        stack.push(top().enter(part));
        continue;
      }
      if (++links > LINKS_MAX)
        throw new Fault("invalid", `Cannot find ${shown}: more than ${LINKS_MAX} links lead there`);
      const target = readlinkSync(top().path(part));
      if (target.startsWith("/")) for (const one of stack.splice(1)) one[Symbol.dispose]();
      left = [...target.split("/").filter((one) => one !== "" && one !== "."), ...left];
    }
    const directory = stack.pop()!;
    return { directory, name: left[0] ?? "", [Symbol.dispose]: () => directory[Symbol.dispose]() };
  } catch (error) {
    throw explained(error, shown);
  } finally {
    for (const one of stack) one[Symbol.dispose]();
  }
}

/** What the file system says, in words. */
export function explained(error: unknown, path: string): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (code === "ENOENT")
    return new Fault("not-found", `Cannot find ${path}: no such file or folder`, { cause: error });
  if (code === "ENOTDIR" || code === "ELOOP")
    return new Fault("invalid", `Cannot use ${path}: a part of it is not a folder`, { cause: error });
  if (code === "EROFS" || code === "EACCES" || code === "EPERM")
    return new Fault("forbidden", `Cannot write to ${path}: it is read-only`, { cause: error });
  if (code === "ENOSPC" || code === "EDQUOT")
    return new Fault("exhausted", `Cannot write to ${path}: no room is left`, { cause: error });
  return error;
}
