import type { Clock } from "@plinth/clock";
import { CommitGroup, type GroupBase } from "./commit-group.ts";
import { diagnoseWriteFailure } from "./disk.ts";
import type { LeaseTable } from "./lease-table.ts";
import {
  GROUP_BYTES_MAX,
  GROUP_TRANSACTIONS_MAX,
  PENDING_BYTES_MAX,
  PENDING_TRANSACTIONS_MAX,
  PROBE_BYTES,
  PROBE_INTERVAL_MS,
  REMOVALS_PER_COMMIT_MAX,
} from "./limits.ts";
import { type ByteString, StoreError } from "./mvcc.ts";

import type { Records } from "./range-read.ts";
import type { Loaded, RecordFile } from "./record-file.ts";
import type { Version } from "./version-index.ts";
import type { WatcherSet } from "./watcher-set.ts";

/** A request that waits: it runs on a group, and is settled once the group is on disk. */
interface Pending {
  readonly bytes: number;
  /** Runs it; what it returns settles it. */
  readonly run: (group: CommitGroup) => () => void;
  readonly reject: (error: StoreError) => void;
}

export interface CommitQueueOptions {
  readonly directory: string;
  readonly clock: Clock;
  readonly file: RecordFile;
  /** Its index holds what was loaded. */
  readonly records: Records;
  readonly leases: LeaseTable;
  readonly watchers: WatcherSet;
  readonly loaded: Loaded;
  readonly onReadOnly: (reason: string | undefined) => void;
  readonly onCommitted: () => void;
}

/**
 * One writer groups what is waiting into one commit. Invariants: at most one commit is under way; `revision` moves only
 * after its sync; the index holds versions newer than `revision` only while a commit is under way.
 */
export class CommitQueue implements GroupBase, AsyncDisposable {
  readonly #options: CommitQueueOptions;
  readonly records: Records;
  revision: number;
  compactedRevision: number;
  noSpace: boolean;
  note: Uint8Array;
  readOnlyReason: string | undefined;
  #pending: Pending[] = [];
  #pendingBytes = 0;
  /** Records that compaction has taken out of the index and not yet out of the file. */
  #garbage: Version[];
  #clearedWaiters: PromiseWithResolvers<void>[] = [];
  #writing: Promise<void> | undefined;
  #cancelProbe: (() => void) | undefined;
  #closed = false;

  constructor(options: CommitQueueOptions) {
    const { records, leases, loaded } = options;
    this.#options = options;
    this.records = records;
    this.revision = loaded.revision;
    this.compactedRevision = loaded.compactedRevision;
    this.noSpace = loaded.noSpace;
    this.note = loaded.note;
    for (const [id, ttl] of loaded.leases) leases.add(id, ttl);
    records.index.publish(loaded.revision, (key, from, to) => leases.move(key, from, to));
    // What a crash left between a compaction's first commit and its last.
    this.#garbage = loaded.compactedRevision < 0 ? [] : records.index.compact(loaded.compactedRevision);
  }

  hasLease(id: bigint): boolean {
    return this.#options.leases.has(id);
  }

  leaseKeys(id: bigint): Iterable<ByteString> {
    return this.#options.leases.keys(id);
  }

  /** For requests that write nothing: they see what is published. */
  emptyGroup(): CommitGroup {
    return new CommitGroup(this);
  }

  /** Resolves with what `run` returns once it is on disk; `bytes` are its keys' and values'. */
  submit<Result>(bytes: number, run: (group: CommitGroup) => Result): Promise<Result> {
    const { promise, resolve, reject } = Promise.withResolvers<Result>();
    const refusal = this.#refusalOf(bytes);
    if (refusal !== undefined) {
      reject(refusal);
      return promise;
    }
    this.#pendingBytes += bytes;
    this.#pending.push({
      bytes,
      reject,
      run: (group) => {
        try {
          const result = run(group);
          return () => resolve(result);
        } catch (error) {
          return () => reject(error);
        }
      },
    });
    this.#startWriting();
    return promise;
  }

  /** Resolves once the space of all that was compacted is free. */
  async untilCleared(): Promise<void> {
    if (this.#garbage.length === 0) return;
    const waiter = Promise.withResolvers<void>();
    this.#clearedWaiters.push(waiter);
    await waiter.promise;
  }

  /** Finishes what was submitted. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    this.#cancelProbe?.();
    await this.#writing;
    for (const waiter of this.#clearedWaiters.splice(0)) {
      waiter.reject(new StoreError("stopped", "Cannot wait for compaction: the store is closing"));
    }
  }

  #refusalOf(bytes: number): StoreError | undefined {
    if (this.#closed) return new StoreError("stopped", "Cannot write: the store is closed");
    if (this.readOnlyReason !== undefined) return this.#readOnly(this.readOnlyReason);
    if (bytes > GROUP_BYTES_MAX) {
      return new StoreError("request-too-large", `Cannot write ${bytes} bytes: at most ${GROUP_BYTES_MAX}`);
    }
    const waiting = this.#pending.length;
    if (waiting < PENDING_TRANSACTIONS_MAX && this.#pendingBytes + bytes <= PENDING_BYTES_MAX)
      return undefined;
    return new StoreError(
      "too-many-requests",
      `Cannot write: ${waiting} writes (${this.#pendingBytes} bytes) wait for the disk already`,
    );
  }

  #readOnly(reason: string): StoreError {
    return new StoreError("read-only", `Cannot write: ${reason}`);
  }

  #startWriting(): void {
    // The commit begins in a later microtask, so that writes of the same turn share it.
    this.#writing ??= Promise.resolve().then(async () => {
      try {
        while (this.#pending.length > 0 || (this.#garbage.length > 0 && !this.#closed)) {
          await this.#writeGroup();
          if (this.readOnlyReason !== undefined) break;
        }
      } finally {
        this.#writing = undefined;
      }
    });
  }

  #takePending(): Pending[] {
    let count = 0;
    let bytes = 0;
    while (count < this.#pending.length && count < GROUP_TRANSACTIONS_MAX && bytes < GROUP_BYTES_MAX) {
      bytes += this.#pending[count++]!.bytes;
    }
    this.#pendingBytes -= bytes;
    return this.#pending.splice(0, count);
  }

  async #writeGroup(): Promise<void> {
    const { file, records, directory } = this.#options;
    const taken = this.#takePending();
    const group = new CommitGroup(this);
    const settlements = taken.map((pending) => pending.run(group));
    const removals = this.#garbage.slice(-REMOVALS_PER_COMMIT_MAX);
    const compactedRevision =
      group.compactedRevision > this.compactedRevision ? group.compactedRevision : undefined;
    const { writes, granted, revoked, noSpace, note } = group;
    const told = compactedRevision !== undefined || noSpace !== undefined || note !== undefined;
    const facts = granted.size + revoked.size + Number(told);
    if (writes.length + removals.length + facts > 0) {
      try {
        await file.commit({ writes, removals, compactedRevision, granted, revoked, noSpace, note });
      } catch (error) {
        records.index.revert(this.revision);
        this.#turnReadOnly(await diagnoseWriteFailure(directory, error), taken);
        return;
      }
    }
    this.#garbage.length -= removals.length;
    this.#publish(group);
    for (const settle of settlements) settle();
    if (this.#garbage.length === 0) for (const waiter of this.#clearedWaiters.splice(0)) waiter.resolve();
    this.#options.onCommitted();
  }

  /** Shows readers and watchers what a group has put on disk. */
  #publish(group: CommitGroup): void {
    const { records, leases, watchers } = this.#options;
    const before = this.revision;
    this.revision = group.revision;
    for (const [id, ttl] of group.granted) leases.add(id, ttl);
    records.index.publish(group.revision, (key, from, to) => leases.move(key, from, to));
    for (const id of group.revoked) leases.remove(id);
    if (group.noSpace !== undefined) this.noSpace = group.noSpace;
    if (group.note !== undefined) this.note = group.note;
    if (group.writes.length > 0) watchers.notice(before + 1, group.revision, group.writes);
    if (group.compactedRevision === this.compactedRevision) return;
    this.compactedRevision = group.compactedRevision;
    this.#garbage = this.#garbage.concat(records.index.compact(group.compactedRevision));
  }

  #turnReadOnly(reason: string, group: readonly Pending[]): void {
    this.readOnlyReason = reason;
    this.#options.onReadOnly(reason);
    const refused = [...group, ...this.#pending.splice(0), ...this.#clearedWaiters.splice(0)];
    this.#pendingBytes = 0;
    for (const pending of refused) pending.reject(this.#readOnly(reason));
    this.#scheduleProbe();
  }

  #scheduleProbe(): void {
    if (this.#closed) return;
    this.#cancelProbe = this.#options.clock.schedule(PROBE_INTERVAL_MS, () => {
      this.#writing ??= this.#probe().finally(() => {
        this.#writing = undefined;
      });
    });
  }

  /** Writes and removes something; once that is synced, writes are taken again. */
  async #probe(): Promise<void> {
    const { file, directory, onReadOnly } = this.#options;
    try {
      await file.probe(PROBE_BYTES);
    } catch (error) {
      const reason = await diagnoseWriteFailure(directory, error);
      if (reason !== this.readOnlyReason) onReadOnly(reason);
      this.readOnlyReason = reason;
      this.#scheduleProbe();
      return;
    }
    this.readOnlyReason = undefined;
    onReadOnly(undefined);
  }
}
