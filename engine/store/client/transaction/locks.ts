import { Fault } from "@plinth/fault";
import { type ByteString, StoreError } from "../../mvcc.ts";
import type { Backend } from "../backend.ts";
import { prefixRange } from "../keys.ts";
import { grantLease, type Lease } from "../lease.ts";
import type { Surroundings } from "../persist.ts";
import { awaitTurn, type Place, takePlace } from "../turn.ts";
import { TransactionAborted } from "./aborted.ts";
import { closesCircle } from "./deadlock.ts";

/** Where locks lie: under this, the key in hexadecimal, and the lease of who waits. */
export const LOCK_PREFIX = "plinth/locks/";
/** Seconds that others wait for what a crashed process has locked. */
export const LOCK_TTL_S = 10;
/** Others are expected to commit within a second; so long a queue is no queue to wait in. */
export const LOCK_WAIT_MS = 10_000;
/** Looked at for a deadlock. With more locks than this, only the limit of waiting ends one. */
const PLACES_MAX = 10_000;

export interface LockSettings {
  readonly waitMs: number;
  readonly ttlS: number;
  readonly signal: AbortSignal | undefined;
  readonly prefix: ByteString;
}

/** The locks of one transaction, all on one lease: whatever becomes of its process, they end. */
export class Locks implements AsyncDisposable {
  readonly #backend: Backend;
  readonly #surroundings: Surroundings;
  readonly #settings: LockSettings;
  readonly #held: Map<ByteString, Place> = new Map();
  #lease: Lease | undefined = undefined;

  constructor(backend: Backend, surroundings: Surroundings, settings: LockSettings) {
    this.#backend = backend;
    this.#surroundings = surroundings;
    this.#settings = settings;
  }

  /** Places in the queues, by the keys that they lock. */
  get held(): ReadonlyMap<ByteString, Place> {
    return this.#held;
  }

  get lease(): Lease | undefined {
    return this.#lease;
  }

  /** Resolves once the key's lock is held. After an error the transaction is over. */
  async acquire(key: ByteString): Promise<void> {
    if (this.#held.has(key)) return;
    const { waitMs, ttlS, signal: outer, prefix: root } = this.#settings;
    this.#lease ??= await grantLease(this.#backend, this.#surroundings, ttlS, outer);
    const lease = this.#lease;
    const patience = new AbortController();
    const cancel = this.#surroundings.clock.schedule(waitMs, () => {
      const text = `Cannot lock "${key}": others have held it for ${waitMs} ms`;
      patience.abort(new TransactionAborted("lock-wait", text));
    });
    const signals = [lease.signal, patience.signal];
    const signal = AbortSignal.any(outer === undefined ? signals : [outer, ...signals]);
    const prefix = `${root}${Buffer.from(key, "latin1").toString("hex")}/`;
    try {
      const place = await takePlace(this.#backend, this.#surroundings, { prefix, lease, signal });
      await awaitTurn(this.#backend, this.#surroundings, place, signal, () =>
        this.#refuseDeadlock(key, place, signal),
      );
      this.#held.set(key, place);
    } catch (error) {
      if (outer?.aborted === true) throw outer.reason;
      const lost = error instanceof StoreError && error.code === "lease-not-found";
      if (!lost && !lease.signal.aborted) throw error;
      throw new TransactionAborted("locks-lost", `Cannot lock "${key}": the transaction's lease ended`, {
        cause: error,
      });
    } finally {
      cancel();
    }
  }

  /** Whether the lease is there as of now, so that its keys are gone only where they were deleted. */
  async leaseIsThere(): Promise<boolean> {
    if (this.#lease === undefined || this.#lease.signal.aborted) return false;
    const { ttl } = await this.#backend.lease(this.#lease.id, false);
    return ttl >= 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#held.clear();
    await this.#lease?.[Symbol.asyncDispose]();
  }

  async #refuseDeadlock(key: ByteString, place: Place, signal: AbortSignal): Promise<void> {
    const query = { ...prefixRange(this.#settings.prefix), keysOnly: true, limit: PLACES_MAX };
    const { kvs, more } = await this.#backend.range(query, { signal });
    if (more || !closesCircle(kvs, place)) return;
    const text = `Cannot lock "${key}": its holder waits for a lock of this transaction (deadlock)`;
    throw new TransactionAborted("deadlock", text);
  }
}

export function notPessimistic(deed: string): Fault {
  return new Fault("invalid", `Cannot ${deed}: the transaction is optimistic`);
}
