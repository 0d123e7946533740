import { posix } from "node:path";
import { call, goTo, Label, type Slot, type Step, type StepOptions } from "../init/step.ts";
import * as kernel from "./kernel.ts";

/**
 * Paths of a container are resolved by the kernel below a descriptor of its root: neither `..` nor a symbolic link of
 * the image, absolute or not, leads out, and nobody can change that between two steps. What is found is used by its
 * descriptor, never by its path again.
 */
export interface OpenInRoot {
  readonly root: Slot;
  /** As the container sees it. */
  readonly path: string;
  /** Default: only to refer to it. */
  readonly flags?: number;
}

const HOW_BYTES = 24;

/** struct open_how of openat2(2). */
function openHow(flags: number, mode: number): Buffer {
  const how = Buffer.alloc(HOW_BYTES);
  how.writeBigUInt64LE(BigInt(flags | kernel.O_CLOEXEC), 0);
  how.writeBigUInt64LE(BigInt(mode), 8);
  how.writeBigUInt64LE(BigInt(kernel.RESOLVE_IN_ROOT | kernel.RESOLVE_NO_MAGICLINKS), 16);
  return how;
}

/** `words` say what it is opened for. A path that ends in "/" is a directory or an error. */
export function openInRoot(
  words: string,
  { root, path, flags = kernel.O_PATH }: OpenInRoot,
  options: StepOptions,
): Step {
  // Any rename on the machine makes the kernel doubt a `..` that it has just followed, and ask to be asked again
  // (openat2(2), EAGAIN).
  const on = { EAGAIN: "again" as const, ...options.on };
  return call(words, "openat2", [root, path, openHow(flags, 0), HOW_BYTES], { ...options, on });
}

export interface Point {
  readonly root: Slot;
  /** Absolute, as the container sees it. */
  readonly path: string;
  /** Gets its descriptor. */
  readonly keep: Slot;
  /** For what is opened and closed on the way. */
  readonly scratch: Slot;
  /** A directory above it that is there for certain. */
  readonly below?: string;
}

/** Opens a directory in the container; makes it, and those above it, where they are missing. */
export function directoryInRoot({ root, path, keep, scratch, below = "/" }: Point): (Step | Label)[] {
  const missing = new Label("missing");
  const there = new Label("there");
  const open = (options: StepOptions): Step =>
    openInRoot(`find ${path} in the container`, { root, path: asDirectory(path) }, { keep, ...options });
  return [
    open({ on: { ENOENT: missing } }),
    goTo("it is there", there),
    missing,
    ...makeDirectories(root, path, scratch, below),
    open({}),
    there,
  ];
}

/**
 * Opens whatever is at a path; where nothing is, makes a directory or a file, as `model` is one. `model` is a
 * descriptor of what will be mounted there.
 */
export function pointLike(model: Slot, { root, path, keep, scratch }: Point): (Step | Label)[] {
  const missing = new Label("missing");
  const file = new Label("file");
  const there = new Label("there");
  const opened = new Label("opened");
  const open = (options: StepOptions): Step =>
    openInRoot(`find ${path} in the container`, { root, path }, { keep, ...options });
  return [
    open({ on: { ENOENT: missing } }),
    goTo("it is there", opened),
    missing,
    ...makeDirectories(root, posix.dirname(path), scratch),
    call(
      `see whether ${path} is to be a directory`,
      "openat",
      [model, "./", kernel.O_PATH | kernel.O_CLOEXEC],
      {
        keep: scratch,
        on: { ENOTDIR: file },
      },
    ),
    call("close it", "close", [scratch]),
    ...inDirectory(root, path, scratch, (name) => [
      call(`make the directory ${path}`, "mkdirat", [scratch, name, 0o755], { on: { EEXIST: "next" } }),
    ]),
    goTo("it is there", there),
    file,
    ...makeFile(root, path, scratch),
    there,
    open({}),
    opened,
  ];
}

/** An empty file, unless something is there already. The directory has to be there. */
export function makeFile(root: Slot, path: string, scratch: Slot): Step[] {
  return inDirectory(root, path, scratch, (name) => [
    call(`make the file ${path}`, "mknodat", [scratch, name, kernel.S_IFREG | 0o644, 0], {
      on: { EEXIST: "next" },
    }),
  ]);
}

/** Steps that use `directory`, a descriptor of the directory `path` is in, and the last part of its name. */
export function inDirectory(
  root: Slot,
  path: string,
  directory: Slot,
  steps: (name: string) => Step[],
): Step[] {
  const above = posix.dirname(path);
  return [
    openInRoot(`find ${above} in the container`, { root, path: asDirectory(above) }, { keep: directory }),
    ...steps(posix.basename(path)),
    call("close it", "close", [directory]),
  ];
}

/** Makes a directory and those above it, unless they are there. */
function makeDirectories(root: Slot, path: string, scratch: Slot, below = "/"): Step[] {
  const parts = path.split("/").filter((part) => part !== "");
  const all = parts.map((_, index) => `/${parts.slice(0, index + 1).join("/")}`);
  return all
    .filter((directory) => !`${below}/`.startsWith(`${directory}/`))
    .flatMap((directory) =>
      inDirectory(root, directory, scratch, (name) => [
        call(`make the directory ${directory}`, "mkdirat", [scratch, name, 0o755], {
          on: { EEXIST: "next" },
        }),
      ]),
    );
}

/** A trailing slash lets the kernel take nothing but a directory. */
const asDirectory = (path: string): string => (path.endsWith("/") ? path : `${path}/`);
