/** Ordered keys with revisions, transactions and watches, synced before every acknowledgement. */
export { openStore } from "./lmdb-store.ts";
export type { StoreOptions } from "./lmdb-store.ts";
export type {
  Compare,
  Entry,
  Operation,
  RangeOptions,
  ReadOptions,
  Store,
  TransactionResult,
  Watch,
  WatchEvent,
  WatchOptions,
} from "./store.ts";
/** etcd's data model. */
export { StoreError } from "./mvcc.ts";
export type {
  At,
  ByteString,
  Compare as MvccCompare,
  DeleteRange,
  Event,
  KeyRange,
  KeyValue,
  LeaseState,
  Mvcc,
  Operation as MvccOperation,
  OperationResult,
  Put,
  RangeQuery,
  RangeResult,
  SortTarget,
  StoreErrorCode,
  Transaction,
  TransactionResult as MvccTransactionResult,
  Watch as MvccWatch,
  WatchOptions as MvccWatchOptions,
} from "./mvcc.ts";
export { openMvcc } from "./mvcc-store.ts";
export type { MvccOptions, MvccStore } from "./mvcc-store.ts";
export { restoreMvcc } from "./snapshot.ts";
export type { Retention } from "./retention.ts";
/** The store for etcd's clients. */
export { createEtcdServer } from "./server/server.ts";
export type { EtcdServer, EtcdServerOptions } from "./server/server.ts";
