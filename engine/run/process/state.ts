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
import { bootId, type ProcessIdentity, identityInStat } from "@plinth/process";
import type { TaskNetwork } from "../network/task-network.ts";
import type { CgroupPlan, PlannedDirectory } from "../oci/cgroup/plan.ts";

/** Written by the driver before the launcher starts. Holds no environment: secrets live only in processes. */
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
}

/** Written by the launcher before the command may run. */
export interface RunningRecord {
  readonly launcher: ProcessIdentity;
  readonly main: ProcessIdentity;
}

/** Why the command never ran: its exec failed with a shell's code, or a cgroup would not take it. */
export type StartFailure =
  | { readonly kind: "exec"; readonly code: number }
  | { readonly kind: "join"; readonly path: string };

const TASK_FILE = "task.json";
const RUNNING_FILE = "running";
export const EXIT_FILE = "exit";
const CANNOT_START_FILE = "cannot-start";
const BEGUN_FILE = "begun";
const OF_A_START: ReadonlySet<string> = new Set([RUNNING_FILE, EXIT_FILE, CANNOT_START_FILE, BEGUN_FILE]);

function read(directory: string, name: string): string | undefined {
  try {
    return readFileSync(join(directory, name), "utf8");
  } catch {
    return undefined;
  }
}

/** Lines of a launcher's file if it is of this start; the launcher writes the mark first. */
function linesOf(directory: string, name: string, mark: string): string[] | undefined {
  const lines = read(directory, name)?.split("\n");
  return lines?.[0] === mark ? lines : undefined;
}

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
  const text = read(directory, TASK_FILE);
  if (text === undefined) return undefined;
  try {
    const task = JSON.parse(text) as TaskRecord;
    return { ...task, cgroups: withBases(task.cgroups) };
  } catch {
    return undefined; // not written by us; renames leave no partial file
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

export function readRunning(directory: string, mark: string): RunningRecord | undefined {
  const lines = linesOf(directory, RUNNING_FILE, mark);
  if (lines === undefined) return undefined;
  const boot = lines[1] ?? bootId();
  const launcher = identityInStat(lines[2] ?? "", boot);
  const main = identityInStat(lines[3] ?? "", boot);
  return launcher && main && { launcher, main };
}

/** The main process's exit code as the launcher's shell gives it. */
export function readExitCode(directory: string, mark: string): number | undefined {
  const line = linesOf(directory, EXIT_FILE, mark)?.[1];
  return line === undefined || !/^[0-9]+$/.test(line) ? undefined : Number(line);
}

/** Whether it is in its place and about to become its command, or has. */
export function hasBegun(directory: string): boolean {
  return existsSync(join(directory, BEGUN_FILE));
}

export function readStartFailure(directory: string): StartFailure | undefined {
  const [, kind, rest] = /^(exec|join) (.*)$/m.exec(read(directory, CANNOT_START_FILE) ?? "") ?? [];
  if (kind === "exec") return { kind, code: Number(rest) };
  if (kind === "join") return { kind, path: rest ?? "" };
  return undefined;
}
