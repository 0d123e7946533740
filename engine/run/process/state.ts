import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { CANNOT_START_FILE, EXIT_FILE, RUNNING_FILE } from "../container/state-files.ts";
import type { TaskNetwork } from "../network/task-network.ts";
import type { CgroupPlan, PlannedDirectory } from "../oci/cgroup/plan.ts";

/** Written by the driver before anything starts. Holds no environment: secrets live only in processes. */
export interface TaskRecord {
  readonly id: string;
  /** Unlike the id, the mark is never used twice: it tells this start's files and processes from all others'. */
  readonly mark: string;
  readonly startedAtMs: number;
  readonly command: string;
  /** Whether the command was a path or found in the task's PATH. */
  readonly isFound: boolean;
  readonly directory: string;
  readonly memoryBytes: number | null;
  readonly cgroups: CgroupPlan;
  readonly notices: readonly string[];
  /** Its own place in the network; undefined in records of before there were such. */
  readonly network?: TaskNetwork | null;
  /** Our init keeps it; undefined in records of before it did, when a shell was the launcher. */
  readonly byInit?: true;
}

const TASK_FILE = "task.json";
/** There once the command is in its place and about to run, or runs. */
export const BEGUN_FILE = "begun";
/** There when the command could not be put into all its cgroups, and runs all the same. */
export const OUTSIDE_FILE = "outside";
const OF_A_START: ReadonlySet<string> = new Set([
  RUNNING_FILE,
  EXIT_FILE,
  CANNOT_START_FILE,
  BEGUN_FILE,
  OUTSIDE_FILE,
]);

/** Begins a start's record; what an earlier start left is gone. No sync: a power failure ends the task as well. */
export function writeTask(directory: string, task: TaskRecord): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  // Mostly there is none of them, which one look tells.
  for (const name of readdirSync(directory)) if (OF_A_START.has(name)) unlinkSync(join(directory, name));
  const temporary = join(directory, `${TASK_FILE}.new`);
  writeFileSync(temporary, JSON.stringify(task), { mode: 0o600 });
  renameSync(temporary, join(directory, TASK_FILE));
}

export function readTask(directory: string): TaskRecord | undefined {
  try {
    const task = JSON.parse(readFileSync(join(directory, TASK_FILE), "utf8")) as TaskRecord;
    return { ...task, cgroups: withBases(task.cgroups) };
  } catch {
    return undefined; // not there, or not written by us: renames leave no partial file
  }
}

/** Earlier records only say where the directories are; these were made right below one that was there. */
function withBases(plan: CgroupPlan): CgroupPlan {
  const directories = plan.directories.map((each) =>
    (each as Partial<PlannedDirectory>).base === undefined
      ? ({
          ...each,
          mount: dirname(each.path),
          base: dirname(each.path),
          version: 1,
          controllers: [],
          settings: [],
        } as const)
      : each,
  );
  return { ...plan, directories };
}

export function removeTask(directory: string): void {
  rmSync(join(directory, TASK_FILE), { force: true });
}

/** Whether it is in its place and about to become its command, or has. */
export function hasBegun(directory: string): boolean {
  return existsSync(join(directory, BEGUN_FILE));
}

export function isOutside(directory: string): boolean {
  return existsSync(join(directory, OUTSIDE_FILE));
}
