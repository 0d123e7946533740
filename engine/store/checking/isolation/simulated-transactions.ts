/** Concurrent histories of transactions on lists, of a store that isolates them as told or fails to. */
import type { Random } from "@plinth/clock";
import type { ListOperation, TransactionRecord } from "./record.ts";

export type SimulatedIsolation =
  | "serializable"
  | "snapshot"
  /** A snapshot whose writes nobody compares with those of others. */
  | "lost-updates"
  /** Each read of the newest committed state. */
  | "read-committed"
  /** Reads of what is not committed, and may never be. */
  | "dirty-reads"
  /** A snapshot of some transactions ago. */
  | "stale-snapshot";

type Lists = ReadonlyMap<string, readonly string[]>;

interface Running {
  readonly startMs: number;
  readonly snapshot: Lists;
  readonly read: Map<string, readonly string[]>;
  readonly written: Map<string, readonly string[]>;
  readonly operations: ListOperation[];
  outcome: TransactionRecord<ListOperation>["outcome"] | undefined;
}

const KEYS = ["x", "y", "z"];
const OPERATIONS_MAX = 4;
const LOST_SHARE = 0.05;
const GIVEN_UP_SHARE = 0.1;
/** How many commits a stale snapshot is behind. */
const STALE_BY = 3;

export function simulateTransactions(
  random: Random,
  isolation: SimulatedIsolation,
  { transactions, clients }: { readonly transactions: number; readonly clients: number },
): readonly TransactionRecord<ListOperation>[] {
  const below = (end: number): number => Math.floor(random() * end);
  const records: TransactionRecord<ListOperation>[] = [];
  const running = new Map<number, Running>();
  const states: Lists[] = [new Map()];
  let begun = 0;
  let elements = 0;
  /** What a running transaction finds under a key. */
  const find = (own: Running, key: string): readonly string[] => {
    const written = own.written.get(key);
    if (written !== undefined) return written;
    if (isolation === "dirty-reads") {
      for (const other of running.values()) {
        const dirty = other.written.get(key);
        if (other !== own && other.outcome === undefined && dirty !== undefined) return dirty;
      }
    }
    const isNewest = isolation === "read-committed" || isolation === "dirty-reads";
    return (isNewest ? states.at(-1)! : own.snapshot).get(key) ?? [];
  };
  const isUnchanged = (own: Running, keys: Iterable<string>): boolean =>
    [...keys].every((key) => states.at(-1)!.get(key)?.length === own.snapshot.get(key)?.length);
  const mayCommit = (own: Running): boolean => {
    switch (isolation) {
      case "serializable":
        return own.written.size === 0 || isUnchanged(own, [...own.written.keys(), ...own.read.keys()]);
      case "snapshot":
      case "stale-snapshot":
        return isUnchanged(own, own.written.keys());
      case "lost-updates":
      case "read-committed":
      case "dirty-reads":
        return true;
    }
  };
  for (let atMs = 0; begun < transactions || running.size > 0; atMs++) {
    const client = below(clients);
    const own = running.get(client);
    if (own === undefined) {
      if (begun++ >= transactions) continue;
      const snapshot =
        states.at(isolation === "stale-snapshot" && below(4) === 0 ? -STALE_BY : -1) ?? states[0]!;
      running.set(client, {
        startMs: atMs,
        snapshot,
        read: new Map(),
        written: new Map(),
        operations: [],
        outcome: undefined,
      });
    } else if (own.outcome !== undefined) {
      running.delete(client);
      const { outcome, operations, startMs } = own;
      records.push({ client, outcome, operations, startMs, endMs: atMs });
    } else if (own.operations.length < OPERATIONS_MAX && below(OPERATIONS_MAX) > 0) {
      const key = KEYS[below(KEYS.length)]!;
      const found = find(own, key);
      if (!own.written.has(key)) own.read.set(key, found);
      if (below(2) === 0) own.operations.push({ kind: "read", key, elements: found });
      else {
        const element = `${elements++}`;
        own.operations.push({ kind: "append", key, element });
        own.written.set(key, [...found, element]);
      }
    } else if (random() < GIVEN_UP_SHARE || !mayCommit(own)) own.outcome = "aborted";
    else {
      const isLost = random() < LOST_SHARE;
      own.outcome = isLost ? "unknown" : "committed";
      if (!isLost || below(2) === 0) states.push(new Map([...states.at(-1)!, ...own.written]));
    }
  }
  return records;
}
