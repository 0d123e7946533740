/** Ordered keys with revisions, transactions and watches, synced before every acknowledgement. */
export { openStore } from "./open-store.ts";
export type { StoreOptions } from "./open-store.ts";
export { toFault } from "./store-fault.ts";
export { openEtcdStore, parseEtcdUrl } from "./mirror/open-etcd-store.ts";
export type { EtcdAddress, EtcdStoreOptions } from "./mirror/open-etcd-store.ts";
export type {
  Compare,
  Entry,
  Operation,
  RangeOptions,
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
export { checkedSnapshot, sealSnapshot } from "./sealed-snapshot.ts";
export { inspectSnapshot, restoreMvcc } from "./snapshot.ts";
export type { RestoreOptions, SnapshotContent } from "./snapshot.ts";
export type { Retention } from "./retention.ts";
/** The store for etcd's clients. */
export { openTlsDoor } from "./server/tls-door.ts";
export type { TlsDoor, TlsDoorOptions, TlsFiles } from "./server/tls-door.ts";
export { createEtcdServer } from "./server/server.ts";
export type { EtcdServer, EtcdServerOptions } from "./server/server.ts";
/** The client, whatever the store: in process or any etcd. */
export { OutcomeUnknownError } from "./client/backend.ts";
export type {
  Backend,
  BackendStatus,
  BackendWatchOptions,
  CallOptions,
  ReadOptions as BackendReadOptions,
} from "./client/backend.ts";
export type { Credentials } from "./client/channel.ts";
export type { TlsOptions } from "./client/connection.ts";
export { inProcess } from "./client/in-process.ts";
export type { InProcessOptions } from "./client/in-process.ts";
export { remote } from "./client/remote.ts";
export type { RemoteOptions } from "./client/remote.ts";
export { openClient } from "./client/open-client.ts";
export type { OpenOptions } from "./client/open-client.ts";
export { StoreClient } from "./client/client.ts";
export type {
  ClientOptions,
  Found,
  PutOptions,
  RangeOptions as ClientRangeOptions,
} from "./client/client.ts";
export type { Counter } from "./client/counter.ts";
export type { Election, Leadership } from "./client/election.ts";
export { Item } from "./client/item.ts";
export { keyRangeOf, textOf } from "./client/keys.ts";
export type { KeySpan, Text } from "./client/keys.ts";
export type { Lease } from "./client/lease.ts";
export type { HeldLock, SessionOptions } from "./client/lock.ts";
export type { Queue } from "./client/queue.ts";
export type { Change, WatchItem, WatchOptions as ClientWatchOptions } from "./client/relisting-watch.ts";
export type { Condition, Step, StepsResult } from "./client/steps.ts";
export { TransactionAborted } from "./client/transaction/aborted.ts";
export type { AbortReason } from "./client/transaction/aborted.ts";
export type { BeginOptions, StoreTransaction } from "./client/transaction/transaction.ts";
export type { TransactOptions } from "./client/transaction/transact.ts";
