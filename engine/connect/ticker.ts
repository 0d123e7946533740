import type { Clock } from "@plinth/clock";
import { TICK_MS } from "./limits.ts";

/** One timer for every timeout of the data plane, and a monotonic time that costs a field read. */
export class Ticker implements Disposable {
  /** Monotonic milliseconds, at most one tick old. */
  nowMs: number;
  readonly #clock: Clock;
  readonly #onTick: (nowMs: number) => void;
  #cancel: () => void;

  constructor(clock: Clock, onTick: (nowMs: number) => void) {
    this.#clock = clock;
    this.#onTick = onTick;
    this.nowMs = clock.monotonic();
    this.#cancel = clock.schedule(TICK_MS, this.#tick);
  }

  readonly #tick = (): void => {
    this.#cancel = this.#clock.schedule(TICK_MS, this.#tick);
    this.nowMs = this.#clock.monotonic();
    this.#onTick(this.nowMs);
  };

  [Symbol.dispose](): void {
    this.#cancel();
  }
}
