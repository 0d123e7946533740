import { PING_AFTER_MS, PING_PATIENCE_MS } from "../limits.ts";

/** Whether the other end of a link lives: it is asked when it has been silent. */
export class Pulse {
  readonly #ask: () => void;
  #heardMs: number;
  #askedMs = -1;
  #tickedMs: number;

  constructor(nowMs: number, ask: () => void) {
    this.#ask = ask;
    this.#heardMs = nowMs;
    this.#tickedMs = nowMs;
  }

  /** Something came from it, or it took something that had waited. */
  heard(nowMs: number): void {
    this.#heardMs = nowMs;
    this.#askedMs = -1;
  }

  /** True once it is to be given up. `needed`: somebody would wait for it. */
  tick(nowMs: number, needed: boolean): boolean {
    const pausedMs = nowMs - this.#tickedMs;
    this.#tickedMs = nowMs;
    if (this.#askedMs < 0) {
      if (needed && nowMs - this.#heardMs >= PING_AFTER_MS) {
        this.#askedMs = nowMs;
        this.#ask();
      }
      return false;
    }
    // When this process itself stood still, the answer may be there unread.
    if (pausedMs >= PING_AFTER_MS) this.#askedMs = nowMs;
    return nowMs - this.#askedMs >= PING_PATIENCE_MS;
  }
}
