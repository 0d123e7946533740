import type { Clock } from "@plinth/clock";
import {
  type At,
  type KeyRange,
  type KeyValue,
  type RangeQuery,
  type RangeResult,
  StoreError,
  type WatchOptions,
} from "../mvcc.ts";
import type { MvccWatcher, WatchSource } from "../mvcc-watcher.ts";
import { readRange, type Records } from "../range-read.ts";
import { boundsOf, checkRange } from "../request-check.ts";
import { Retainer, type Retention } from "../retention.ts";
import { type Version, VersionIndex } from "../version-index.ts";
import { WatcherSet } from "../watcher-set.ts";
import { putOf } from "./change.ts";

/** Somebody who waits until the keys are as they should be. */
interface Waiter {
  readonly holds: () => boolean;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Keys of another store in memory, with their recent history. What it is told is in order of revision. */
export class MirroredKeys implements WatchSource, Disposable {
  readonly records: Records;
  revision: number;
  /** History before the first listing was never here. */
  compactedRevision: number;
  readonly #clock: Clock;
  readonly #index: VersionIndex = new VersionIndex();
  readonly #watchers: WatcherSet;
  readonly #waiters: Set<Waiter> = new Set();
  readonly #retainer: Retainer;
  #closed = false;

  constructor(
    listed: readonly KeyValue[],
    revision: number,
    { clock, retention }: { readonly clock: Clock; readonly retention: Retention },
  ) {
    this.records = { index: this.#index, valueOf: (version) => version.value! };
    this.#watchers = new WatcherSet(this.records);
    this.revision = revision;
    this.compactedRevision = revision;
    this.#clock = clock;
    for (const version of listed.map(putOf).sort((left, right) => left.revision - right.revision)) {
      this.#index.append(version);
    }
    this.#index.publish(revision, () => {});
    this.#index.compact(revision);
    this.#retainer = new Retainer(this, this.#index, clock, retention);
  }

  /** Bytes of all keys and values, history included. */
  get bytes(): number {
    return this.#index.bytes;
  }

  /** Takes what has happened up to a revision. */
  apply(versions: readonly Version[], revision: number): void {
    const before = this.revision;
    for (const version of versions) this.#index.append(version);
    this.#index.publish(revision, () => {});
    this.revision = revision;
    this.#watchers.notice(before + 1, revision, versions);
    for (const waiter of this.#waiters) if (waiter.holds()) waiter.resolve();
    this.#retainer.committed();
  }

  /** Of now only. */
  range(query: RangeQuery): At<RangeResult> {
    this.#assertOpen();
    checkRange(query);
    return { ...readRange(this.records, query, this.revision), revision: this.revision };
  }

  watch(range: KeyRange, options: WatchOptions): MvccWatcher {
    this.#assertOpen();
    return this.#watchers.open(this, range, options);
  }

  /** Forgets history here; what the other store keeps is its own affair. */
  async compact(revision: number): Promise<void> {
    this.#assertOpen();
    if (revision > this.revision) {
      throw new StoreError("future-revision", `Revision ${revision} is to come`);
    }
    if (revision <= this.compactedRevision) {
      throw new StoreError("compacted", `Revision ${revision} is compacted`, this.compactedRevision);
    }
    this.compactedRevision = revision;
    this.#index.compact(revision);
  }

  /** Whether a key of the range is here that was last written at or before a revision. */
  hasOlder(range: KeyRange, revision: number): boolean {
    let found = false;
    this.#index.scan(boundsOf(range), this.revision, (version) => {
      found = version.revision <= revision;
      return !found;
    });
    return found;
  }

  /** Resolves once a condition on the keys holds; rejects with `late()` when it does not in time. */
  async until(holds: () => boolean, timeoutMs: number, late: () => Error): Promise<void> {
    this.#assertOpen();
    if (holds()) return;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const waiter: Waiter = { holds, resolve, reject };
    const cancel = this.#clock.schedule(timeoutMs, () => reject(late()));
    this.#waiters.add(waiter);
    try {
      await promise;
    } finally {
      cancel();
      this.#waiters.delete(waiter);
    }
  }

  [Symbol.dispose](): void {
    this.#closed = true;
    this.#retainer[Symbol.dispose]();
    this.#watchers.fail(stopped());
    for (const waiter of this.#waiters) waiter.reject(stopped());
  }

  #assertOpen(): void {
    if (this.#closed) throw stopped();
  }
}

export function stopped(): StoreError {
  return new StoreError("stopped", "Cannot use the store: it is closed");
}
