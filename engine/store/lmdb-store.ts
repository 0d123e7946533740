import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { type Clock, systemClock } from "@plinth/clock";
import { Fault } from "@plinth/fault";
import { syncDirectory, takeFileLock } from "@plinth/file";
import { diagnoseWriteFailure } from "./disk.ts";
import { KeyIndex, type Version } from "./key-index.ts";
import {
  GROUP_BYTES_MAX,
  GROUP_TRANSACTIONS_MAX,
  HISTORY_BYTES_MAX,
  HISTORY_REVISIONS_MAX,
  HISTORY_REVISIONS_SLACK,
  PENDING_BYTES_MAX,
  PENDING_TRANSACTIONS_MAX,
  PROBE_BYTES,
  PROBE_INTERVAL_MS,
  REMOVALS_PER_COMMIT_MAX,
  STORE_BYTES_MAX,
  WATCHERS_MAX,
} from "./limits.ts";
import { type LogFile, openLogFile } from "./log-file.ts";
import type {
  Compare,
  Entry,
  Operation,
  RangeOptions,
  ReadOptions,
  Store,
  TransactionResult,
  WatchEvent,
  WatchOptions,
} from "./store.ts";
import { checkKey, checkPrefix, checkTransaction, runTransaction, type Write } from "./transaction.ts";
import { Watcher } from "./watcher.ts";

export interface StoreOptions {
  /** Paces the attempts to write to a failing disk. Default: the system's. */
  readonly clock?: Clock;
  /** Default: 10,000 revisions; smaller in tests. */
  readonly historyRevisions?: number;
  /** Told when writes begin to be refused (the reason) and when they are taken again (undefined). */
  readonly onReadOnly?: (reason: string | undefined) => void;
}

interface Pending {
  readonly compares: readonly Compare[];
  readonly success: readonly Operation[];
  readonly failure: readonly Operation[];
  readonly valueBytes: number;
  readonly resolve: (result: TransactionResult) => void;
  readonly reject: (fault: Fault) => void;
}

const EMPTY = new Uint8Array(0);

/** Opens the store in a directory, which is made if need be; Fault "conflict" while another process has it open. */
export async function openStore(directory: string, options: StoreOptions = {}): Promise<Store> {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  await using setup = new AsyncDisposableStack();
  const lock = takeFileLock(join(directory, "writer.lock"));
  if (lock === undefined) {
    throw new Fault("conflict", `Cannot open store "${directory}": another process has it open`);
  }
  setup.use(lock);
  const file = setup.use(await openLogFile(directory));
  await syncDirectory(directory);
  const index = new KeyIndex();
  const { revision, compactedRevision } = file.load((version) => index.append(version));
  const store = new LmdbStore(directory, file, index, revision, compactedRevision, options);
  const lifetime = setup.move();
  store.owned = lifetime;
  return store;
}

/**
 * One writer groups what is waiting into one commit. Invariants: at most one commit is under way; `revision` moves only
 * after its sync; the index holds versions newer than `revision` only while a commit is under way.
 */
class LmdbStore implements Store {
  owned: AsyncDisposable | undefined;
  revision: number;
  compactedRevision: number;
  readOnlyReason: string | undefined;
  readonly index: KeyIndex;
  readonly #directory: string;
  readonly #file: LogFile;
  readonly #clock: Clock;
  readonly #historyRevisions: number;
  readonly #onReadOnly: (reason: string | undefined) => void;
  readonly #watchers: Set<Watcher> = new Set();
  #pending: Pending[] = [];
  #pendingBytes = 0;
  /** Records that compaction has taken out of the index and not yet out of the file. */
  #garbage: Version[];
  #compactTo: number;
  #compactionWaiters: PromiseWithResolvers<void>[] = [];
  #writing: Promise<void> | undefined;
  #cancelProbe: (() => void) | undefined;
  #closed = false;

  constructor(
    directory: string,
    file: LogFile,
    index: KeyIndex,
    revision: number,
    compactedRevision: number,
    options: StoreOptions,
  ) {
    this.#directory = directory;
    this.#file = file;
    this.index = index;
    this.revision = revision;
    this.compactedRevision = compactedRevision;
    this.#compactTo = compactedRevision;
    this.#clock = options.clock ?? systemClock;
    this.#historyRevisions = options.historyRevisions ?? HISTORY_REVISIONS_MAX;
    this.#onReadOnly = options.onReadOnly ?? (() => {});
    // What a crash left between a compaction's first commit and its last.
    this.#garbage = index.compact(compactedRevision);
  }

  get(key: string, options?: ReadOptions): Entry | undefined {
    this.#assertOpen();
    checkKey(key);
    const version = this.index.at(key, this.#readable(options?.revision));
    return version && this.#entryOf(version);
  }

  range(prefix: string, options?: RangeOptions): Entry[] {
    this.#assertOpen();
    checkPrefix(prefix);
    const revision = this.#readable(options?.revision);
    const limit = options?.limit ?? Infinity;
    const entries: Entry[] = [];
    if (limit <= 0) return entries;
    this.index.scan(prefix, options?.after, (key) => {
      const version = this.index.at(key, revision);
      if (version !== undefined) entries.push(this.#entryOf(version));
      return entries.length < limit;
    });
    return entries;
  }

  async transact(
    compares: readonly Compare[],
    success: readonly Operation[],
    failure: readonly Operation[] = [],
  ): Promise<TransactionResult> {
    const valueBytes = checkTransaction(compares, success, failure);
    this.#assertOpen();
    this.#assertWritable();
    if (
      this.#pending.length >= PENDING_TRANSACTIONS_MAX ||
      this.#pendingBytes + valueBytes > PENDING_BYTES_MAX
    ) {
      throw new Fault(
        "exhausted",
        `Cannot write: ${this.#pending.length} writes (${this.#pendingBytes} bytes) wait for the disk already`,
      );
    }
    const { promise, resolve, reject } = Promise.withResolvers<TransactionResult>();
    this.#pendingBytes += valueBytes;
    this.#pending.push({ compares, success, failure, valueBytes, resolve, reject });
    this.#startWriting();
    return promise;
  }

  watch(prefix: string, options: WatchOptions): Watcher {
    this.#assertOpen();
    checkPrefix(prefix);
    if (this.#watchers.size >= WATCHERS_MAX) {
      throw new Fault("exhausted", `Cannot watch "${prefix}": ${WATCHERS_MAX} watchers are open already`);
    }
    const from = options.fromRevision ?? this.revision + 1;
    const watcher = new Watcher(this, prefix, from, options.signal, (ended) => this.#watchers.delete(ended));
    this.#watchers.add(watcher);
    return watcher;
  }

  async compact(revision: number): Promise<void> {
    this.#assertOpen();
    this.#assertWritable();
    if (revision > this.revision) {
      throw new Fault("invalid", `Cannot compact to revision ${revision}: the newest is ${this.revision}`);
    }
    if (revision <= this.compactedRevision) return;
    this.#compactTo = Math.max(this.#compactTo, revision);
    const waiter = Promise.withResolvers<void>();
    this.#compactionWaiters.push(waiter);
    this.#startWriting();
    return waiter.promise;
  }

  eventOf(version: Version): WatchEvent {
    const before = this.index.at(version.key, version.revision - 1);
    return {
      type: version.deleted ? "delete" : "put",
      entry: this.#entryOf(version),
      previous: before && this.#entryOf(before),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#cancelProbe?.();
    for (const watcher of this.#watchers) {
      watcher.fail(new Fault("unavailable", "Cannot watch on: the store is closing"));
    }
    await this.#writing;
    await this.owned?.[Symbol.asyncDispose]();
  }

  #assertOpen(): void {
    if (this.#closed) throw new Fault("unavailable", "Cannot use the store: it is closed");
  }

  #assertWritable(): void {
    if (this.readOnlyReason !== undefined) throw this.#readOnlyFault(this.readOnlyReason);
    if (this.index.liveBytes > STORE_BYTES_MAX) {
      throw new Fault("exhausted", `Cannot write: the store holds its limit of ${STORE_BYTES_MAX} bytes`);
    }
  }

  #readOnlyFault(reason: string): Fault {
    return new Fault(
      reason.startsWith("the disk is full") ? "exhausted" : "unavailable",
      `Cannot write: ${reason}`,
      { hint: "Reads go on. Writing is tried again every few seconds." },
    );
  }

  #readable(revision: number | undefined): number {
    if (revision === undefined || revision === this.revision) return this.revision;
    if (revision > this.revision) {
      throw new Fault("invalid", `Cannot read revision ${revision}: the newest is ${this.revision}`);
    }
    if (revision < this.compactedRevision) {
      throw new Fault(
        "gone",
        `Cannot read revision ${revision}: history before ${this.compactedRevision} is compacted`,
      );
    }
    return revision;
  }

  #entryOf(version: Version): Entry {
    return {
      key: version.key,
      value: version.deleted ? EMPTY : this.#file.value(version),
      createRevision: version.createRevision,
      modRevision: version.revision,
      version: version.version,
    };
  }

  #startWriting(): void {
    // The commit begins in a later microtask, so that writes of the same turn share it.
    this.#writing ??= Promise.resolve().then(async () => {
      try {
        while (
          this.#pending.length > 0 ||
          this.#compactTo > this.compactedRevision ||
          this.#garbage.length > 0
        ) {
          await this.#writeGroup();
          if (this.readOnlyReason !== undefined) break;
        }
      } finally {
        this.#writing = undefined;
      }
    });
  }

  #takeGroup(): Pending[] {
    let count = 0;
    let bytes = 0;
    while (count < this.#pending.length && count < GROUP_TRANSACTIONS_MAX && bytes < GROUP_BYTES_MAX) {
      bytes += this.#pending[count++]!.valueBytes;
    }
    this.#pendingBytes -= bytes;
    return this.#pending.splice(0, count);
  }

  async #writeGroup(): Promise<void> {
    const group = this.#takeGroup();
    const before = this.revision;
    let after = before;
    const writes: Write[] = [];
    const results: TransactionResult[] = [];
    for (const { compares, success, failure } of group) {
      const outcome = runTransaction(this.index, after + 1, compares, success, failure);
      if (outcome.writes.length > 0) after += 1;
      for (const write of outcome.writes) writes.push(write);
      results.push({ succeeded: outcome.succeeded, revision: after });
    }
    const compactTo = this.#compactTo > this.compactedRevision ? this.#compactTo : undefined;
    const removals = this.#garbage.slice(-REMOVALS_PER_COMMIT_MAX);
    if (writes.length > 0 || removals.length > 0 || compactTo !== undefined) {
      try {
        await this.#file.commit({ writes, removals, compactedRevision: compactTo });
      } catch (error) {
        this.index.revert(before);
        this.#turnReadOnly(await diagnoseWriteFailure(this.#directory, error), group);
        return;
      }
    }
    this.#garbage.length -= removals.length;
    this.revision = after;
    const keys = writes.map((write) => write.version.key);
    for (const watcher of this.#watchers) watcher.notice(before + 1, after, keys);
    if (compactTo !== undefined) this.#compacted(compactTo);
    group.forEach((pending, position) => pending.resolve(results[position]!));
    this.#keepHistoryBounded();
  }

  #compacted(revision: number): void {
    this.compactedRevision = revision;
    this.#garbage = this.#garbage.concat(this.index.compact(revision));
    for (const waiter of this.#compactionWaiters.splice(0)) waiter.resolve();
  }

  #keepHistoryBounded(): void {
    const history = this.revision - this.compactedRevision;
    let keep = history;
    if (history > this.#historyRevisions + HISTORY_REVISIONS_SLACK) keep = this.#historyRevisions;
    if (this.index.historyBytes > HISTORY_BYTES_MAX) keep = Math.min(keep, history >>> 1);
    this.#compactTo = Math.max(this.#compactTo, this.revision - keep);
  }

  #turnReadOnly(reason: string, group: readonly Pending[]): void {
    this.readOnlyReason = reason;
    this.#onReadOnly(reason);
    const refused = [...group, ...this.#pending.splice(0)];
    this.#pendingBytes = 0;
    this.#compactTo = this.compactedRevision;
    for (const waiter of this.#compactionWaiters.splice(0)) waiter.reject(this.#readOnlyFault(reason));
    for (const pending of refused) pending.reject(this.#readOnlyFault(reason));
    this.#scheduleProbe();
  }

  #scheduleProbe(): void {
    if (this.#closed) return;
    this.#cancelProbe = this.#clock.schedule(PROBE_INTERVAL_MS, () => {
      this.#writing ??= this.#probe().finally(() => {
        this.#writing = undefined;
      });
    });
  }

  /** Writes and removes something; once that is synced, writes are taken again. */
  async #probe(): Promise<void> {
    try {
      await this.#file.probe(PROBE_BYTES);
    } catch (error) {
      const reason = await diagnoseWriteFailure(this.#directory, error);
      if (reason !== this.readOnlyReason) this.#onReadOnly(reason);
      this.readOnlyReason = reason;
      this.#scheduleProbe();
      return;
    }
    assert(this.#pending.length === 0, "a read-only store takes no writes");
    this.readOnlyReason = undefined;
    this.#onReadOnly(undefined);
  }
}
