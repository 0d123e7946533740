import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { treeBytes } from "../disk/disk-usage.ts";
import { removeTree } from "../remove-tree.ts";
import type { LinuxSeccomp, Process } from "../oci/config.ts";

/** What is known of a container before it starts. Holds no environment: secrets live only in processes. */
export interface ContainerRecord {
  /** The runtime that made it; only that one can recover it. */
  readonly runtime: string;
  /** As whom and how restricted its commands run. */
  readonly process: Process;
  /** Which system calls they may make; null for all. */
  readonly seccomp: LinuxSeccomp | null;
  /** The image it is of, by digest; null of a view of the machine's system. */
  readonly image: string | null;
  /** The home folder of whom it runs as; null where that is in its environment. */
  readonly home: string | null;
  /** Of the image's files that were copied into its root; what is beyond them it wrote itself. */
  readonly copiedBytes: number;
}

const RECORD = "container-task.json";
/** What a container writes to. */
const WRITTEN: readonly string[] = ["root", "upper"];
/** What is made anew for each start. */
const PER_START: readonly string[] = [RECORD, ...WRITTEN, "work", "bundle", "hostname"];

export function writeContainer(directory: string, record: ContainerRecord): void {
  const temporary = join(directory, `${RECORD}.new`);
  writeFileSync(temporary, JSON.stringify(record), { mode: 0o600 });
  renameSync(temporary, join(directory, RECORD));
}

export function readContainer(directory: string): ContainerRecord | undefined {
  try {
    return JSON.parse(readFileSync(join(directory, RECORD), "utf8")) as ContainerRecord;
  } catch {
    return undefined;
  }
}

/** Bytes on the disk of what a container has written so far, and of what was copied into its root. */
export async function containerBytes(directory: string, initDirectory: string): Promise<number> {
  const trees = WRITTEN.map((name) => join(directory, name)).filter((path) => existsSync(path));
  const bytes = await Promise.all(trees.map((path) => treeBytes(path, initDirectory)));
  return bytes.reduce((sum, each) => sum + each, 0);
}

/** Takes away what a container that has ended wrote; how it ended is still known. */
export async function clearContainer(directory: string, initDirectory: string): Promise<void> {
  for (const name of [...WRITTEN, "work"]) await removeTree(join(directory, name), initDirectory);
}

/** Takes away what an earlier start left. Nothing is mounted in it: mounts are the container's own. */
export async function removeContainer(directory: string, initDirectory: string): Promise<void> {
  for (const name of PER_START) await removeTree(join(directory, name), initDirectory);
}
