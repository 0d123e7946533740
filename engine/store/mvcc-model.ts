import assert from "node:assert/strict";
import { type Clock, type Random, seededRandom } from "@plinth/clock";
import { VirtualClock } from "@plinth/clock/testing";
import { LEASE_TTL_MAX_S, LEASE_TTL_MIN_S, TIMER_MAX_MS, TRANSACTION_OPERATIONS_MAX } from "./limits.ts";
import { hashOf } from "./hash.ts";
import {
  type At,
  type ByteString,
  type Compare,
  type DeleteRange,
  type DiskTimes,
  type Event,
  type KeyRange,
  type KeyValue,
  type LeaseState,
  type Mvcc,
  type Operation,
  type OperationResult,
  type Put,
  type RangeQuery,
  type RangeResult,
  StoreError,
  type Transaction,
  type TransactionResult,
  type Watch,
  type WatchOptions,
} from "./mvcc.ts";
import { orderOf } from "./order.ts";
import {
  type Bounds,
  boundsOf,
  checkNote,
  checkPut,
  checkRange,
  checkTransaction,
  isInside,
} from "./request-check.ts";

const EMPTY = new Uint8Array(0);

/** What there is at one revision. */
export type State = ReadonlyMap<ByteString, KeyValue>;

/** Where a watch stands. */
interface Place {
  readonly bounds: Bounds;
  next: number;
}

interface ModelLease {
  readonly grantedTtl: number;
  expiresAtMs: number;
  cancelTimer: () => void;
}

export interface MvccModelOptions {
  readonly clock?: Clock;
  readonly random?: Random;
  readonly operationsMax?: number;
}

function compareOf(left: number | bigint | Uint8Array, right: number | bigint | Uint8Array): number {
  if (left instanceof Uint8Array || right instanceof Uint8Array) {
    assert(left instanceof Uint8Array && right instanceof Uint8Array, "values are compared with values");
    return Buffer.compare(left, right);
  }
  return orderOf(left, right);
}

function fieldOf(kv: KeyValue, target: Compare["target"]): number | bigint | Uint8Array {
  if (target === "create") return kv.createRevision;
  if (target === "mod") return kv.modRevision;
  return kv[target];
}

export function holds(state: State, compare: Compare): boolean {
  const bounds = boundsOf(compare);
  const found = [...state.values()].filter((kv) => isInside(kv.key, bounds));
  if (found.length === 0) {
    if (compare.target === "value") return false;
    found.push({ key: "", value: EMPTY, createRevision: 0, modRevision: 0, version: 0, lease: 0n });
  }
  return found.every((kv) => {
    const order = compareOf(fieldOf(kv, compare.target), compare.operand);
    if (compare.operator === "=") return order === 0;
    if (compare.operator === "!=") return order !== 0;
    return compare.operator === "<" ? order < 0 : order > 0;
  });
}

export function rangeOf(state: State, query: RangeQuery): RangeResult {
  const bounds = boundsOf(query);
  const inside = [...state.values()]
    .filter((kv) => isInside(kv.key, bounds))
    .sort((left, right) => (left.key < right.key ? -1 : 1));
  const count = inside.length;
  if (query.countOnly === true) return { kvs: [], more: false, count };
  let kvs = inside.filter(
    (kv) =>
      kv.modRevision >= (query.minModRevision || 0) &&
      kv.modRevision <= (query.maxModRevision || Infinity) &&
      kv.createRevision >= (query.minCreateRevision || 0) &&
      kv.createRevision <= (query.maxCreateRevision || Infinity),
  );
  if (query.sort !== undefined) {
    const { target, descending } = query.sort;
    const sign = descending ? -1 : 1;
    kvs.sort((left, right) =>
      target === "key"
        ? sign * (left.key < right.key ? -1 : 1)
        : sign * compareOf(fieldOf(left, target), fieldOf(right, target)),
    );
  }
  const more = (query.limit ?? 0) > 0 && kvs.length > query.limit!;
  if (more) kvs = kvs.slice(0, query.limit);
  if (query.keysOnly === true) kvs = kvs.map((kv) => ({ ...kv, value: EMPTY }));
  return { kvs, more, count };
}

/** The whole state after each revision, in a list, in memory. Slow, large, and obviously right; it has no quota. */
export class MvccModel implements Mvcc {
  /** `#states[r]` is the state after revision r; the store begins at revision 1, which is empty. */
  readonly #states: State[] = [new Map(), new Map()];
  readonly #events: Event[][] = [[], []];
  readonly #leases: Map<bigint, ModelLease> = new Map();
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #operationsMax: number;
  readonly #places: Set<Place> = new Set();
  readonly #changed: Set<() => void> = new Set();
  #closed = false;
  compactedRevision = -1;
  noSpace = false;
  readonly readOnlyReason: string | undefined = undefined;
  note: Uint8Array = EMPTY;

  constructor(options: MvccModelOptions = {}) {
    this.#clock = options.clock ?? new VirtualClock();
    this.#random = options.random ?? seededRandom(1);
    this.#operationsMax = options.operationsMax ?? TRANSACTION_OPERATIONS_MAX;
  }

  get revision(): number {
    return this.#states.length - 1;
  }

  readonly diskTimes: DiskTimes | undefined = undefined;

  get size(): { allocated: number; inUse: number } {
    let inUse = 0;
    for (const { key, value } of this.#states.at(-1)!.values()) inUse += key.length + value.length;
    return { allocated: inUse, inUse };
  }

  range(query: RangeQuery): At<RangeResult> {
    this.#assertOpen();
    checkRange(query);
    const revision = query.revision || this.revision;
    this.#checkReadable(revision);
    return { ...rangeOf(this.#states[revision]!, query), revision: this.revision };
  }

  async put(put: Put): Promise<At<{ readonly previous: KeyValue | undefined }>> {
    checkPut(put);
    // Alone, a put is refused for its lease first, within a transaction for its key.
    this.#checkLease(put.lease);
    const { results, revision } = this.#run([{ kind: "put", put }]);
    const [result] = results;
    return { previous: result?.kind === "put" ? result.previous : undefined, revision };
  }

  async delete(range: DeleteRange): Promise<At<{ deleted: number; previous: readonly KeyValue[] }>> {
    checkRange(range);
    const { results, revision } = this.#run([{ kind: "delete", delete: range }]);
    const [result] = results;
    if (result?.kind !== "delete") throw new StoreError("stopped", "Cannot delete: no result");
    return { deleted: result.deleted, previous: result.previous, revision };
  }

  async transact(transaction: Transaction): Promise<At<TransactionResult>> {
    checkTransaction(transaction, this.#operationsMax);
    const { results, revision } = this.#run([{ kind: "transaction", transaction }]);
    const [result] = results;
    if (result?.kind !== "transaction") throw new StoreError("stopped", "Cannot run transaction: no result");
    return { ...result.transaction, revision };
  }

  watch(range: KeyRange, options: WatchOptions): Watch {
    this.#assertOpen();
    checkRange(range);
    const place: Place = { bounds: boundsOf(range), next: options.fromRevision || this.revision + 1 };
    this.#places.add(place);
    const events = this.#follow(place, options);
    const newest = (): number => this.revision;
    return {
      get progress(): number {
        return Math.min(place.next - 1, newest());
      },
      [Symbol.asyncIterator]: () => events,
    };
  }

  async compact(revision: number): Promise<void> {
    this.#assertOpen();
    if (revision <= this.compactedRevision) throw this.#compacted(revision);
    this.#checkReadable(revision);
    this.compactedRevision = revision;
    this.#tell();
  }

  async grantLease(id: bigint, ttl: number): Promise<LeaseState> {
    this.#assertOpen();
    if (ttl > LEASE_TTL_MAX_S)
      throw new StoreError("lease-ttl-too-large", `Cannot grant a lease of ${ttl} s`);
    if (this.#leases.has(id)) throw new StoreError("lease-exists", `Cannot grant lease ${id}: there is one`);
    const chosen = id === 0n ? BigInt(1 + Math.floor(this.#random() * 2 ** 52)) : id;
    const grantedTtl = Math.max(ttl, LEASE_TTL_MIN_S);
    this.#leases.set(chosen, { grantedTtl, expiresAtMs: 0, cancelTimer: () => {} });
    this.#renew(chosen);
    return this.lease(chosen, false);
  }

  async revokeLease(id: bigint): Promise<void> {
    this.#assertOpen();
    const lease = this.#leases.get(id);
    if (lease === undefined)
      throw new StoreError("lease-not-found", `Cannot revoke lease ${id}: there is none`);
    lease.cancelTimer();
    const keys = this.#keysOf(id);
    this.#leases.delete(id);
    this.#run(keys.map((key): Operation => ({ kind: "delete", delete: { key } })));
  }

  keepLeaseAlive(id: bigint): number {
    const lease = this.#leases.get(id);
    if (lease === undefined || lease.expiresAtMs <= this.#clock.monotonic()) {
      throw new StoreError("lease-not-found", `Cannot keep lease ${id} alive: there is none`);
    }
    return this.#renew(id);
  }

  lease(id: bigint, withKeys: boolean): LeaseState {
    const lease = this.#leases.get(id);
    if (lease === undefined) return { id, grantedTtl: 0, ttl: -1, keys: [] };
    const left = Math.floor((lease.expiresAtMs - this.#clock.monotonic()) / 1000);
    return {
      id,
      grantedTtl: lease.grantedTtl,
      ttl: Math.max(0, left),
      keys: withKeys ? this.#keysOf(id) : [],
    };
  }

  leases(): readonly bigint[] {
    return [...this.#leases.keys()].sort(orderOf);
  }

  hash(revision: number): number {
    const { kvs } = this.range({ key: "\0", end: "", revision });
    return hashOf(kvs);
  }

  async setNoSpace(raised: boolean): Promise<void> {
    this.noSpace = raised;
  }

  async setNote(note: Uint8Array): Promise<void> {
    this.#assertOpen();
    checkNote(note);
    this.note = note;
  }

  /** Yields the newest state only, a key and its value a line: the model's own form, which nothing restores. */
  async *snapshot(): AsyncGenerator<Uint8Array> {
    for (const { key, value } of this.range({ key: "\0", end: "" }).kvs) {
      yield Buffer.from(`${JSON.stringify([key, Buffer.from(value).toString("base64")])}\n`);
    }
  }

  /** What closing and opening again does: each lease has its whole time again. */
  restart(): void {
    for (const id of this.#leases.keys()) this.#renew(id);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    for (const lease of this.#leases.values()) lease.cancelTimer();
    this.#tell();
  }

  async *#follow(place: Place, { signal, previous = true }: WatchOptions): AsyncGenerator<readonly Event[]> {
    for (;;) {
      signal.throwIfAborted();
      this.#assertOpen();
      if (place.next < this.compactedRevision) throw this.#compacted(place.next);
      const batch = this.#events.slice(place.next).flat();
      place.next = Math.max(place.next, this.revision + 1);
      const matching = batch.filter((event) => isInside(event.kv.key, place.bounds));
      if (matching.length > 0) yield matching.map((event) => this.#visible(event, previous));
      else await this.#change(signal);
    }
  }

  #assertOpen(): void {
    if (this.#closed) throw new StoreError("stopped", "Cannot use the store: it is closed");
  }

  #compacted(revision: number): StoreError {
    return new StoreError("compacted", `Revision ${revision} is compacted`, this.compactedRevision);
  }

  #checkReadable(revision: number): void {
    if (revision > this.revision) throw new StoreError("future-revision", `Revision ${revision} is to come`);
    if (revision < this.compactedRevision) throw this.#compacted(revision);
  }

  #keysOf(id: bigint): ByteString[] {
    const attached = [...this.#states.at(-1)!.values()].filter((kv) => kv.lease === id);
    return attached.map((kv) => kv.key).sort();
  }

  /** What was before the compacted revision is not told any more, and what the watch does not ask for. */
  #visible(event: Event, previous: boolean): Event {
    if (previous && event.kv.modRevision > this.compactedRevision) return event;
    return { ...event, previous: undefined };
  }

  /** Decides which way every transaction goes, before anything is written. */
  #choose(state: State, operations: readonly Operation[], chosen: Map<Transaction, boolean>): void {
    for (const operation of operations) {
      if (operation.kind !== "transaction") continue;
      const { transaction } = operation;
      const succeeded = transaction.compares.every((compare) => holds(state, compare));
      chosen.set(transaction, succeeded);
      this.#choose(state, succeeded ? transaction.success : transaction.failure, chosen);
    }
  }

  /** Refuses what this state of the store does not allow; as in etcd, puts are looked at before ranges. */
  #check(
    kind: "put" | "range",
    state: State,
    operations: readonly Operation[],
    chosen: Map<Transaction, boolean>,
  ): void {
    for (const operation of operations) {
      if (operation.kind === "range" && kind === "range") {
        this.#checkReadable(operation.range.revision || this.revision);
      } else if (operation.kind === "put" && kind === "put") {
        const { key, lease, ignoreLease, ignoreValue } = operation.put;
        if ((ignoreLease === true || ignoreValue === true) && !state.has(key)) {
          throw new StoreError("key-not-found", `There is no key ${key}`);
        }
        this.#checkLease(lease);
      } else if (operation.kind === "transaction") {
        const { success, failure } = operation.transaction;
        this.#check(kind, state, chosen.get(operation.transaction) === true ? success : failure, chosen);
      }
    }
  }

  #checkLease(lease: bigint): void {
    if (lease !== 0n && !this.#leases.has(lease)) {
      throw new StoreError("lease-not-found", `There is no lease ${lease}`);
    }
  }

  #run(operations: readonly Operation[]): { results: OperationResult[]; revision: number } {
    this.#assertOpen();
    const before = this.#states.at(-1)!;
    const chosen = new Map<Transaction, boolean>();
    this.#choose(before, operations, chosen);
    this.#check("put", before, operations, chosen);
    this.#check("range", before, operations, chosen);
    const state = new Map(before);
    const events: Event[] = [];
    const results = operations.map((operation) => this.#apply(operation, before, state, events, chosen));
    if (events.length > 0) {
      this.#states.push(state);
      this.#events.push(events);
      for (const place of this.#places) {
        const concerns = events.some((event) => isInside(event.kv.key, place.bounds));
        if (place.next === this.revision && !concerns) place.next += 1;
      }
      this.#tell();
    }
    return { results, revision: this.revision };
  }

  #apply(
    operation: Operation,
    before: State,
    state: Map<ByteString, KeyValue>,
    events: Event[],
    chosen: Map<Transaction, boolean>,
  ): OperationResult {
    const revision = this.revision + 1;
    if (operation.kind === "range") {
      const { range } = operation;
      const past = range.revision ? this.#states[range.revision]! : state;
      return { kind: "range", range: rangeOf(past, range) };
    }
    if (operation.kind === "put") {
      const { put } = operation;
      const previous = state.get(put.key);
      const kv: KeyValue = {
        key: put.key,
        value: put.ignoreValue === true ? (previous?.value ?? EMPTY) : put.value,
        createRevision: previous?.createRevision ?? revision,
        modRevision: revision,
        version: (previous?.version ?? 0) + 1,
        lease: put.ignoreLease === true ? (previous?.lease ?? 0n) : put.lease,
      };
      state.set(put.key, kv);
      events.push({ kind: "put", kv, previous: before.get(put.key) });
      return { kind: "put", previous: put.previous === true ? previous : undefined };
    }
    if (operation.kind === "delete") {
      const { kvs } = rangeOf(state, operation.delete);
      for (const { key } of kvs) {
        state.delete(key);
        const kv = { key, value: EMPTY, createRevision: 0, modRevision: revision, version: 0, lease: 0n };
        events.push({ kind: "delete", kv, previous: before.get(key) });
      }
      const previous = operation.delete.previous === true ? kvs : [];
      return { kind: "delete", deleted: kvs.length, previous };
    }
    const { success, failure } = operation.transaction;
    const succeeded = chosen.get(operation.transaction) === true;
    const results = (succeeded ? success : failure).map((nested) =>
      this.#apply(nested, before, state, events, chosen),
    );
    return { kind: "transaction", transaction: { succeeded, results } };
  }

  #renew(id: bigint): number {
    const lease = this.#leases.get(id)!;
    lease.expiresAtMs = this.#clock.monotonic() + lease.grantedTtl * 1000;
    this.#awaitExpiry(id, lease);
    return lease.grantedTtl;
  }

  #awaitExpiry(id: bigint, lease: ModelLease): void {
    lease.cancelTimer();
    const delayMs = Math.min(TIMER_MAX_MS, lease.expiresAtMs - this.#clock.monotonic());
    lease.cancelTimer = this.#clock.schedule(delayMs, () => {
      if (lease.expiresAtMs > this.#clock.monotonic()) this.#awaitExpiry(id, lease);
      else this.#expire();
    });
  }

  #expire(): void {
    const expired = [...this.#leases].filter(([, lease]) => lease.expiresAtMs <= this.#clock.monotonic());
    expired.sort(
      ([leftId, left], [rightId, right]) => left.expiresAtMs - right.expiresAtMs || orderOf(leftId, rightId),
    );
    for (const [id] of expired) void this.revokeLease(id);
  }

  #tell(): void {
    for (const wake of this.#changed) wake();
    this.#changed.clear();
  }

  #change(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      this.#changed.add(resolve);
      signal.addEventListener("abort", () => resolve(), { once: true });
    });
  }
}
