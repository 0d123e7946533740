import type { Clock } from "@plinth/clock";
import { SLICE_MS } from "./limits.ts";

/** Cuts long work into pieces between which requests have their turn. */
export class Slices {
  readonly #clock: Clock;
  #endMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#endMs = clock.monotonic() + SLICE_MS;
  }

  /** The piece has taken its time: `next` should be awaited. */
  get isOver(): boolean {
    return this.#clock.monotonic() >= this.#endMs;
  }

  async next(): Promise<void> {
    await new Promise<void>((resolve) => setImmediate(resolve));
    this.#endMs = this.#clock.monotonic() + SLICE_MS;
  }
}
