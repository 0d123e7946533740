import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
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
}

const RECORD = "container-task.json";
/** What is made anew for each start. */
const PER_START: readonly string[] = [RECORD, "root", "upper", "work", "bundle", "hostname"];

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

/** Takes away what an earlier start left. Nothing is mounted in it: mounts are the container's own. */
export async function removeContainer(directory: string, initDirectory: string): Promise<void> {
  for (const name of PER_START) await removeTree(join(directory, name), initDirectory);
}
