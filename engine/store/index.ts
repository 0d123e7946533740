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
