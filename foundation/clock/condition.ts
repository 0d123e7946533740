import type { Clock } from "./clock.ts";

/** Something that others wait for a change of; whoever is woken looks for itself whether it is what it waits for. */
export class Condition {
  readonly #clock: Clock;
  readonly #waiters: Set<() => void> = new Set();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Wakes all who wait now. */
  notifyAll(): void {
    for (const waiter of this.#waiters) waiter();
  }

  /** Resolves at the next `notifyAll`, when the signal is aborted, or after `mostMs`. */
  wait(mostMs: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        cancel();
        this.#waiters.delete(done);
        signal.removeEventListener("abort", done);
        resolve();
      };
      const cancel = this.#clock.schedule(Math.max(1, mostMs), done);
      this.#waiters.add(done);
      signal.addEventListener("abort", done, { once: true });
    });
  }
}
