import { BACKLOG_PROCESSOR_SHARE, BACKLOG_WAIT_MS } from "../limits.ts";

/** The processor time a data plane may use. */
export interface Processor {
  /** Of one processor: less than 1 under a quota. */
  readonly cores: number;
  /** What the process has used so far, all its threads, in milliseconds. */
  usedMs(): number;
}

/**
 * Keeps those who wait from using up the processor: a process that has had its quota is paused by the kernel, and with
 * it everybody; and one that never sleeps gets the processor later when it is needed. What is kept back is for
 * those who ask little.
 */
export class Thrift {
  readonly #processor: Processor | undefined;
  readonly #now: () => number;
  /** Processor time that may be used now, in milliseconds; below zero when others have used it. */
  #credit = 0;
  #seenMs = 0;
  #usedMs = 0;

  constructor(processor: Processor | undefined, now: () => number) {
    this.#processor = processor;
    this.#now = now;
  }

  /** Whether those who wait may go on now. */
  allows(): boolean {
    const processor = this.#processor;
    if (processor === undefined) return true;
    const nowMs = this.#now();
    const usedMs = processor.usedMs();
    const earned = (nowMs - this.#seenMs) * processor.cores * BACKLOG_PROCESSOR_SHARE;
    // Unused time is not kept for longer than a wait, and debts are not either: nobody waits for ever.
    const most = processor.cores * BACKLOG_WAIT_MS;
    this.#credit = Math.max(-most, Math.min(most, this.#credit + earned - (usedMs - this.#usedMs)));
    this.#seenMs = nowMs;
    this.#usedMs = usedMs;
    return this.#credit > 0;
  }
}
