import type { DiskTimes } from "./mvcc.ts";
import type { Version } from "./version-index.ts";

/** What one commit changes. The values of its writes are the file's from then on: it lets go of them when it can. */
export interface Commit {
  readonly writes: readonly Version[];
  readonly removals: readonly Version[];
  /** Undefined: as it is. */
  readonly compactedRevision: number | undefined;
  /** With their TTL in seconds. */
  readonly granted: ReadonlyMap<bigint, number>;
  readonly revoked: ReadonlySet<bigint>;
  readonly noSpace: boolean | undefined;
  readonly note: Uint8Array | undefined;
}

/** What the file tells at opening. */
export interface Loaded {
  readonly revision: number;
  /** -1: never compacted. */
  readonly compactedRevision: number;
  readonly noSpace: boolean;
  /** Empty: none. */
  readonly note: Uint8Array;
  readonly leases: ReadonlyMap<bigint, number>;
}

export interface Pair {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

export interface FileSize {
  /** Bytes of the files. */
  readonly allocated: number;
  /** Bytes of what in them holds something. */
  readonly inUse: number;
}

/** The store's records on disk. */
export interface RecordFile extends AsyncDisposable {
  /** Calls back for every record in order of revision, having checked it; StoreError `corrupt` for a broken one. */
  load(visit: (version: Version) => void): Loaded;
  /** Gives back the memory that `load` took. Nothing else may be under way. */
  trim(): Promise<void>;
  /** The value of a version that has none in memory. */
  value(version: Version): Uint8Array;
  /** Resolves once all of it is synced; rejects when none of it took effect. One at a time. */
  commit(commit: Commit): Promise<void>;
  /** Resolves once what made commits fail is over, having written and removed `bytes` bytes, each synced. */
  probe(bytes: number): Promise<void>;
  size(): FileSize;
  /** Undefined where there is no log. */
  readonly times?: DiskTimes;
  /** Resolves once `pairs` has all that is committed. */
  settle(): Promise<void>;
  /** Everything as of one moment, but what belongs to this file alone. */
  pairs(): Generator<Pair, void>;
}
