import type { Readable, Writable } from "node:stream";
import type { ResourceLimits } from "@plinth/resource";
import type { TaskSandbox } from "./container/sandbox.ts";
import type { ExitStatus } from "./exit-status.ts";
import type { TaskNetwork } from "./network/task-network.ts";

/** One kind of sandbox. Everything an instance is made of belongs to its task: ending the task ends all of it. */
export interface Driver {
  readonly name: string;
  /** What this machine lets the driver do; for `doctor`. */
  fingerprint(): Promise<Fingerprint>;
  /** Resolves once the task's main process is recorded. Fault when it cannot be started as asked. */
  start(task: TaskSpec): Promise<TaskHandle>;
  /** Takes over what an earlier process of ours started: running, or ended with what is known of its end. */
  recover(task: TaskPlace): Promise<TaskHandle | undefined>;
  /** Limits that cannot be enforced here, and why. */
  check(limits: ResourceLimits): readonly Limitation[];
}

/** Where a task keeps what lets it be recovered; one directory per task id, used by no other. */
export interface TaskPlace {
  readonly id: string;
  readonly stateDirectory: string;
}

export interface TaskSpec extends TaskPlace {
  /** Of an image: in place of its own command; empty is that. */
  readonly command: readonly string[];
  /** Working directory, absolute; of an image only where its sandbox names none. */
  readonly directory: string;
  /** The whole environment; nothing of ours is inherited. The driver adds PLINTH_INSTANCE. */
  readonly env: Readonly<Record<string, string>>;
  readonly limits: ResourceLimits;
  /** Standard output and error are appended here by the task itself. */
  readonly logFile: string;
  /** The task's own place in the network. Default: the host's network. */
  readonly network?: TaskNetwork;
  /** What separates it from the machine; for drivers of sandboxes. */
  readonly sandbox?: TaskSandbox;
}

export const NO_PID = 0;

/** A started task. Disposing lets go of it (no more watching); it does not end the task. */
export interface TaskHandle extends Disposable {
  readonly id: string;
  /** `NO_PID` for what is no process of ours. */
  readonly pid: number;
  readonly startedAtMs: number;
  /** What is weaker here than was asked for. */
  readonly notices: readonly string[];
  /** How it ended; undefined while it runs. */
  exit(): ExitStatus | undefined;
  /** Resolves once the task and everything it started have ended. */
  wait(signal?: AbortSignal): Promise<ExitStatus>;
  /** Asks it to end, and makes it end after `graceMs`. May be called again with a shorter grace. */
  stop(options: StopOptions): Promise<ExitStatus>;
  /** Signals the main process only. */
  kill(signal: NodeJS.Signals): void;
  stats(): TaskStats | undefined;
  /** Pids of all that belongs to the task, the main process among them. */
  members(): number[];
}

export interface StopOptions {
  /** Time between the stop signal and SIGKILL; 0 kills at once. */
  readonly graceMs: number;
  /** Default: SIGTERM. */
  readonly stopSignal?: NodeJS.Signals | undefined;
  readonly signal?: AbortSignal;
}

export interface TaskStats {
  /** Resident memory of all members, in bytes; pages they share count once for each. */
  readonly memoryBytes: number;
  readonly cpuSeconds: number;
  readonly processes: number;
}

/** A limit that cannot be enforced on this machine. */
export interface Limitation {
  readonly resource: "memory" | "cpu" | "processes" | "disk";
  readonly reason: string;
  /** What to do about it, as one sentence. */
  readonly hint: string;
}

export interface Fingerprint {
  readonly driver: string;
  readonly available: boolean;
  /** Why it is not available. */
  readonly reason: string | undefined;
  /** Facts by dotted name, such as "cgroup.version": "hybrid". */
  readonly attributes: Readonly<Record<string, string>>;
  readonly limitations: readonly Limitation[];
}

export interface TerminalSize {
  readonly rows: number;
  readonly columns: number;
}

export interface ExecTerminal {
  readonly size: TerminalSize;
  /** Calls with each later size. */
  readonly onSize: (listener: (size: TerminalSize) => void) => void;
}

export interface ExecOptions {
  readonly env: Readonly<Record<string, string>>;
  readonly directory: string;
  readonly stdout?: Writable;
  readonly stderr?: Writable;
  readonly stdin?: Readable;
  /** The command gets a terminal: what is written to that comes as `stdout`. Default: none. */
  readonly terminal?: ExecTerminal | undefined;
  /** Ends the command. */
  readonly signal?: AbortSignal;
}

/** Drivers that can run another command inside a running task. */
export interface ExecAbility {
  /** Resolves with the command's exit code, 128 + the signal's number for a signal. */
  exec(handle: TaskHandle, command: readonly string[], options: ExecOptions): Promise<number>;
}

/** Drivers whose tasks write to files of their own, which go with them. */
export interface DiskAbility {
  /** Bytes on the disk that are the task's own: what it was started with, volumes and its log are not counted. */
  writtenBytes(handle: TaskHandle): Promise<number>;
  /** Removes what a task that has ended wrote. */
  clear(task: TaskPlace): Promise<void>;
}

export function hasDisk(driver: Driver): driver is Driver & DiskAbility {
  return "writtenBytes" in driver;
}

export function canExec(driver: Driver): driver is Driver & ExecAbility {
  return "exec" in driver;
}
