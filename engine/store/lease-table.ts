import type { Clock } from "@plinth/clock";
import { LEASE_STEP_MS, LEASES_EXPIRED_PER_STEP, TIMER_MAX_MS } from "./limits.ts";
import type { ByteString, LeaseState } from "./mvcc.ts";
import { orderOf } from "./order.ts";

interface Lease {
  readonly id: bigint;
  readonly grantedTtl: number;
  readonly keys: Set<ByteString>;
  expiresAtMs: number;
  /** Its end is being written. */
  ending: boolean;
}

/**
 * The leases on disk, their keys and their time, which runs on the monotonic clock and begins anew at opening. Those
 * whose time is over are told in order of their end, at most a thousand a second.
 */
export class LeaseTable implements Disposable {
  readonly #clock: Clock;
  readonly #onExpired: (id: bigint) => void;
  readonly #leases: Map<bigint, Lease> = new Map();
  #cancelTimer: (() => void) | undefined;
  #disposed = false;
  #timerDueMs = Infinity;
  #lastStepMs = -Infinity;

  constructor(clock: Clock, onExpired: (id: bigint) => void) {
    this.#clock = clock;
    this.#onExpired = onExpired;
  }

  get count(): number {
    return this.#leases.size;
  }

  has(id: bigint): boolean {
    return this.#leases.has(id);
  }

  keys(id: bigint): Iterable<ByteString> {
    return this.#leases.get(id)?.keys ?? [];
  }

  ids(): bigint[] {
    return [...this.#leases.keys()].sort(orderOf);
  }

  add(id: bigint, grantedTtl: number): void {
    const expiresAtMs = this.#clock.monotonic() + grantedTtl * 1000;
    // One that is revoked and granted again in one commit has the keys put with it since.
    const keys = this.#leases.get(id)?.keys ?? new Set();
    this.#leases.set(id, { id, grantedTtl, keys, expiresAtMs, ending: false });
    this.#arm(expiresAtMs);
  }

  remove(id: bigint): void {
    this.#leases.delete(id);
  }

  /** A key goes from one lease to another; 0n: none. */
  move(key: ByteString, from: bigint, to: bigint): void {
    this.#leases.get(from)?.keys.delete(key);
    this.#leases.get(to)?.keys.add(key);
  }

  /** Its time is over, and its end is to be written. */
  isEnding(id: bigint): boolean {
    return this.#leases.get(id)?.ending === true;
  }

  /** The seconds it now has; undefined where there is none, or its time is over. */
  renew(id: bigint): number | undefined {
    const lease = this.#leases.get(id);
    const nowMs = this.#clock.monotonic();
    if (lease === undefined || lease.expiresAtMs <= nowMs) return undefined;
    lease.expiresAtMs = nowMs + lease.grantedTtl * 1000;
    return lease.grantedTtl;
  }

  state(id: bigint, withKeys: boolean): LeaseState {
    const lease = this.#leases.get(id);
    if (lease === undefined) return { id, grantedTtl: 0, ttl: -1, keys: [] };
    const leftMs = Math.max(0, lease.expiresAtMs - this.#clock.monotonic());
    const keys = withKeys ? [...lease.keys].sort() : [];
    return { id, grantedTtl: lease.grantedTtl, ttl: Math.floor(leftMs / 1000), keys };
  }

  /** The end of a lease that was told could not be written: it is told again. */
  retry(id: bigint): void {
    const lease = this.#leases.get(id);
    if (lease === undefined) return;
    lease.ending = false;
    this.#arm(lease.expiresAtMs);
  }

  [Symbol.dispose](): void {
    this.#cancelTimer?.();
    this.#disposed = true;
  }

  /** Sees to it that the next step comes no later than `atMs`, or as soon as the pace allows. */
  #arm(atMs: number): void {
    const nowMs = this.#clock.monotonic();
    const dueMs = Math.max(atMs, this.#lastStepMs + LEASE_STEP_MS);
    if (this.#disposed || dueMs >= this.#timerDueMs) return;
    this.#cancelTimer?.();
    this.#timerDueMs = dueMs;
    const delayMs = Math.min(TIMER_MAX_MS, Math.max(0, dueMs - nowMs));
    this.#cancelTimer = this.#clock.schedule(delayMs, this.#step);
  }

  readonly #step = (): void => {
    const nowMs = this.#clock.monotonic();
    this.#timerDueMs = Infinity;
    this.#lastStepMs = nowMs;
    let nextMs = Infinity;
    const expired: Lease[] = [];
    for (const lease of this.#leases.values()) {
      if (lease.ending) continue;
      if (lease.expiresAtMs <= nowMs) expired.push(lease);
      else nextMs = Math.min(nextMs, lease.expiresAtMs);
    }
    expired.sort((left, right) => left.expiresAtMs - right.expiresAtMs || orderOf(left.id, right.id));
    if (expired.length > LEASES_EXPIRED_PER_STEP) nextMs = nowMs;
    for (const lease of expired.slice(0, LEASES_EXPIRED_PER_STEP)) {
      lease.ending = true;
      this.#onExpired(lease.id);
    }
    if (nextMs < Infinity) this.#arm(nextMs);
  };
}
