import { type Clock, type Random, systemClock, systemRandom } from "@plinth/clock";
import type { KeyRange, RangeQuery, SortTarget } from "../mvcc.ts";
import type { Backend, CallOptions, ReadOptions } from "./backend.ts";
import { Counter } from "./counter.ts";
import { Election } from "./election.ts";
import { Item } from "./item.ts";
import { byteStringOf, bytesOf, keyRangeOf, type KeySpan, type Text } from "./keys.ts";
import { grantLease, type Lease } from "./lease.ts";
import { acquireLock, type HeldLock, SESSION_TTL_S, type SessionOptions } from "./lock.ts";
import type { Surroundings } from "./persist.ts";
import { Queue } from "./queue.ts";
import { type WatchItem, type WatchOptions, watchItems } from "./relisting-watch.ts";
import { compareOf, type Condition, itemsOf, operationOf, type Step, type StepsResult } from "./steps.ts";
import { transact, type TransactOptions } from "./transaction/transact.ts";
import { begin, type BeginOptions, type StoreTransaction } from "./transaction/transaction.ts";

/** Keys of one request while going through a range: some hundred kilobytes of usual values. */
const PAGE_KEYS = 500;

export interface PutOptions extends CallOptions {
  /** The key goes with it. Default: none. */
  readonly lease?: Lease | bigint;
}

export interface RangeOptions extends ReadOptions {
  /** Read as of this revision. Default: now. */
  readonly revision?: number;
  /** Default: all. */
  readonly limit?: number;
  /** Default: by key, ascending. */
  readonly sort?: { readonly by: SortTarget; readonly descending?: boolean };
}

export interface Found {
  readonly items: readonly Item[];
  /** There are more than the limit. */
  readonly more: boolean;
  /** All keys in the range, whatever the limit. */
  readonly count: number;
  readonly revision: number;
}

export interface ClientOptions {
  readonly clock?: Clock;
  /** Spreads attempts over time. */
  readonly random?: Random;
}

/**
 * A store, wherever it is. Every call ends at its deadline (10 s unless told otherwise) or with its signal; what it
 * rejects with is told at `Backend`.
 *
 *     await using store = openClient("etcd://10.0.0.1,10.0.0.2,10.0.0.3");
 *     await store.put("greeting", "hello");
 *     const item = await store.get("greeting");
 *     console.log(item?.text, item?.modRevision);
 */
export class StoreClient implements AsyncDisposable {
  /** For what is not offered here. */
  readonly backend: Backend;
  readonly #surroundings: Surroundings;

  constructor(backend: Backend, { clock = systemClock, random = systemRandom }: ClientOptions = {}) {
    this.backend = backend;
    this.#surroundings = { clock, random, open: new Set() };
  }

  /** Undefined where there is no such key. */
  async get(key: Text, options: Omit<RangeOptions, "limit" | "sort"> = {}): Promise<Item | undefined> {
    const { items } = await this.range(key, options);
    return items[0];
  }

  /** Gives the revision that wrote it. */
  async put(key: Text, value: Text, { lease = 0n, ...options }: PutOptions = {}): Promise<number> {
    const put = {
      key: byteStringOf(key),
      value: bytesOf(value),
      lease: typeof lease === "bigint" ? lease : lease.id,
    };
    const { revision } = await this.backend.put(put, options);
    return revision;
  }

  /** Deletes a key, or all of a span; gives how many there were. */
  async delete(span: KeySpan, options: CallOptions = {}): Promise<number> {
    const { deleted } = await this.backend.delete(keyRangeOf(span), options);
    return deleted;
  }

  /**
   * What is in a span, in one answer.
   *
   *     const { items, count } = await store.range({ prefix: "user/" }, { limit: 10 });
   */
  async range(span: KeySpan, options: RangeOptions = {}): Promise<Found> {
    const { revision, limit, sort, ...read } = options;
    const query: RangeQuery = {
      ...keyRangeOf(span),
      ...(revision === undefined ? {} : { revision }),
      ...(limit === undefined ? {} : { limit }),
      ...(sort === undefined ? {} : { sort: { target: sort.by, descending: sort.descending ?? false } }),
    };
    const found = await this.backend.range(query, read);
    const { more, count } = found;
    return { items: found.kvs.map((kv) => new Item(kv)), more, count, revision: found.revision };
  }

  /** Goes through a span in order of keys, all of one revision, some hundred at a time. */
  async *list(span: KeySpan, options: ReadOptions = {}): AsyncGenerator<Item> {
    const whole = keyRangeOf(span);
    let rest: KeyRange = whole;
    for (let revision = 0; ;) {
      const found = await this.backend.range({ ...rest, limit: PAGE_KEYS, revision }, options);
      revision ||= found.revision;
      for (const kv of found.kvs) yield new Item(kv);
      const last = found.kvs.at(-1);
      if (!found.more || last === undefined) return;
      rest = { ...whole, key: `${last.key}\0` };
    }
  }

  /**
   * All of one way or all of the other, in one step; etcd takes up to 128 conditions and steps.
   *
   *     const { succeeded } = await store.txn({
   *       when: [{ key: "owner", exists: false }],
   *       success: [{ put: "owner", value: "me" }],
   *     });
   */
  async txn(
    steps: {
      readonly when?: readonly Condition[];
      readonly success?: readonly Step[];
      readonly failure?: readonly Step[];
    },
    options: CallOptions = {},
  ): Promise<StepsResult> {
    const { when = [], success = [], failure = [] } = steps;
    const transaction = {
      compares: when.map(compareOf),
      success: success.map(operationOf),
      failure: failure.map(operationOf),
    };
    const { succeeded, revision, results } = await this.backend.transact(transaction, options);
    return { succeeded, revision, items: results.map(itemsOf) };
  }

  /**
   * Resolves once it is in force. Goes on over lost connections, members and leaders without a gap or a repetition.
   *
   *     for await (const item of await store.watch({ prefix: "user/" }, { signal, relist: true })) {
   *       if (item.kind === "relist") replaceAll(item.items);
   *       else for (const { kind, item: changed } of item.changes) apply(kind, changed);
   *     }
   */
  async watch(span: KeySpan, options: WatchOptions): Promise<AsyncIterable<WatchItem>> {
    return watchItems(this.backend, this.#surroundings, keyRangeOf(span), options);
  }

  /**
   * Keys put with it live as long as this process keeps it.
   *
   *     await using lease = await store.lease(10);
   *     await store.put("here", "yes", { lease });
   *     lease.signal.addEventListener("abort", stop);
   */
  async lease(ttlS: number = SESSION_TTL_S, options: { readonly signal?: AbortSignal } = {}): Promise<Lease> {
    return grantLease(this.backend, this.#surroundings, ttlS, options.signal);
  }

  /**
   * Resolves once the lock is held; those who wait get it in order. `etcdctl lock` stands in the same queue.
   *
   *     await using lock = await store.lock("jobs/nightly", { signal });
   *     await run({ fence: lock.revision, signal: lock.signal });
   */
  async lock(name: Text, options: SessionOptions = {}): Promise<HeldLock> {
    return acquireLock(this.backend, this.#surroundings, name, options);
  }

  /**
   *     await using leadership = await store.election("scheduler").campaign("host-1", { signal });
   */
  election(name: Text): Election {
    return new Election(this.backend, this.#surroundings, name);
  }

  /**
   *     await store.queue("mail").enqueue("to a");
   *     const item = await store.queue("mail").dequeue({ signal });
   */
  queue(name: Text): Queue {
    return new Queue(this.backend, this.#surroundings, name);
  }

  /**
   *     const visits = await store.counter("visits").add(1);
   */
  counter(name: Text): Counter {
    return new Counter(this.backend, this.#surroundings, name);
  }

  /** A transaction to be committed or disposed of; `transact` does this and tries again on conflicts. */
  async begin(options: BeginOptions = {}): Promise<StoreTransaction> {
    return begin(this.backend, this.#surroundings, options);
  }

  /**
   * Runs `body` in a transaction and commits it; again from the start when others were faster. What `body` does beside
   * is done as often.
   *
   *     await store.transact(async (transaction) => {
   *       const balance = Number((await transaction.get("a"))?.text ?? 0);
   *       await transaction.put("a", String(balance - 1));
   *     });
   */
  async transact<Result>(
    body: (transaction: StoreTransaction) => Promise<Result>,
    options: TransactOptions = {},
  ): Promise<Result> {
    return transact(this.backend, this.#surroundings, body, options);
  }

  /** The whole store as of one moment, for `restoreMvcc` where the store is one of ours; see `Backend.snapshot`. */
  snapshot(options: Pick<CallOptions, "signal"> = {}): AsyncIterable<Uint8Array> {
    return this.backend.snapshot(options);
  }

  /** Gives back leases and locks that are held, then closes the connections. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#surroundings.open].map((each) => each[Symbol.asyncDispose]()));
    await this.backend[Symbol.asyncDispose]();
  }
}
