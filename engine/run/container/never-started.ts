import { Fault } from "@plinth/fault";
import type { TaskHandle } from "../driver.ts";
import type { ExitStatus } from "../exit-status.ts";
import type { TaskRecord } from "../process/state.ts";

/** A task whose command could not be run: it has ended before it began. */
export class NeverStarted implements TaskHandle {
  readonly id: string;
  readonly pid = 0;
  readonly startedAtMs: number;
  readonly notices: readonly string[];
  readonly #exit: ExitStatus;

  constructor({ id, startedAtMs, notices }: TaskRecord, exit: ExitStatus) {
    this.id = id;
    this.startedAtMs = startedAtMs;
    this.notices = notices;
    this.#exit = exit;
  }

  exit(): ExitStatus {
    return this.#exit;
  }

  wait(): Promise<ExitStatus> {
    return Promise.resolve(this.#exit);
  }

  stop(): Promise<ExitStatus> {
    return this.wait();
  }

  kill(signal: NodeJS.Signals): void {
    throw new Fault("gone", `Cannot send ${signal} to "${this.id}": it never started`);
  }

  stats(): undefined {
    return undefined;
  }

  members(): number[] {
    return [];
  }

  [Symbol.dispose](): void {}
}
