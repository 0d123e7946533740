import type {
  At,
  DeleteRange,
  KeyRange,
  KeyValue,
  LeaseState,
  Put,
  RangeQuery,
  RangeResult,
  Transaction,
  TransactionResult,
  Watch,
} from "../mvcc.ts";

/** Every call ends at its deadline or when its signal is aborted, whichever is first. */
export interface CallOptions {
  /** The call rejects with its reason. What was sent may still happen. */
  readonly signal?: AbortSignal;
  /** Time for the whole call, further attempts included; then Fault `timeout`. Default: the backend's. */
  readonly timeoutMs?: number;
}

export interface ReadOptions extends CallOptions {
  /** One member answers from what it has, which may be old. Default: false, the newest acknowledged state. */
  readonly serializable?: boolean;
}

export interface BackendWatchOptions {
  /** First revision of interest. Default: the first one after the call has resolved. */
  readonly fromRevision?: number;
  /** Ends the watch, which rejects with its reason. */
  readonly signal: AbortSignal;
  /** Hears of every time that the watch had to begin again where it was, with what broke it. */
  readonly onInterrupted?: (error: unknown) => void;
}

export interface BackendStatus {
  readonly revision: number;
  /** The server's; undefined in process. */
  readonly version: string | undefined;
  readonly allocatedBytes: number;
  readonly inUseBytes: number;
}

/**
 * A store of etcd's model, wherever it is: as `Mvcc`, but that everything takes time and can fail. Rejects with
 * StoreError for what the store refuses; with Fault `unavailable`, `timeout`, `unauthorized`, `forbidden` or
 * `exhausted` for what keeps it from being asked; with OutcomeUnknownError where a write may have happened. (In process, a closed store is StoreError
 * `stopped`.)
 */
export interface Backend extends AsyncDisposable {
  range(query: RangeQuery, options?: ReadOptions): Promise<At<RangeResult>>;
  put(put: Put, options?: CallOptions): Promise<At<{ readonly previous: KeyValue | undefined }>>;
  delete(
    range: DeleteRange,
    options?: CallOptions,
  ): Promise<At<{ readonly deleted: number; readonly previous: readonly KeyValue[] }>>;
  transact(transaction: Transaction, options?: CallOptions): Promise<At<TransactionResult>>;
  /**
   * Resolves once all that is written from now on will be seen. The watch goes on over lost connections and members,
   * each event once and in order, no revision split; it rejects with StoreError `compacted` when it cannot.
   */
  watch(range: KeyRange, options: BackendWatchOptions): Promise<Watch>;
  compact(revision: number, physical: boolean, options?: CallOptions): Promise<void>;
  /** `id` 0n: one is chosen. `ttl` in seconds; the answer says how many it was given. */
  grantLease(id: bigint, ttl: number, options?: CallOptions): Promise<LeaseState>;
  revokeLease(id: bigint, options?: CallOptions): Promise<void>;
  /** The seconds it now has; StoreError `lease-not-found` when it is over. */
  keepLeaseAlive(id: bigint, options?: CallOptions): Promise<number>;
  lease(id: bigint, withKeys: boolean, options?: CallOptions): Promise<LeaseState>;
  leases(options?: CallOptions): Promise<readonly bigint[]>;
  status(options?: CallOptions): Promise<BackendStatus>;
  /**
   * The whole store as of one moment, sealed as `sealSnapshot` says; StoreError `corrupt` where less than that came. It
   * takes as long as it takes, and the signal ends it. What a store of another make gives, only such a one can read.
   */
  snapshot(options?: Pick<CallOptions, "signal">): AsyncIterable<Uint8Array>;
}

/** The answer to a write was lost: it has happened, or it has not. `cause` says how it was lost. */
export class OutcomeUnknownError extends Error {
  override readonly name = "OutcomeUnknownError";
}
