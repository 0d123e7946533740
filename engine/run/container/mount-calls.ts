import { posix } from "node:path";
import { Fault } from "@plinth/fault";
import { call, Slot, type Step, type StepOptions } from "../init/step.ts";
import type { Mount } from "../oci/config.ts";
import type { CgroupMount } from "./cgroup-mounts.ts";
import * as kernel from "./kernel.ts";

const ATTRIBUTE_BYTES = 32;

/** struct mount_attr of mount_setattr(2). */
function mountAttributes(set: number, clear: number, propagation = 0): Buffer {
  const attributes = Buffer.alloc(ATTRIBUTE_BYTES);
  attributes.writeBigUInt64LE(BigInt(set), 0);
  attributes.writeBigUInt64LE(BigInt(clear), 8);
  attributes.writeBigUInt64LE(BigInt(propagation), 16);
  return attributes;
}

interface Change {
  readonly set?: number;
  readonly clear?: number;
  /** MS_SHARED and so on. */
  readonly propagation?: number;
  readonly isRecursive?: boolean;
}

/** Changes the flags of a mount given by a descriptor. */
export function changeMount(words: string, mount: Slot, change: Change): Step {
  const { set = 0, clear = 0, propagation = 0, isRecursive = false } = change;
  const flags = kernel.AT_EMPTY_PATH | (isRecursive ? kernel.AT_RECURSIVE : 0);
  return call(words, "mount_setattr", [
    mount,
    "",
    flags,
    mountAttributes(set, clear, propagation),
    ATTRIBUTE_BYTES,
  ]);
}

/** A copy of a mount, attached nowhere yet. */
export function cloneMount(words: string, path: string, keep: Slot, isRecursive: boolean): Step {
  const flags = kernel.OPEN_TREE_CLONE | kernel.O_CLOEXEC | (isRecursive ? kernel.AT_RECURSIVE : 0);
  return call(words, "open_tree", [kernel.AT_FDCWD, path, flags], { keep });
}

/** The same of what a descriptor refers to. */
export function cloneMountOf(words: string, from: Slot, keep: Slot, isRecursive: boolean): Step {
  const flags =
    kernel.OPEN_TREE_CLONE |
    kernel.O_CLOEXEC |
    kernel.AT_EMPTY_PATH |
    (isRecursive ? kernel.AT_RECURSIVE : 0);
  return call(words, "open_tree", [from, "", flags], { keep });
}

export function attachMount(words: string, mount: Slot, point: Slot): Step {
  return call(words, "move_mount", [
    mount,
    "",
    point,
    "",
    kernel.MOVE_MOUNT_F_EMPTY_PATH | kernel.MOVE_MOUNT_T_EMPTY_PATH,
  ]);
}

/** Descriptors that mounting uses for a moment. */
export interface MountSlots {
  readonly mount: Slot;
  readonly point: Slot;
  readonly scratch: Slot;
}

export interface MountPlace {
  readonly root: Slot;
  /** Sources are from here. */
  readonly bundle: string;
  readonly cgroups: readonly CgroupMount[];
  readonly slots: MountSlots;
  /** LSM label for file systems that take one. */
  readonly label: string | undefined;
  /** Copies that the shim made of sources its child may not reach, by mount. */
  readonly clones: ReadonlyMap<Mount, Slot>;
}

export interface FileSystem {
  readonly source: string;
  readonly type: string;
  readonly flags: number;
  readonly data: string;
}

/**
 * Mounts on a directory given by a descriptor, which is closed; the path mounted on is ".". `options`: what becomes of a
 * directory that this process may not enter; it stays open then.
 */
export function mountHere(
  words: string,
  point: Slot,
  { source, type, flags, data }: FileSystem,
  options: StepOptions = {},
): Step[] {
  return [
    call("go to the mount point", "fchdir", [point], options),
    call(words, "mount", [source, ".", type, flags, data === "" ? 0 : data]),
    call("close the mount point", "close", [point]),
  ];
}

/** Absolute, without `..` and what else would make two names of one path. */
export function mountPoint(destination: string): string {
  const path = posix.normalize(posix.join("/", destination)).replace(/\/$/, "");
  if (path === "") throw new Fault("invalid", "Cannot mount on the root itself");
  return path;
}

export function propagationStep(path: string, mount: Slot, propagation: number): Step {
  return changeMount(`set how mounts below ${path} spread`, mount, {
    propagation: propagation & ~kernel.MS_REC,
    isRecursive: (propagation & kernel.MS_REC) !== 0,
  });
}
