import { type FSWatcher, watch } from "node:fs";
import type { Clock } from "@plinth/clock";
import { Fault } from "@plinth/fault";
import { bootId, isRunning, signalProcess } from "@plinth/process";
import { type KeptProcesses, readExit } from "../container/state-files.ts";
import { describeBytes } from "../describe-bytes.ts";
import type { StopOptions, TaskHandle, TaskStats } from "../driver.ts";
import { describeCode, type ExitStatus } from "../exit-status.ts";
import { removeCgroups } from "../oci/cgroup/make.ts";
import { outOfMemoryKills } from "../oci/cgroup/stats.ts";
import { launchersFailure } from "./earlier-launcher.ts";
import { killMembers, type Membership, membersOf, signalGroup, statsOf } from "./members.ts";
import { isOutside, type TaskRecord } from "./state.ts";

/**
 * The shim's file tells of the end within a millisecond. This is for what no event tells: a shim that was itself killed, a machine out of inotify watches.
 */
const SAFETY_POLL_MS = 1000;
/** Between two rounds of killing what keeps forking. */
const KILL_PAUSE_MS = 20;
/** Five seconds; a process stuck in the kernel longer than that cannot be ended by anybody. */
const KILL_ROUNDS = 250;

export interface HandleOptions {
  readonly task: TaskRecord;
  readonly running: KeptProcesses;
  readonly stateDirectory: string;
  readonly clock: Clock;
  /** Why its command never ran, once it has ended with a code that somebody saw or not; undefined where it did. */
  readonly startFailure: () => ExitStatus | undefined;
  /** What asks it to end goes to its main process only, which hands it on. Default: to its group. */
  readonly asksMainOnly?: boolean;
  /** Its main process is the first of a pid namespace. Default: false. */
  readonly ownPids?: boolean;
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

/** A task that a shim keeps, whether that is our child or was another daemon's. */
export class ProcessHandle implements TaskHandle {
  readonly id: string;
  readonly pid: number;
  readonly startedAtMs: number;
  readonly notices: readonly string[];
  readonly task: TaskRecord;
  readonly stateDirectory: string;
  readonly #running: KeptProcesses;
  readonly #clock: Clock;
  readonly #startFailure: HandleOptions["startFailure"];
  readonly #asksMainOnly: boolean;
  readonly #ownPids: boolean;
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
    this.#startFailure = options.startFailure;
    this.#asksMainOnly = options.asksMainOnly === true;
    this.#ownPids = options.ownPids === true;
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
    const { stateDirectory, task } = this;
    const byInit = task.byInit === true;
    const outside = byInit ? isOutside(stateDirectory) : launchersFailure(stateDirectory)?.kind === "join";
    return {
      ...this.#running,
      cgroup: outside ? undefined : (task.cgroups.members ?? undefined),
      mark: task.mark,
      byInit,
      ownPids: this.#ownPids,
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
      if (this.#asksMainOnly) signalProcess(this.#running.main, stopSignal);
      else signalGroup(this.#running, stopSignal);
      const over = new AbortController();
      const inTime = await Promise.race([
        this.wait(signal).finally(() => over.abort()),
        this.#clock.sleep(graceMs, over.signal).catch(() => undefined),
      ]);
      if (inTime !== undefined) return inTime;
    }
    // The shim ends what is left once the main process is gone; without it, or when all is stuck, it is on us.
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

  /** Looks whether it has ended. `shimCode` is the shim's own exit code, where we are its parent. */
  look(shimCode?: number): void {
    if (this.#state.name !== "running") return;
    const shimRuns = shimCode === undefined && isRunning(this.#running.shim);
    // Read after asking for the shim: one that is gone by then has written all it ever will.
    const code = readExit(this.stateDirectory, this.task.mark)?.code ?? shimCode;
    if (code === undefined && (shimRuns || isRunning(this.#running.main))) return;
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
    // A shim that was killed has ended nobody, and one under heavy load may have given up.
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
    const failed = this.#startFailure();
    if (failed !== undefined) return failed;
    if (code === undefined) {
      const restarted = this.#running.main.bootId !== bootId();
      const reason = restarted
        ? "ended by a restart of the machine"
        : "ended unseen: its shim was killed before it could write the exit code";
      return { cause: "lost", code, reason };
    }
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
}
