import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { type Clock, type Random, systemClock, systemRandom } from "@plinth/clock";
import { Fault } from "@plinth/fault";
import { syncDirectory, takeFileLock } from "@plinth/file";
import { CommitGroup } from "./commit-group.ts";
import { CommitQueue } from "./commit-queue.ts";
import { hashOf } from "./hash.ts";
import { LeaseTable } from "./lease-table.ts";
import {
  LEASE_TTL_MAX_S,
  LEASE_TTL_MIN_S,
  LEASES_MAX,
  STORE_BYTES_MAX,
  TRANSACTION_OPERATIONS_MAX,
} from "./limits.ts";
import {
  type At,
  type DeleteRange,
  type DiskTimes,
  type KeyRange,
  type KeyValue,
  type LeaseState,
  type Mvcc,
  type Operation,
  type Put,
  type RangeQuery,
  type RangeResult,
  StoreError,
  type Transaction,
  type TransactionResult,
  type WatchOptions,
} from "./mvcc.ts";
import { openLoggedFile } from "./logged-file.ts";
import { openMvccFile } from "./mvcc-file.ts";
import type { MvccWatcher } from "./mvcc-watcher.ts";
import { readRange, type Records } from "./range-read.ts";
import type { Pair, RecordFile } from "./record-file.ts";
import { checkNote, checkPut, checkRange, checkTransaction } from "./request-check.ts";
import { Retainer, type Retention } from "./retention.ts";
import { writeSnapshot } from "./snapshot.ts";
import { ValueCache } from "./value-cache.ts";
import { VersionIndex } from "./version-index.ts";
import { WatcherSet } from "./watcher-set.ts";

export interface MvccOptions {
  /** The time of leases, of retention, and between attempts to write to a failing disk. Default: the system's. */
  readonly clock?: Clock;
  /** Draws the identifiers of leases. Default: the system's. */
  readonly random?: Random;
  /** Bytes of records, history included, from which on `noSpace` is raised. Default: 2 GiB, as etcd's. */
  readonly quotaBytes?: number;
  /** Operations and compares of one transaction, nested ones included. Default: 128, as etcd's. */
  readonly operationsMax?: number;
  /** Default: "off", as etcd's. */
  readonly retention?: Retention;
  /**
   * Commits are synced in a write-ahead log and brought to LMDB by a thread. Default: true; false is LMDB alone, the
   * reference that tests and benchmarks hold it against, and which does not open what has a log.
   */
  readonly log?: boolean;
  /** Told when writes begin to be refused (the reason) and when they are taken again (undefined). */
  readonly onReadOnly?: (reason: string | undefined) => void;
}

/**
 * Opens the store in a directory, which is made if need be; older formats are taken over. Fault "conflict" while
 * another process has it open; StoreError `corrupt` for a broken record.
 */
export async function openMvcc(directory: string, options: MvccOptions = {}): Promise<MvccStore> {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  await using setup = new AsyncDisposableStack();
  const lock = takeFileLock(join(directory, "writer.lock"));
  if (lock === undefined) {
    throw new Fault("conflict", `Cannot open store "${directory}": another process has it open`);
  }
  setup.use(lock);
  const file = setup.use(
    options.log === false
      ? await openMvccFile(directory)
      : await openLoggedFile(directory, options.clock ?? systemClock),
  );
  await syncDirectory(directory);
  const store = new MvccStore(directory, file, options);
  await file.trim();
  store.owned = setup.move();
  return store;
}

/** etcd's operations on the index, the file, the leases and the queue of commits. */
export class MvccStore implements Mvcc {
  owned: AsyncDisposable | undefined;
  readonly #file: RecordFile;
  readonly #records: Records;
  readonly #leases: LeaseTable;
  readonly #queue: CommitQueue;
  readonly #retainer: Retainer;
  readonly #watchers: WatcherSet;
  readonly #snapshots: Set<Generator<Pair, void>> = new Set();
  readonly #random: Random;
  readonly #quotaBytes: number;
  readonly #operationsMax: number;
  #closed = false;

  constructor(directory: string, file: RecordFile, options: MvccOptions) {
    const clock = options.clock ?? systemClock;
    const index = new VersionIndex();
    this.#file = file;
    this.#random = options.random ?? systemRandom;
    this.#quotaBytes = options.quotaBytes ?? STORE_BYTES_MAX;
    this.#operationsMax = options.operationsMax ?? TRANSACTION_OPERATIONS_MAX;
    const values = new ValueCache((version) => file.value(version));
    this.#records = { index, valueOf: (version) => version.value ?? values.valueOf(version) };
    this.#watchers = new WatcherSet(this.#records);
    this.#leases = new LeaseTable(clock, (id) => this.#endLease(id));
    const loaded = file.load((version) => index.load(version));
    this.#queue = new CommitQueue({
      directory,
      clock,
      file,
      records: this.#records,
      leases: this.#leases,
      watchers: this.#watchers,
      loaded,
      onReadOnly: options.onReadOnly ?? (() => {}),
      onCommitted: () => this.#retainer.committed(),
    });
    this.#retainer = new Retainer(this, index, clock, options.retention ?? "off");
  }

  get revision(): number {
    return this.#queue.revision;
  }

  get compactedRevision(): number {
    return this.#queue.compactedRevision;
  }

  get noSpace(): boolean {
    return this.#queue.noSpace;
  }

  get note(): Uint8Array {
    return this.#queue.note;
  }

  get readOnlyReason(): string | undefined {
    return this.#queue.readOnlyReason;
  }

  get size(): { readonly allocated: number; readonly inUse: number } {
    this.#assertOpen();
    return this.#file.size();
  }

  get diskTimes(): DiskTimes | undefined {
    return this.#file.times;
  }

  range(query: RangeQuery): At<RangeResult> {
    this.#assertOpen();
    checkRange(query);
    const revision = this.#readable(query.revision);
    return { ...readRange(this.#records, query, revision), revision: this.revision };
  }

  async put(put: Put): Promise<At<{ readonly previous: KeyValue | undefined }>> {
    checkPut(put);
    return this.#write(put.key.length + put.value.length, true, (group) => {
      // Alone, a put is refused for its lease first, within a transaction for its key.
      group.checkLease(put.lease);
      const [result] = group.run([{ kind: "put", put }]);
      return { previous: result?.kind === "put" ? result.previous : undefined, revision: group.revision };
    });
  }

  async delete(
    range: DeleteRange,
  ): Promise<At<{ readonly deleted: number; readonly previous: readonly KeyValue[] }>> {
    checkRange(range);
    return this.#write(0, false, (group) => {
      const [result] = group.run([{ kind: "delete", delete: range }]);
      if (result?.kind !== "delete") throw new Error("a deletion's result is of its kind");
      return { deleted: result.deleted, previous: result.previous, revision: group.revision };
    });
  }

  async transact(transaction: Transaction): Promise<At<TransactionResult>> {
    checkTransaction(transaction, this.#operationsMax);
    const run = (group: CommitGroup): At<TransactionResult> => {
      const [result] = group.run([{ kind: "transaction", transaction }]);
      if (result?.kind !== "transaction") throw new Error("a transaction's result is of its kind");
      return { ...result.transaction, revision: group.revision };
    };
    const { bytes, puts, writes } = costOf(transaction);
    if (!writes) {
      this.#assertOpen();
      return run(this.#queue.emptyGroup());
    }
    return this.#write(bytes, puts, run);
  }

  watch(range: KeyRange, options: WatchOptions): MvccWatcher {
    this.#assertOpen();
    return this.#watchers.open(this.#queue, range, options);
  }

  async compact(revision: number, physical: boolean): Promise<void> {
    await this.#write(0, false, (group) => {
      if (revision <= group.compactedRevision) {
        throw new StoreError("compacted", `Revision ${revision} is compacted`, group.compactedRevision);
      }
      group.checkReadable(revision);
      group.compactedRevision = revision;
    });
    if (physical) await this.#queue.untilCleared();
  }

  async grantLease(id: bigint, ttl: number): Promise<LeaseState> {
    if (ttl > LEASE_TTL_MAX_S) {
      throw new StoreError(
        "lease-ttl-too-large",
        `Cannot grant a lease of ${ttl} s: at most ${LEASE_TTL_MAX_S}`,
      );
    }
    return this.#write(0, true, (group) => {
      const chosen = id === 0n ? this.#freeLeaseId(group) : id;
      if (group.hasLease(chosen)) {
        throw new StoreError("lease-exists", `Cannot grant lease ${chosen}: there is one`);
      }
      if (this.#leases.count + group.granted.size >= LEASES_MAX) {
        throw new StoreError("too-many-requests", `Cannot grant lease: there are ${LEASES_MAX} already`);
      }
      const grantedTtl = Math.max(LEASE_TTL_MIN_S, Math.floor(ttl));
      group.revoked.delete(chosen);
      group.granted.set(chosen, grantedTtl);
      return { id: chosen, grantedTtl, ttl: grantedTtl, keys: [] };
    });
  }

  async revokeLease(id: bigint): Promise<void> {
    await this.#write(0, false, (group) => revoke(group, id));
  }

  keepLeaseAlive(id: bigint): number {
    this.#assertOpen();
    const ttl = this.#leases.renew(id);
    if (ttl !== undefined) return ttl;
    throw new StoreError("lease-not-found", `Cannot keep lease ${id} alive: there is none`);
  }

  lease(id: bigint, withKeys: boolean): LeaseState {
    this.#assertOpen();
    return this.#leases.state(id, withKeys);
  }

  leases(): readonly bigint[] {
    this.#assertOpen();
    return this.#leases.ids();
  }

  hash(revision: number): number {
    return hashOf(this.range({ key: "\0", end: "", revision }).kvs);
  }

  async setNoSpace(raised: boolean): Promise<void> {
    await this.#write(0, false, (group) => {
      group.noSpace = raised;
    });
  }

  async setNote(note: Uint8Array): Promise<void> {
    checkNote(note);
    await this.#write(note.length, false, (group) => {
      group.note = note;
    });
  }

  snapshot(): AsyncIterable<Uint8Array> {
    this.#assertOpen();
    return writeSnapshot(this.#pairs());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#leases[Symbol.dispose]();
    this.#retainer[Symbol.dispose]();
    this.#watchers.fail(stopped());
    // A view of the file must not outlive it.
    for (const pairs of this.#snapshots) pairs.return();
    await this.#queue[Symbol.asyncDispose]();
    await this.owned?.[Symbol.asyncDispose]();
  }

  async *#pairs(): AsyncGenerator<Pair, void> {
    this.#assertOpen();
    await this.#file.settle();
    this.#assertOpen();
    const pairs = this.#file.pairs();
    this.#snapshots.add(pairs);
    try {
      for (const pair of pairs) yield pair;
      this.#assertOpen();
    } finally {
      this.#snapshots.delete(pairs);
    }
  }

  #assertOpen(): void {
    if (this.#closed) throw stopped();
  }

  #readable(revision: number | undefined): number {
    if (!revision) return this.revision;
    this.#queue.emptyGroup().checkReadable(revision);
    return revision;
  }

  /** Queues a request; `puts`: it may need room. */
  async #write<Result>(bytes: number, puts: boolean, run: (group: CommitGroup) => Result): Promise<Result> {
    this.#assertOpen();
    return this.#queue.submit(bytes, (group) => {
      if (puts) this.#admit(group, bytes);
      return run(group);
    });
  }

  /** Refuses what there is no room for, and from then on all that needs room. */
  #admit(group: CommitGroup, bytes: number): void {
    const used = this.#records.index.bytes;
    if (group.noSpace ?? this.noSpace) {
      throw new StoreError("no-space", "Cannot write: the quota was reached, and its alarm is not lifted");
    }
    if (used + bytes <= this.#quotaBytes) return;
    group.noSpace = true;
    throw new StoreError("no-space", `Cannot write: ${used} bytes of ${this.#quotaBytes} are used`);
  }

  #freeLeaseId(group: CommitGroup): bigint {
    for (;;) {
      const high = BigInt(Math.floor(this.#random() * 2 ** 31));
      const id = (high << 32n) | BigInt(Math.floor(this.#random() * 2 ** 32));
      if (id !== 0n && !group.hasLease(id)) return id;
    }
  }

  /** A lease whose time is over; where its end cannot be written, it is tried again. */
  #endLease(id: bigint): void {
    this.#queue
      .submit(0, (group) => {
        if (this.#leases.isEnding(id) && !group.granted.has(id) && group.hasLease(id)) revoke(group, id);
      })
      .catch(() => this.#leases.retry(id));
  }
}

function stopped(): StoreError {
  return new StoreError("stopped", "Cannot use the store: it is closed");
}

function revoke(group: CommitGroup, id: bigint): void {
  if (!group.hasLease(id)) {
    throw new StoreError("lease-not-found", `Cannot revoke lease ${id}: there is none`);
  }
  group.run(group.leaseKeys(id).map((key): Operation => ({ kind: "delete", delete: { key } })));
  group.granted.delete(id);
  group.revoked.add(id);
}

/** Bytes that a transaction puts on its larger way, and whether it can put, or write at all. */
function costOf({ success, failure }: Transaction): { bytes: number; puts: boolean; writes: boolean } {
  let puts = false;
  let writes = false;
  const bytesOf = (operations: readonly Operation[]): number => {
    let bytes = 0;
    for (const operation of operations) {
      if (operation.kind === "range") continue;
      if (operation.kind === "transaction") {
        const nested = costOf(operation.transaction);
        bytes += nested.bytes;
        puts ||= nested.puts;
        writes ||= nested.writes;
        continue;
      }
      writes = true;
      if (operation.kind !== "put") continue;
      puts = true;
      bytes += operation.put.key.length + operation.put.value.length;
    }
    return bytes;
  };
  const bytes = Math.max(bytesOf(success), bytesOf(failure));
  return { bytes, puts, writes };
}
