import { Fault } from "@plinth/fault";
import { type ProcessIdentity, signalProcess } from "@plinth/process";
import type { Clock } from "@plinth/clock";
import type { StopOptions, TaskHandle, TaskStats } from "../driver.ts";
import type { ExitStatus } from "../exit-status.ts";

export interface ContainerHandleOptions {
  /** What keeps the container: it ends when the container does. */
  readonly keeper: TaskHandle;
  /** The container's first process; undefined when none was ever there. */
  readonly main: ProcessIdentity | undefined;
  readonly stateDirectory: string;
  /** How it ended in words, of how its keeper did; called once all of it is gone. */
  readonly settle: (exit: ExitStatus) => Promise<ExitStatus>;
  readonly clock: Clock;
}

/** A container whose keeper is a task of the process driver. */
export class ContainerHandle implements TaskHandle {
  readonly id: string;
  readonly pid: number;
  readonly startedAtMs: number;
  readonly notices: readonly string[];
  readonly stateDirectory: string;
  readonly keeper: TaskHandle;
  readonly #main: ProcessIdentity | undefined;
  readonly #clock: Clock;
  readonly #ended: Promise<ExitStatus>;
  #exit: ExitStatus | undefined;

  constructor(options: ContainerHandleOptions) {
    const { keeper, main } = options;
    this.keeper = keeper;
    this.id = keeper.id;
    this.pid = main?.pid ?? keeper.pid;
    this.startedAtMs = keeper.startedAtMs;
    this.notices = keeper.notices;
    this.stateDirectory = options.stateDirectory;
    this.#main = main;
    this.#clock = options.clock;
    this.#ended = keeper.wait().then(async (exit) => {
      this.#exit = await options.settle(exit);
      return this.#exit;
    });
  }

  exit(): ExitStatus | undefined {
    this.keeper.exit();
    return this.#exit;
  }

  wait(signal?: AbortSignal): Promise<ExitStatus> {
    if (signal === undefined) return this.#ended;
    return new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(signal.reason);
        return;
      }
      const onAbort = (): void => reject(signal.reason);
      signal.addEventListener("abort", onAbort, { once: true });
      this.#ended.finally(() => signal.removeEventListener("abort", onAbort)).then(resolve, reject);
    });
  }

  async stop({ graceMs, signal, stopSignal = "SIGTERM" }: StopOptions): Promise<ExitStatus> {
    if (graceMs > 0 && this.#main !== undefined && signalProcess(this.#main, stopSignal)) {
      const over = new AbortController();
      const inTime = await Promise.race([
        this.wait(signal).finally(() => over.abort()),
        this.#clock.sleep(graceMs, over.signal).catch(() => undefined),
      ]);
      if (inTime !== undefined) return inTime;
    }
    if (this.#main !== undefined) signalProcess(this.#main, "SIGKILL");
    await this.keeper.stop({ graceMs: 0, ...(signal === undefined ? {} : { signal }) });
    return this.wait(signal);
  }

  kill(signal: NodeJS.Signals): void {
    if (this.#main === undefined || !signalProcess(this.#main, signal))
      throw new Fault("gone", `Cannot send ${signal} to "${this.id}": its main process has ended`);
  }

  stats(): TaskStats | undefined {
    return this.#exit === undefined ? this.keeper.stats() : undefined;
  }

  members(): number[] {
    if (this.#exit !== undefined) return [];
    return this.keeper.members().filter((pid) => pid !== this.keeper.pid);
  }

  [Symbol.dispose](): void {
    this.keeper[Symbol.dispose]();
  }
}
