import { WINDOW_SLOT_MS, WINDOW_SLOTS } from "./limits.ts";

/**
 * Two counts over the last ten seconds, kept in slots of one second. Counting is an addition and a comparison; only
 * a new second clears slots. Time comes from the caller, so that tests can drive it.
 */
export class RollingCounts {
  /** All events, and those of the marked kind, in the window. */
  all = 0;
  marked = 0;
  readonly #all: Uint32Array = new Uint32Array(WINDOW_SLOTS);
  readonly #marked: Uint32Array = new Uint32Array(WINDOW_SLOTS);
  /** The second counted in now, since the clock's start; its slot is the remainder. */
  #second = 0;

  add(nowMs: number): void {
    this.advance(nowMs);
    this.#all[this.#second % WINDOW_SLOTS]!++;
    this.all++;
  }

  mark(nowMs: number): void {
    this.advance(nowMs);
    this.#marked[this.#second % WINDOW_SLOTS]!++;
    this.marked++;
  }

  /** Forgets what has left the window. */
  advance(nowMs: number): void {
    const second = Math.floor(nowMs / WINDOW_SLOT_MS);
    if (second <= this.#second) return; // monotonic time may be read a tick late
    if (second - this.#second >= WINDOW_SLOTS) {
      this.clear();
    } else {
      for (let at = this.#second + 1; at <= second; at++) {
        const slot = at % WINDOW_SLOTS;
        this.all -= this.#all[slot]!;
        this.marked -= this.#marked[slot]!;
        this.#all[slot] = 0;
        this.#marked[slot] = 0;
      }
    }
    this.#second = second;
  }

  /** Takes back what a part of these counts has counted, and clears that part. */
  forget(part: RollingCounts): void {
    for (let slot = 0; slot < WINDOW_SLOTS; slot++) {
      const all = Math.min(this.#all[slot]!, part.#all[slot]!);
      const marked = Math.min(this.#marked[slot]!, part.#marked[slot]!);
      this.#all[slot]! -= all;
      this.#marked[slot]! -= marked;
      this.all -= all;
      this.marked -= marked;
    }
    part.clear();
  }

  clear(): void {
    this.all = 0;
    this.marked = 0;
    this.#all.fill(0);
    this.#marked.fill(0);
  }
}
