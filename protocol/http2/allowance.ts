import type { Rate } from "./limits.ts";

/** How much more of one thing a peer may do; see `rates`. */
export class Allowance {
  #left: number;
  readonly #rate: Rate;

  constructor(rate: Rate) {
    this.#rate = rate;
    this.#left = rate.burst;
  }

  /** False when the peer has had its share. */
  take(): boolean {
    return this.#left-- > 0;
  }

  giveBack(count: number): void {
    const left = this.#left + count;
    this.#left = left < this.#rate.burst ? left : this.#rate.burst;
  }

  refill(elapsedMs: number): void {
    this.giveBack((elapsedMs * this.#rate.perSecond) / 1000);
  }
}
