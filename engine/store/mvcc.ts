/**
 * etcd's data model (api/v3 rpc.proto and kv.proto of etcd 3.5): keys and values are bytes, every transaction that
 * writes makes one revision, history stays readable and watchable until it is compacted.
 */
import type { Histogram } from "@plinth/metrics";

/** Bytes as a string of one character (U+0000 to U+00FF) per byte: its order by `<` is the order of the bytes. */
export type ByteString = string;

export interface KeyValue {
  readonly key: ByteString;
  readonly value: Uint8Array;
  /** The revision that made the key, since it last did not exist. */
  readonly createRevision: number;
  /** The revision that wrote this value. */
  readonly modRevision: number;
  /** Counts writes since the key was made, from 1. */
  readonly version: number;
  /** The lease whose end deletes the key; 0n: none. */
  readonly lease: bigint;
}

/**
 * Keys from `key` up to but without `end`. Undefined `end`: `key` alone. The empty string as `end`: all from `key` on
 * (on the wire etcd says this with a zero byte).
 */
export interface KeyRange {
  readonly key: ByteString;
  readonly end?: ByteString;
}

export type SortTarget = "key" | "version" | "create" | "mod" | "value";

export interface RangeQuery extends KeyRange {
  /** Read as of this revision. Default, and what 0 means: now. */
  readonly revision?: number;
  /** At most so many; the result tells whether there are more. Default, and what 0 means: all. */
  readonly limit?: number;
  /** Default: by key, ascending. */
  readonly sort?: { readonly target: SortTarget; readonly descending: boolean };
  /** Values are left out (empty). */
  readonly keysOnly?: boolean;
  readonly countOnly?: boolean;
  /** Inclusive bounds, 0 for none; what they leave out is still counted, as in etcd. */
  readonly minModRevision?: number;
  readonly maxModRevision?: number;
  readonly minCreateRevision?: number;
  readonly maxCreateRevision?: number;
}

export interface RangeResult {
  readonly kvs: readonly KeyValue[];
  /** There are more than the limit. */
  readonly more: boolean;
  /** All keys in the range, whatever the limit. */
  readonly count: number;
}

export interface Put {
  readonly key: ByteString;
  readonly value: Uint8Array;
  /** 0n: none. */
  readonly lease: bigint;
  /** The result tells what the key held before. */
  readonly previous?: boolean;
  /** Keeps what the key has; fails with `key-not-found` where there is none. */
  readonly ignoreValue?: boolean;
  readonly ignoreLease?: boolean;
}

export interface DeleteRange extends KeyRange {
  readonly previous?: boolean;
}

/** A condition on every key of a range. A key that does not exist compares as 0, and to a value never. */
export type Compare = KeyRange & {
  readonly operator: "=" | "!=" | "<" | ">";
} & (
    | { readonly target: "version" | "create" | "mod"; readonly operand: number }
    | { readonly target: "lease"; readonly operand: bigint }
    | { readonly target: "value"; readonly operand: Uint8Array }
  );

export type Operation =
  | { readonly kind: "range"; readonly range: RangeQuery }
  | { readonly kind: "put"; readonly put: Put }
  | { readonly kind: "delete"; readonly delete: DeleteRange }
  | { readonly kind: "transaction"; readonly transaction: Transaction };

export interface Transaction {
  readonly compares: readonly Compare[];
  readonly success: readonly Operation[];
  readonly failure: readonly Operation[];
}

export type OperationResult =
  | { readonly kind: "range"; readonly range: RangeResult }
  | { readonly kind: "put"; readonly previous: KeyValue | undefined }
  | { readonly kind: "delete"; readonly deleted: number; readonly previous: readonly KeyValue[] }
  | { readonly kind: "transaction"; readonly transaction: TransactionResult };

export interface TransactionResult {
  /** Whether all compares held, that is, which list of operations was carried out. */
  readonly succeeded: boolean;
  readonly results: readonly OperationResult[];
}

/** A result with the store's revision that it belongs to. */
export type At<Result> = Result & { readonly revision: number };

/** What a removal leaves: the key, the removing revision as `modRevision`, all else empty or 0. */
export interface Event {
  readonly kind: "put" | "delete";
  readonly kv: KeyValue;
  /** What the key held before; undefined when it did not exist, that is compacted, or the watch does not ask for it. */
  readonly previous: KeyValue | undefined;
}

export interface WatchOptions {
  /** First revision of interest, which may be to come. Default, and what 0 means: the next one. */
  readonly fromRevision?: number;
  /** Events tell what the key held before, which costs a read each. Default: true. */
  readonly previous?: boolean;
  readonly signal: AbortSignal;
}

/**
 * Events in order of revision, each once; a batch never splits a revision. Rejects with a StoreError `compacted` when
 * its next revision is below the compacted one, and with the signal's reason once it is aborted. Events of the compacted
 * revision itself are still there, as in etcd.
 */
export interface Watch extends AsyncIterable<readonly Event[]> {
  /** Every event up to this revision has been handed out. */
  readonly progress: number;
}

export interface LeaseState {
  readonly id: bigint;
  /** Seconds it was granted for. */
  readonly grantedTtl: number;
  /** Seconds left, rounded down; -1 when there is no such lease. */
  readonly ttl: number;
  readonly keys: readonly ByteString[];
}

/** Why the store refuses; the server turns each into etcd's status and words. */
export type StoreErrorCode =
  | "empty-key"
  | "key-not-found"
  | "value-provided"
  | "lease-provided"
  | "duplicate-key"
  | "too-many-operations"
  | "invalid-sort"
  | "compacted"
  | "future-revision"
  | "lease-not-found"
  | "lease-exists"
  | "lease-ttl-too-large"
  | "no-space"
  | "request-too-large"
  /** Too many writes wait for the disk, or too many watches are open. */
  | "too-many-requests"
  /** The disk fails; the message says how. */
  | "read-only"
  | "corrupt"
  | "stopped";

export class StoreError extends Error {
  readonly code: StoreErrorCode;
  /** Where it is `compacted`: history before this is gone. */
  readonly compactedRevision: number;

  constructor(code: StoreErrorCode, message: string, compactedRevision = 0) {
    super(message);
    this.name = "StoreError";
    this.code = code;
    this.compactedRevision = compactedRevision;
  }
}

/** Seconds. */
export interface DiskTimes {
  /** For each commit's synced write to the log. */
  readonly logSync: Histogram;
  /** For each step of the checkpoint, synced. */
  readonly checkpoint: Histogram;
}

/**
 * A store of etcd's model. Reads are synchronous and see only what is safely on disk; writes resolve after their sync.
 * The revision begins at 1, as etcd's does: the first write is revision 2.
 */
export interface Mvcc extends AsyncDisposable {
  readonly revision: number;
  /** History before this revision is gone; -1 before the first compaction. */
  readonly compactedRevision: number;
  /**
   * The quota was reached: puts, transactions with puts and grants are refused with `no-space` until this is lifted,
   * whatever room there is meanwhile. Kept on disk.
   */
  readonly noSpace: boolean;
  /** Why writes are refused, while the disk fails. */
  readonly readOnlyReason: string | undefined;
  /** What `setNote` left; empty: nothing. */
  readonly note: Uint8Array;
  /** Bytes of all files, and those in use. */
  readonly size: { readonly allocated: number; readonly inUse: number };
  /** How long the disk has taken so far; undefined where there is no log. */
  readonly diskTimes: DiskTimes | undefined;
  range(query: RangeQuery): At<RangeResult>;
  put(put: Put): Promise<At<{ readonly previous: KeyValue | undefined }>>;
  delete(
    range: DeleteRange,
  ): Promise<At<{ readonly deleted: number; readonly previous: readonly KeyValue[] }>>;
  /**
   * Runs in one step. As in etcd, every compare, nested ones too, is of the state before the transaction; an operation
   * sees the writes of those before it; all that it writes is of one revision, and a refusal leaves nothing written.
   */
  transact(transaction: Transaction): Promise<At<TransactionResult>>;
  watch(range: KeyRange, options: WatchOptions): Watch;
  /** Forgets history before `revision`; resolves once that is on disk, and, if asked, once its space is free. */
  compact(revision: number, physical: boolean): Promise<void>;
  /** `id` 0n: one is chosen. `ttl` in seconds; raised to the least that the store keeps. */
  grantLease(id: bigint, ttl: number): Promise<LeaseState>;
  /** Deletes its keys, in order, in one revision. */
  revokeLease(id: bigint): Promise<void>;
  /** Begins its time anew; the seconds it now has. `lease-not-found` also where its time is over. */
  keepLeaseAlive(id: bigint): number;
  lease(id: bigint, withKeys: boolean): LeaseState;
  leases(): readonly bigint[];
  /** CRC-32C over all that a reader at `revision` (0: now) can see, in order; for comparing stores, as etcd's HashKV. */
  hash(revision: number): number;
  /** Raises `noSpace` or lifts it; resolves once that is on disk. */
  setNoSpace(raised: boolean): Promise<void>;
  /**
   * Replaces bytes that whoever serves the store keeps beside its keys (who may use it, say): they make no revision, no
   * read or watch of keys sees them, snapshots have them. At most `NOTE_BYTES_MAX`; resolves once they are on disk.
   */
  setNote(note: Uint8Array): Promise<void>;
  /** The whole store as of one moment, for `restoreMvcc`. */
  snapshot(): AsyncIterable<Uint8Array>;
}
