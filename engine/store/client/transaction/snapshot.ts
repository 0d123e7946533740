import { Fault } from "@plinth/fault";
import { type ByteString, type KeyRange, type KeyValue, StoreError } from "../../mvcc.ts";
import type { RangeQuery } from "../../mvcc.ts";
import { TRANSACTION_OPERATIONS_MAX } from "../../limits.ts";
import type { Backend, CallOptions } from "../backend.ts";
import { TransactionAborted } from "./aborted.ts";

/** Keys that one scan gives: a transaction that reads more is better made of several. */
const SCAN_KEYS_MAX = 10_000;

/**
 * What a transaction has read, all as of one revision, which is that of its first read. Invariant: for every key in `known`, the version that the
 * transaction has seen; undefined for one that did not exist.
 */
export class Snapshot {
  readonly known: Map<ByteString, KeyValue | undefined> = new Map();
  /** Keys that were read as of `revision`. */
  readonly keysRead: Set<ByteString> = new Set();
  /** Ranges that were read as of `revision`, as far as they were. */
  readonly rangesRead: KeyRange[] = [];
  /** 0 before the first read, which reads the newest. */
  revision = 0;
  readonly #backend: Backend;
  readonly #options: CallOptions;

  constructor(backend: Backend, options: CallOptions) {
    this.#backend = backend;
    this.#options = options;
  }

  /** Nothing has been read as of `revision` yet, so that it may be moved. */
  get isUnread(): boolean {
    return this.keysRead.size === 0 && this.rangesRead.length === 0;
  }

  /**
   * Goes to the newest revision. What is known must be the same there: locks hold back only who asks for them, and a key
   * may have been changed and changed back.
   */
  async move(keys: readonly ByteString[]): Promise<void> {
    const { results, revision } = await this.#backend.transact(
      { compares: [], success: keys.map((key) => ({ kind: "range", range: { key } })), failure: [] },
      this.#options,
    );
    for (const [index, result] of results.entries()) {
      const key = keys[index]!;
      const now = result.kind === "range" ? result.range.kvs[0] : undefined;
      if (this.known.has(key) && this.known.get(key)?.modRevision !== now?.modRevision)
        throw this.changed(key);
      this.known.set(key, now);
    }
    this.revision = revision;
  }

  changed(key: ByteString): TransactionAborted {
    const text = `Cannot lock "${key}": it has changed since revision ${this.revision}, of which the transaction reads`;
    return new TransactionAborted("conflict", text);
  }

  async get(key: ByteString): Promise<KeyValue | undefined> {
    await this.load([key]);
    this.keysRead.add(key);
    return this.known.get(key);
  }

  async batchGet(keys: readonly ByteString[]): Promise<readonly (KeyValue | undefined)[]> {
    await this.load(keys);
    for (const key of keys) this.keysRead.add(key);
    return keys.map((key) => this.known.get(key));
  }

  /** Learns what keys were, without counting that as reading them: for those that are only written. */
  async load(keys: readonly ByteString[]): Promise<void> {
    const unknown = [...new Set(keys)].filter((key) => !this.known.has(key));
    for (let start = 0; start < unknown.length; start += TRANSACTION_OPERATIONS_MAX) {
      const part = unknown.slice(start, start + TRANSACTION_OPERATIONS_MAX);
      const { revision } = this;
      const { results, revision: newest } = await this.#read(() =>
        this.#backend.transact(
          {
            compares: [],
            success: part.map((key) => ({ kind: "range", range: { key, revision } })),
            failure: [],
          },
          this.#options,
        ),
      );
      this.revision ||= newest;
      for (const [index, result] of results.entries()) {
        if (result.kind === "range") this.known.set(part[index]!, result.range.kvs[0]);
      }
    }
  }

  /** The first `limit` keys of a range; `end` is how far was read. */
  async scan(
    range: KeyRange,
    limit: number | undefined,
  ): Promise<{ readonly kvs: readonly KeyValue[]; readonly read: KeyRange }> {
    const query: RangeQuery = {
      ...range,
      revision: this.revision,
      limit: Math.min(limit ?? SCAN_KEYS_MAX, SCAN_KEYS_MAX),
    };
    const found = await this.#read(() => this.#backend.range(query, this.#options));
    const { kvs, more } = found;
    this.revision ||= found.revision;
    const last = kvs.at(-1);
    if (more && limit === undefined) {
      throw new Fault("too-large", `Cannot scan: more than ${SCAN_KEYS_MAX} keys; give a limit`);
    }
    const read = more && last !== undefined ? { key: range.key, end: `${last.key}\0` } : range;
    this.rangesRead.push(read);
    // A locked key has been read anew, and that has found it unchanged.
    for (const kv of kvs) if (!this.known.has(kv.key)) this.known.set(kv.key, kv);
    for (const { key } of kvs) this.keysRead.add(key);
    return { kvs, read };
  }

  async #read<Result>(body: () => Promise<Result>): Promise<Result> {
    try {
      return await body();
    } catch (error) {
      if (!(error instanceof StoreError && error.code === "compacted")) throw error;
      const text = `Cannot read as of revision ${this.revision}: it was compacted during the transaction`;
      throw new TransactionAborted("compacted", text, { cause: error });
    }
  }
}
