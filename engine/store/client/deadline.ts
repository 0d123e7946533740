import type { Clock } from "@plinth/clock";
import { Fault } from "@plinth/fault";

/** How long a call may take, and what else ends it. */
export class Deadline {
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
  readonly #clock: Clock;
  readonly #endMs: number;

  constructor(clock: Clock, timeoutMs: number, signal: AbortSignal | undefined) {
    signal?.throwIfAborted();
    this.timeoutMs = timeoutMs;
    this.signal = signal;
    this.#clock = clock;
    this.#endMs = clock.monotonic() + timeoutMs;
  }

  get remainingMs(): number {
    return Math.max(0, this.#endMs - this.#clock.monotonic());
  }

  get hasPassed(): boolean {
    return this.remainingMs === 0;
  }

  /** The promise's result, unless the time or the signal is first; what it becomes later is not heard any more. */
  race<Result>(promise: Promise<Result>, deed: string): Promise<Result> {
    return new Promise((resolve, reject) => {
      const { signal } = this;
      const leave = (): void => {
        cancel();
        signal?.removeEventListener("abort", onAbort);
      };
      const onAbort = (): void => {
        leave();
        reject(signal?.reason);
      };
      const cancel = this.#clock.schedule(this.remainingMs, () => {
        leave();
        reject(new Fault("timeout", `Cannot ${deed}: ${this.timeoutMs} ms have passed`));
      });
      signal?.addEventListener("abort", onAbort, { once: true });
      if (signal?.aborted) onAbort();
      promise.then(
        (result) => {
          leave();
          resolve(result);
        },
        (error: unknown) => {
          leave();
          reject(error);
        },
      );
    });
  }
}

/** The promise's result, or the signal's reason if that is first. */
export function untilAborted<Result>(promise: Promise<Result>, signal: AbortSignal): Promise<Result> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) onAbort();
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}
