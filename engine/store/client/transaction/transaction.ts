import { Fault } from "@plinth/fault";
import type { ByteString, KeyValue } from "../../mvcc.ts";
import { TRANSACTION_OPERATIONS_MAX } from "../../limits.ts";
import { boundsOf, isInside } from "../../request-check.ts";
import type { Backend, CallOptions } from "../backend.ts";
import { Item } from "../item.ts";
import { byteStringOf, bytesOf, keyRangeOf, type KeySpan, type Text } from "../keys.ts";
import type { Surroundings } from "../persist.ts";
import { TransactionAborted } from "./aborted.ts";
import { commit, type Write } from "./commit.ts";
import { LOCK_PREFIX, LOCK_TTL_S, LOCK_WAIT_MS, Locks, notPessimistic } from "./locks.ts";
import { Snapshot } from "./snapshot.ts";

export interface BeginOptions extends CallOptions {
  /**
   * "optimistic": whether others were faster is seen when it is committed; best where that is rare. "pessimistic": what
   * is written or read for update is locked at once, and others wait. Default: "optimistic".
   */
  readonly mode?: "optimistic" | "pessimistic";
  /**
   * "snapshot": all reads are of one moment, and what is written nobody else has written since. "serializable": also
   * what was read is unchanged when it is committed, so that all is as if one transaction had run after the other.
   * Default: "serializable".
   */
  readonly isolation?: "snapshot" | "serializable";
  /** Longest wait for one lock in milliseconds. Default: 10 s. */
  readonly lockWaitMs?: number;
  /** Seconds that others wait for the locks of a crashed process. Default: 10. */
  readonly lockTtlS?: number;
  /**
   * Where locks lie, for users who may not write everywhere. Whoever is to respect each other's must name the same.
   * Default: "plinth/locks/".
   */
  readonly lockPrefix?: string;
  /** Most that one commit compares, and that it writes: the cluster's `--max-txn-ops`. Default: 128, as etcd's. */
  readonly operationsMax?: number;
}

export async function begin(
  backend: Backend,
  surroundings: Surroundings,
  options: BeginOptions,
): Promise<StoreTransaction> {
  options.signal?.throwIfAborted();
  return new StoreTransaction(backend, surroundings, options);
}

function callOptions({ signal, timeoutMs }: CallOptions): CallOptions {
  return { ...(signal === undefined ? {} : { signal }), ...(timeoutMs === undefined ? {} : { timeoutMs }) };
}

/**
 * Reads as of one revision, that of its first read, its own writes on top; writes nothing until `commit`. Disposing of it without that leaves
 * nothing behind. One caller at a time.
 */
export class StoreTransaction implements AsyncDisposable {
  readonly #backend: Backend;
  readonly #surroundings: Surroundings;
  readonly #options: BeginOptions;
  readonly #snapshot: Snapshot;
  readonly #locks: Locks;
  readonly #writes: Map<ByteString, Write> = new Map();
  /** Read for update without a lock. */
  readonly #guarded: Set<ByteString> = new Set();
  #over: Error | undefined = undefined;

  constructor(backend: Backend, surroundings: Surroundings, options: BeginOptions) {
    this.#backend = backend;
    this.#surroundings = surroundings;
    this.#options = options;
    this.#snapshot = new Snapshot(backend, callOptions(options));
    this.#locks = new Locks(backend, surroundings, {
      waitMs: options.lockWaitMs ?? LOCK_WAIT_MS,
      ttlS: options.lockTtlS ?? LOCK_TTL_S,
      signal: options.signal,
      prefix: byteStringOf(options.lockPrefix ?? LOCK_PREFIX),
    });
  }

  /**
   * What is read is of this revision: the newest at the first read, or when the last key was locked before that. 0 until
   * then.
   */
  get startRevision(): number {
    return this.#snapshot.revision;
  }

  get #pessimistic(): boolean {
    return this.#options.mode === "pessimistic";
  }

  /** What the transaction has written itself has modRevision 0. */
  async get(key: Text): Promise<Item | undefined> {
    const raw = byteStringOf(key);
    return this.#run(async () => {
      const write = this.#writes.get(raw);
      return write === undefined ? itemOf(await this.#snapshot.get(raw)) : writtenItem(raw, write);
    });
  }

  /** In the order of the keys. */
  async batchGet(keys: readonly Text[]): Promise<readonly (Item | undefined)[]> {
    const raw = keys.map(byteStringOf);
    return this.#run(async () => {
      await this.#snapshot.batchGet(raw.filter((key) => !this.#writes.has(key)));
      return raw.map((key) => {
        const write = this.#writes.get(key);
        return write === undefined ? itemOf(this.#snapshot.known.get(key)) : writtenItem(key, write);
      });
    });
  }

  /** In order of keys, at most `limit`; without a limit more than 10,000 keys are Fault `too-large`. */
  async scan(span: KeySpan, { limit }: { readonly limit?: number } = {}): Promise<readonly Item[]> {
    const range = keyRangeOf(span);
    return this.#run(async () => {
      // Each key that the transaction deletes may hide one.
      const wanted = limit === undefined ? undefined : limit + this.#writes.size;
      const { kvs, read } = await this.#snapshot.scan(range, wanted);
      const items = new Map(kvs.map((kv) => [kv.key, new Item(kv)]));
      for (const [key, write] of this.#writes) {
        if (!isInside(key, boundsOf(read))) continue;
        const item = writtenItem(key, write);
        if (item === undefined) items.delete(key);
        else items.set(key, item);
      }
      const sorted = [...items.values()].sort((left, right) => (left.rawKey < right.rawKey ? -1 : 1));
      return sorted.slice(0, limit);
    });
  }

  /** As `get`, and nobody else changes it before this is committed: locked when pessimistic, checked when optimistic. */
  async getForUpdate(key: Text): Promise<Item | undefined> {
    const raw = byteStringOf(key);
    return this.#run(async () => {
      await this.#guard(raw);
      const write = this.#writes.get(raw);
      return write === undefined ? itemOf(this.#snapshot.known.get(raw)) : writtenItem(raw, write);
    });
  }

  /** Locks keys, which need not exist. A pessimistic transaction's only. */
  async lock(...keys: readonly Text[]): Promise<void> {
    if (!this.#pessimistic) throw notPessimistic("lock");
    const raw = keys.map(byteStringOf).sort();
    await this.#run(async () => {
      for (const key of raw) await this.#guard(key);
    });
  }

  async put(
    key: Text,
    value: Text,
    { lease = 0n }: { readonly lease?: bigint | { readonly id: bigint } } = {},
  ): Promise<void> {
    const id = typeof lease === "bigint" ? lease : lease.id;
    await this.#write(byteStringOf(key), { value: bytesOf(value), lease: id });
  }

  async delete(key: Text): Promise<void> {
    await this.#write(byteStringOf(key), "deleted");
  }

  /**
   * Writes everything in one step; gives the revision, or one after it. TransactionAborted where others were faster,
   * StoreError `too-many-operations` where it is more than etcd's 128, OutcomeUnknownError where the answer was lost.
   */
  async commit(): Promise<number> {
    return this.#run(async () => {
      try {
        return await commit(this.#backend, this.#surroundings, {
          snapshot: this.#snapshot,
          locks: this.#locks,
          writes: this.#writes,
          guarded: this.#guarded,
          operationsMax: this.#options.operationsMax ?? TRANSACTION_OPERATIONS_MAX,
          serializable: this.#options.isolation !== "snapshot",
          options: callOptions(this.#options),
        });
      } finally {
        await this.#end("it has been committed");
      }
    });
  }

  /** Gives up what it has locked; nothing is written. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#end("it is over");
  }

  async #end(why: string): Promise<void> {
    this.#over ??= new Fault("invalid", `Cannot use the transaction: ${why}`);
    await this.#locks[Symbol.asyncDispose]();
  }

  async #write(key: ByteString, write: Write): Promise<void> {
    await this.#run(async () => {
      if (key === "") throw new Fault("invalid", "Cannot write: the key is empty");
      if (this.#pessimistic) await this.#guard(key);
      this.#writes.set(key, write);
    });
  }

  async #guard(key: ByteString): Promise<void> {
    if (this.#pessimistic) return this.#lockOne(key);
    await this.#snapshot.get(key);
    this.#guarded.add(key);
  }

  /** Locks a key and reads it as it is now, which must be what the snapshot has, or the snapshot moves there. */
  async #lockOne(key: ByteString): Promise<void> {
    const { held } = this.#locks;
    if (held.has(key)) return;
    await this.#locks.acquire(key);
    const snapshot = this.#snapshot;
    if (snapshot.isUnread) return snapshot.move([...held.keys()]);
    await snapshot.load([key]);
    const { kvs } = await this.#backend.range({ key }, callOptions(this.#options));
    if (snapshot.known.get(key)?.modRevision !== kvs[0]?.modRevision) throw snapshot.changed(key);
  }

  /** After an abort the transaction says so to whatever is asked of it. */
  async #run<Result>(body: () => Promise<Result>): Promise<Result> {
    if (this.#over !== undefined) throw this.#over;
    try {
      return await body();
    } catch (error) {
      if (error instanceof TransactionAborted) this.#over = error;
      throw error;
    }
  }
}

function itemOf(kv: KeyValue | undefined): Item | undefined {
  return kv === undefined ? undefined : new Item(kv);
}

function writtenItem(key: ByteString, write: Write): Item | undefined {
  if (write === "deleted") return undefined;
  return new Item({ key, ...write, createRevision: 0, modRevision: 0, version: 0 });
}
