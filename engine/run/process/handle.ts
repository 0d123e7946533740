import { type FSWatcher, watch } from "node:fs";
import type { Clock } from "@plinth/clock";
import { Fault } from "@plinth/fault";
import { bootId, isRunning, signalProcess, statFields } from "@plinth/process";
import type { StopOptions, TaskHandle, TaskStats } from "../driver.ts";
import { describeCode, type ExitStatus } from "../exit-status.ts";
import { removeCgroups } from "../oci/cgroup/make.ts";
import { outOfMemoryKills } from "../oci/cgroup/stats.ts";
import { killMembers, type Membership, membersOf, statsOf } from "./members.ts";
import { hasBegun, readExitCode, readStartFailure, type RunningRecord, type TaskRecord } from "./state.ts";

/**
 * The launcher's file tells of the end within a millisecond. This is for what no event tells: a launcher that was
 * itself killed, a machine out of inotify watches.
 */
const SAFETY_POLL_MS = 1000;
/** Between two rounds of killing what keeps forking. */
const KILL_PAUSE_MS = 20;
/** Five seconds; a process stuck in the kernel longer than that cannot be ended by anybody. */
const KILL_ROUNDS = 250;

export interface HandleOptions {
  readonly task: TaskRecord;
  readonly running: RunningRecord;
  readonly stateDirectory: string;
  readonly clock: Clock;
  /**
   * Of a task that our init keeps: why its command never ran, undefined where it did. Its shim takes no signals, and is
   * in no group with the command. Default: a task of launcher.sh.
   */
  readonly initFailure?: (code: number | undefined) => ExitStatus | undefined;
  /** Tells of the end, where this process started it. Default: a watch of the state directory. */
  readonly keeper?: Keeper;
}

/** Who is told by its launcher itself; disposed of once nobody asks any more. */
export interface Keeper extends Disposable {
  /** Settles when the launcher is about to be gone. */
  wait(): Promise<unknown>;
}

type State =
  | { readonly name: "running" }
  /** The main process is gone; what it left behind is being removed. */
  | { readonly name: "settling" }
  | { readonly name: "ended"; readonly exit: ExitStatus };

/** A task of the process driver, whether its launcher is our child or was another daemon's. */
export class ProcessHandle implements TaskHandle {
  readonly id: string;
  readonly pid: number;
  readonly startedAtMs: number;
  readonly notices: readonly string[];
  readonly task: TaskRecord;
  readonly stateDirectory: string;
  readonly #running: RunningRecord;
  readonly #clock: Clock;
  readonly #initFailure: HandleOptions["initFailure"];
  readonly #waiting: Set<(exit: ExitStatus) => void> = new Set();
  #state: State = { name: "running" };
  readonly #keeper: Keeper | undefined;
  #watcher: FSWatcher | undefined;
  #cancelPoll: (() => void) | undefined;
  #disposed = false;

  constructor(options: HandleOptions) {
    this.task = options.task;
    this.id = options.task.id;
    this.pid = options.running.main.pid;
    this.startedAtMs = options.task.startedAtMs;
    this.notices = options.task.notices;
    this.#running = options.running;
    this.stateDirectory = options.stateDirectory;
    this.#clock = options.clock;
    this.#initFailure = options.initFailure;
    this.#keeper = options.keeper;
    if (this.#keeper === undefined) this.#watch();
    else
      void this.#keeper
        .wait()
        .catch(() => {})
        .then(() => this.#disposed || this.look());
    this.#poll();
  }

  /** How all members are found; without a cgroup when the command could not be moved into it. */
  get membership(): Membership {
    const joined = this.#initFailure !== undefined || readStartFailure(this.stateDirectory)?.kind !== "join";
    return {
      cgroup: joined ? (this.task.cgroups.members ?? undefined) : undefined,
      launcher: this.#running.launcher,
      main: this.#running.main,
      mark: this.task.mark,
    };
  }

  /** Whether its main process is gone and the rest is being removed. */
  get isEnding(): boolean {
    return this.#state.name === "settling";
  }

  exit(): ExitStatus | undefined {
    this.look();
    return this.#state.name === "ended" ? this.#state.exit : undefined;
  }

  wait(signal?: AbortSignal): Promise<ExitStatus> {
    if (this.#state.name === "ended") return Promise.resolve(this.#state.exit);
    return new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason);
        return;
      }
      const onAbort = (): void => {
        this.#waiting.delete(onEnd);
        reject(signal?.reason);
      };
      const onEnd = (exit: ExitStatus): void => {
        signal?.removeEventListener("abort", onAbort);
        resolve(exit);
      };
      this.#waiting.add(onEnd);
      signal?.addEventListener("abort", onAbort, { once: true });
    });
  }

  async stop({ graceMs, signal, stopSignal = "SIGTERM" }: StopOptions): Promise<ExitStatus> {
    if (graceMs > 0 && this.#state.name === "running") {
      this.#signalGroup(stopSignal);
      const over = new AbortController();
      const inTime = await Promise.race([
        this.wait(signal).finally(() => over.abort()),
        this.#clock.sleep(graceMs, over.signal).catch(() => undefined),
      ]);
      if (inTime !== undefined) return inTime;
    }
    // The launcher ends what is left once the main process is gone; without it, or when all is stuck, it is on us.
    while (this.#state.name === "running") {
      killMembers(this.membership);
      this.look();
      signal?.throwIfAborted();
      await this.#clock.sleep(KILL_PAUSE_MS, signal);
    }
    return this.wait(signal);
  }

  kill(signal: NodeJS.Signals): void {
    if (!signalProcess(this.#running.main, signal))
      throw new Fault("gone", `Cannot send ${signal} to "${this.id}": its main process has ended`);
  }

  stats(): TaskStats | undefined {
    return this.#state.name === "running" ? statsOf(this.membership) : undefined;
  }

  members(): number[] {
    return this.#state.name === "running" ? membersOf(this.membership) : [];
  }

  /** Looks whether it has ended. `launcherCode` is the launcher's own exit code, where we are its parent. */
  look(launcherCode?: number): void {
    if (this.#state.name !== "running") return;
    const launcherRuns = launcherCode === undefined && isRunning(this.#running.launcher);
    // Read after asking for the launcher: one that is gone by then has written all it ever will.
    const code = readExitCode(this.stateDirectory, this.task.mark) ?? launcherCode;
    if (code === undefined && (launcherRuns || isRunning(this.#running.main))) return;
    this.#setState({ name: "settling" });
    void this.#settle(code);
  }

  [Symbol.dispose](): void {
    this.#disposed = true;
    this.#watcher?.close();
    this.#keeper?.[Symbol.dispose]();
    this.#cancelPoll?.();
    this.#waiting.clear();
  }

  #setState(next: State): void {
    this.#state = next;
    if (next.name !== "ended") return;
    this[Symbol.dispose]();
  }

  #watch(): void {
    try {
      this.#watcher = watch(this.stateDirectory, () => this.look());
      this.#watcher.on("error", () => this.#watcher?.close());
    } catch {
      // No watches left: the poll sees it.
    }
  }

  #poll(): void {
    if (this.#disposed) return;
    this.#cancelPoll = this.#clock.schedule(SAFETY_POLL_MS, () => {
      this.look();
      this.#poll();
    });
  }

  async #settle(code: number | undefined): Promise<void> {
    const exit = this.#describe(code);
    const { membership } = this;
    // A launcher that was killed has ended nobody, and one under heavy load may have given up.
    for (let round = 0; round < KILL_ROUNDS && membersOf(membership).length > 0; round += 1) {
      killMembers(membership);
      await this.#clock.sleep(KILL_PAUSE_MS);
    }
    await removeCgroups(this.task.cgroups, this.#clock);
    const waiting = [...this.#waiting];
    this.#setState({ name: "ended", exit });
    for (const onEnd of waiting) onEnd(exit);
  }

  #describe(code: number | undefined): ExitStatus {
    const failed = this.#initFailure === undefined ? undefined : this.#initFailure(code);
    if (failed !== undefined) return failed;
    if (code === undefined) {
      const restarted = this.#running.main.bootId !== bootId();
      const reason = restarted
        ? "ended by a restart of the machine"
        : "ended unseen: its launcher was killed before it could write the exit code";
      return { cause: "lost", code, reason };
    }
    const failure = this.#initFailure === undefined ? this.#launcherFailure(code) : undefined;
    if (failure !== undefined) return failure;
    if (outOfMemoryKills(this.task.cgroups) > 0) {
      const limit = this.task.memoryBytes === null ? "" : ` of ${describeBytes(this.task.memoryBytes)}`;
      return {
        cause: "out-of-memory",
        code,
        reason: `out of memory at its limit${limit}, ${describeCode(code)}`,
      };
    }
    return { cause: "exited", code, reason: describeCode(code) };
  }

  /** Why launcher.sh did not get its command to run. */
  #launcherFailure(code: number): ExitStatus | undefined {
    const failure = readStartFailure(this.stateDirectory);
    if (failure?.kind === "exec") {
      const shown = this.task.isFound ? code : 127;
      return { cause: "cannot-start", code: shown, reason: describeExecFailure(this.task, shown) };
    }
    if (failure?.kind === "join" && code === 125)
      return { cause: "cannot-start", code, reason: `Cannot start: ${failure.path} refused the process` };
    // Its own end and that of what should have put it into its place look alike but for this file.
    if (this.task.network && !hasBegun(this.stateDirectory))
      return {
        cause: "cannot-start",
        code,
        reason: `Cannot start: it could not be put into its network ${this.task.network.namespace}; its log says why`,
      };
    return undefined;
  }

  /** The group is the launcher's, which traps the signal and stays. */
  #signalGroup(signal: NodeJS.Signals): void {
    const { launcher, main } = this.#running;
    if (this.#initFailure !== undefined) return void signalProcess(main, signal);
    const group = Number(isRunning(main) ? statFields(main.pid)?.[2] : Number.NaN);
    if (!isRunning(launcher) && group !== launcher.pid) {
      signalProcess(main, signal);
      return;
    }
    try {
      process.kill(-launcher.pid, signal);
    } catch {
      // All gone meanwhile.
    }
  }
}

function describeBytes(bytes: number): string {
  return `${Math.round((bytes / 2 ** 20) * 10) / 10} MiB`;
}

/** A shell says 127 for "not found" and 126 for "found, but cannot be run". */
function describeExecFailure({ command, directory }: TaskRecord, code: number): string {
  const quoted = JSON.stringify(command);
  const isPath = command.includes("/");
  if (code === 127) {
    return isPath
      ? `Cannot start: no such file ${quoted} in ${directory}, or its interpreter is missing`
      : `Cannot start: no such command ${quoted} in PATH`;
  }
  return `Cannot start: ${quoted} may not be executed (exit code ${code})`;
}
