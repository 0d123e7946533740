import { CHECKPOINT_BYTES, LOG_BYTES_MAX, LOG_BYTES_SLOW } from "./limits.ts";

/** How much of the newest measurement goes into the checkpoints' rate. */
const SMOOTHING = 0.2;
/** A timer is no finer: shorter waits are added up. */
const WAIT_MIN_MS = 1;

/**
 * How long commits wait so that the log does not run away from its checkpoint: not at all while little is behind, from
 * there on ever longer, at twice the time that the checkpoint takes for as much when the most is behind that may be.
 */
export class Pace {
  /** Bytes in a millisecond; unknown until the first checkpoint. */
  #rate: number = Infinity;
  #owedMs = 0;

  /** A checkpoint took so long for so much. */
  measured(bytes: number, elapsedMs: number): void {
    // A small one is mostly sync: it tells nothing of a large one.
    if (bytes < CHECKPOINT_BYTES / 2) return;
    const rate = bytes / Math.max(elapsedMs, 0.1);
    this.#rate = this.#rate === Infinity ? rate : this.#rate + SMOOTHING * (rate - this.#rate);
  }

  /** Milliseconds to wait before a commit of `bytes`, with `behind` bytes not yet in the checkpoint. */
  waitMs(bytes: number, behind: number): number {
    if (behind <= LOG_BYTES_SLOW) return 0;
    const share = Math.min(1, (behind - LOG_BYTES_SLOW) / (LOG_BYTES_MAX - LOG_BYTES_SLOW));
    this.#owedMs += (2 * share * bytes) / this.#rate;
    if (this.#owedMs < WAIT_MIN_MS) return 0;
    const wait = this.#owedMs;
    this.#owedMs = 0;
    return wait;
  }
}
