import type { LoadReport } from "./client.ts";
import type { WatchLoad } from "./load.ts";
import type { OperationName } from "./operations.ts";
import type { WatchReport } from "./watchers.ts";

/** Ours as a multiple of each rival's throughput, at the least. */
export interface Goal {
  readonly "etcd 3.4": number;
  readonly "etcd 3.5": number;
}

export interface Workload {
  readonly name: string;
  readonly operation: OperationName;
  readonly clients: 1 | 64;
  readonly atLeast: Goal;
}

export const workloads: readonly Workload[] = [
  { name: "put, 64 clients", operation: "put", clients: 64, atLeast: { "etcd 3.4": 1.5, "etcd 3.5": 1.5 } },
  { name: "put, 1 client", operation: "put", clients: 1, atLeast: { "etcd 3.4": 1, "etcd 3.5": 1 } },
  { name: "get, 64 clients", operation: "get", clients: 64, atLeast: { "etcd 3.4": 15, "etcd 3.5": 2.5 } },
  {
    name: "compare-put-get transaction, 64 clients",
    operation: "txn",
    clients: 64,
    atLeast: { "etcd 3.4": 4, "etcd 3.5": 1.5 },
  },
  {
    name: "range of 100 with count, 64 clients",
    operation: "range",
    clients: 64,
    atLeast: { "etcd 3.4": 2, "etcd 3.5": 1 },
  },
];

export interface WatchWorkload extends WatchLoad {
  readonly name: string;
}

export const watches: readonly WatchWorkload[] = [
  {
    name: "1,000 watchers on disjoint prefixes, 2,000 events/s",
    watchers: 1000,
    prefixes: 1000,
    rate: 2000,
  },
  { name: "100 watchers on one prefix, 200 puts/s", watchers: 100, prefixes: 1, rate: 200 },
];

/** One contender's turn, by the workloads' names. */
export interface Result {
  readonly loads: Record<string, LoadReport>;
  readonly watches: Record<string, WatchReport>;
}
