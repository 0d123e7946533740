import {
  CONTENTION_TURNS,
  READS_BEFORE_TURN_ENDS,
  TURN_UNITS_ALL,
  TURN_UNITS_ALONE,
  TURN_UNITS_CONTENDED,
  UNIT_BYTES,
} from "../limits.ts";
import { type Clock, systemClock } from "@plinth/clock";
import type { Share } from "./share.ts";
import { type Processor, Thrift } from "./thrift.ts";

/** A piece of work that waits for its turn. */
export interface Deferred {
  /** Does the next piece; what it costs in units. */
  proceed(): number;
}

/** What handling a read costs, in units of about a small request's read: each has a fixed part and one per byte. */
export function unitsOf(bytes: number): number {
  return 1 + Math.floor(bytes / UNIT_BYTES);
}

/**
 * Shares out the time of each turn of the event loop among workloads, by deficit round robin: a workload that has
 * had its units in a turn waits behind those that have not, however many connections it has. With one workload
 * alone a turn is longer. Costs a comparison and a subtraction per read, and one immediate per busy turn.
 */
export class Turns {
  #turn = 0;
  #readsSinceTurn = 0;
  #isArmed = false;
  /** Different workloads seen in this turn. */
  #seen = 0;
  /** Until this turn the time is cut small, because several workloads were there. */
  #contendedUntil = 0;
  /** Workloads with a backlog, in the order they are served. */
  readonly #ring: Share[] = [];
  #ringNext = 0;
  readonly #thrift: Thrift;
  readonly #schedule: Clock["schedule"];
  /** Those who wait go on after this timer. */
  #isSaving = false;

  constructor(clock: Clock = systemClock, processor?: Processor) {
    this.#thrift = new Thrift(processor, () => clock.monotonic());
    this.#schedule = (delayMs, callback) => clock.schedule(delayMs, callback);
  }

  /** Whether the workload may do its next piece now; then it has paid for it. */
  takes(share: Share, bytes: number): boolean {
    if (++this.#readsSinceTurn >= READS_BEFORE_TURN_ENDS && !this.#isArmed) this.#arm();
    if (share.turn !== this.#turn) this.#refill(share);
    if (share.left <= 0 || share.backlog.length > 0) return false;
    share.left -= bytes < UNIT_BYTES ? 1 : unitsOf(bytes);
    return true;
  }

  /** Takes units for work that could not wait; they are missing later. */
  charge(share: Share, units: number): void {
    if (share.turn !== this.#turn) this.#refill(share);
    share.left -= units;
    this.#readsSinceTurn += units;
    if (!this.#isArmed && this.#readsSinceTurn >= READS_BEFORE_TURN_ENDS) this.#arm();
  }

  /** Puts work off until the workload's turn comes. */
  defer(share: Share, work: Deferred): void {
    share.counts.deferred++;
    if (share.backlog.length === 0) this.#ring.push(share);
    share.backlog.push(work);
    if (!this.#isArmed) this.#arm();
  }

  #refill(share: Share): void {
    share.turn = this.#turn;
    // What was taken ahead is paid back first; what was not used is not kept.
    share.left = Math.min(share.left, 0) + this.#units;
    this.#seen++;
  }

  get #units(): number {
    return this.#turn < this.#contendedUntil ? TURN_UNITS_CONTENDED : TURN_UNITS_ALONE;
  }

  #arm(): void {
    this.#isArmed = true;
    setImmediate(this.#endTurn);
  }

  /** Between two looks at the sockets: those who waited are served, in turns. */
  readonly #endTurn = (): void => {
    this.#isArmed = false;
    if (this.#seen > 1) this.#contendedUntil = this.#turn + CONTENTION_TURNS;
    this.#turn++;
    this.#seen = 0;
    this.#readsSinceTurn = 0;
    if (this.#ring.length === 0 || this.#isSaving) return;
    if (this.#turn < this.#contendedUntil && !this.#thrift.allows()) {
      this.#isSaving = true;
      this.#schedule(1, this.#spend);
      return;
    }
    let left = TURN_UNITS_ALL;
    for (let count = this.#ring.length; count > 0 && left > 0; count--) left -= this.#serveNext();
    if (this.#ring.length > 0 && !this.#isArmed) this.#arm();
  };

  readonly #spend = (): void => {
    this.#isSaving = false;
    if (!this.#isArmed) this.#endTurn();
  };

  /** Serves the workload that is next; how much that was. */
  #serveNext(): number {
    const ring = this.#ring;
    if (this.#ringNext >= ring.length) this.#ringNext = 0;
    const share = ring[this.#ringNext]!;
    if (share.turn !== this.#turn) this.#refill(share);
    let spent = 0;
    // Work that is put off again while it is done waits for another turn.
    for (let count = share.backlog.length - share.next; count > 0 && share.left > 0; count--) {
      const work = share.backlog[share.next++]!;
      const units = work.proceed();
      share.left -= units;
      spent += units;
    }
    if (share.next === share.backlog.length) {
      share.backlog.length = 0;
      share.next = 0;
      ring.splice(this.#ringNext, 1);
    } else {
      if (share.next >= 1_024) share.backlog.splice(0, share.next);
      if (share.next >= 1_024) share.next = 0;
      this.#ringNext++;
    }
    return spent;
  }
}
