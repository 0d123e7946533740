/** A key with its value as of one revision. */
export interface Entry {
  readonly key: string;
  readonly value: Uint8Array;
  /** The revision that made the key, since it last did not exist. */
  readonly createRevision: number;
  /** The revision that wrote this value. */
  readonly modRevision: number;
  /** Counts writes since the key was made, from 1. */
  readonly version: number;
}

/** A condition on one key; a key that does not exist compares as 0 in every target. */
export interface Compare {
  readonly key: string;
  readonly target: "version" | "createRevision" | "modRevision";
  readonly operator: "=" | ">" | "<" | "!=";
  readonly value: number;
}

export type Operation =
  | { readonly put: string; readonly value: Uint8Array }
  | { readonly delete: string }
  | { readonly deletePrefix: string };

export interface WatchEvent {
  readonly type: "put" | "delete";
  /** For a delete: what the key was, with the deleting revision as `modRevision`, version 0 and an empty value. */
  readonly entry: Entry;
  /** What the key held before. */
  readonly previous: Entry | undefined;
}

export interface TransactionResult {
  /** Whether all compares held, that is, whether the operations were carried out. */
  readonly succeeded: boolean;
  /** The store's revision with this transaction in it. */
  readonly revision: number;
}

export interface RangeOptions {
  /** Default, and what 0 means: all. */
  readonly limit?: number;
}

export interface WatchOptions {
  /** First revision of interest; everything from it on is delivered once and in order. Default: the next one. */
  readonly fromRevision?: number;
  readonly signal: AbortSignal;
}

/** Events in order of revision; a batch never splits one. Rejects with the signal's reason once it is aborted. */
export interface Watch extends AsyncIterable<readonly WatchEvent[]> {
  /** Every event up to this revision has been handed out. */
  readonly progress: number;
}

/**
 * Ordered keys with recent history: every transaction that changes something makes one revision. Keys are ordered by
 * code point, which is the order of their UTF-8 bytes. Reads are synchronous and see only what is safely stored.
 */
export interface Store extends AsyncDisposable {
  readonly revision: number;
  /** Events after this revision can be watched. */
  readonly compactedRevision: number;
  /** Why writes are refused, while they are. */
  readonly readOnlyReason: string | undefined;
  get(key: string): Entry | undefined;
  range(prefix: string, options?: RangeOptions): Entry[];
  /**
   * Carries out the operations as one step where all compares hold; resolves once that is safely stored, and seen by
   * reads. Those sent together are carried out one after the other, in no order that is promised. No key may be put
   * twice, or put and deleted.
   */
  transact(compares: readonly Compare[], operations: readonly Operation[]): Promise<TransactionResult>;
  /** Fault "gone" once events it has not delivered are compacted: a slow reader costs nothing but its place. */
  watch(prefix: string, options: WatchOptions): Watch;
  /**
   * The whole store as of one moment, sealed as `sealSnapshot` says, for `restoreMvcc`. Fault "unsupported" at once where
   * the state is in an etcd cluster.
   */
  snapshot(): AsyncIterable<Uint8Array>;
  /** Forgets the events up to `revision`. */
  compact(revision: number): Promise<void>;
}
