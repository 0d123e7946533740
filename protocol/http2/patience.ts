import { ErrorCode } from "./error-code.ts";
import type { Limits } from "./limits.ts";
import type { Sender } from "./sender.ts";
import type { StreamTable } from "./stream-table.ts";

/** How long a peer may let us wait. Times are those of `tick`; -1 stands for "not waiting". */
export class Patience {
  readonly #limits: Limits;
  #waitingSinceMs = -1;
  #stalledSinceMs = -1;
  #writtenBytesSeen = 0;

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  /** True when the peer has owed us something for too long. */
  answerIsLate(owed: boolean, nowMs: number): boolean {
    if (!owed) {
      this.#waitingSinceMs = -1;
      return false;
    }
    if (this.#waitingSinceMs < 0) this.#waitingSinceMs = nowMs;
    return nowMs - this.#waitingSinceMs >= this.#limits.answerTimeoutMs;
  }

  /** True when the connection has taken nothing for too long. */
  isStalled(sender: Sender, nowMs: number): boolean {
    const stalled = sender.blocked && sender.writtenBytes === this.#writtenBytesSeen;
    this.#writtenBytesSeen = sender.writtenBytes;
    if (!stalled) {
      this.#stalledSinceMs = -1;
      return false;
    }
    if (this.#stalledSinceMs < 0) this.#stalledSinceMs = nowMs;
    return nowMs - this.#stalledSinceMs >= this.#limits.stallTimeoutMs;
  }

  /** Resets streams whose data has found no window for too long. */
  endStalled(table: StreamTable, nowMs: number): void {
    for (const stream of table.streams.all()) {
      if (stream.queuedBytes === 0) continue;
      if (stream.stalledSinceMs < 0) stream.stalledSinceMs = nowMs;
      else if (nowMs - stream.stalledSinceMs >= this.#limits.stallTimeoutMs) {
        table.streamError(stream, ErrorCode.cancel);
      }
    }
  }
}
