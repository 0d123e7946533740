/** What both kinds of history come down to: who wrote which version of a key, who read it, and what came after it. */
import { DependencyGraph } from "./graph.ts";
import { circles } from "./cycles.ts";
import { addRealtime } from "./realtime.ts";
import type { Anomaly, TransactionRecord } from "./record.ts";

/** The version of a key before anything was written to it. */
export const NOTHING: unique symbol = Symbol("nothing");
export type Version = string | typeof NOTHING;

export interface KeyVersions {
  readonly key: string;
  /** Versions that came after one, next to it or as good as that. */
  readonly after: ReadonlyMap<Version, readonly string[]>;
}

/** A read of a key before its transaction wrote that. */
export interface VersionRead {
  readonly transaction: number;
  readonly key: string;
  readonly version: Version;
}

export interface Versions {
  readonly keys: readonly KeyVersions[];
  readonly reads: readonly VersionRead[];
  /** The transaction that wrote a key's version. */
  readonly writers: ReadonlyMap<string, ReadonlyMap<string, number>>;
}

/** Transactions that count: those committed, and those of unknown outcome of which something was read. */
export function effective<Operation>(
  records: readonly TransactionRecord<Operation>[],
  wasSeen: (record: TransactionRecord<Operation>) => boolean,
): ReadonlyMap<number, TransactionRecord<Operation>> {
  return new Map(
    [...records.entries()].filter(
      ([, record]) => record.outcome === "committed" || (record.outcome === "unknown" && wasSeen(record)),
    ),
  );
}

/** Circles and lost updates. `counted` are the transactions that happened, by number. */
export function versionAnomalies(
  { keys, reads, writers }: Versions,
  counted: ReadonlyMap<number, TransactionRecord<unknown>>,
  nameOf: (transaction: number) => string,
): readonly Anomaly[] {
  const graph = new DependencyGraph();
  const writerOf = (key: string, version: Version): number | undefined => {
    const writer = version === NOTHING ? undefined : writers.get(key)?.get(version);
    return writer !== undefined && counted.has(writer) ? writer : undefined;
  };
  for (const { key, after } of keys) {
    for (const [version, followers] of after) {
      const from = writerOf(key, version);
      for (const follower of followers) {
        const to = writerOf(key, follower);
        if (from === undefined || to === undefined) continue;
        const text = `T${to} wrote ${key} ${follower} after ${String(version)}`;
        graph.add({ from, to, kind: "ww", text });
      }
    }
  }
  const afterOf = new Map(keys.map(({ key, after }) => [key, after]));
  for (const { transaction, key, version } of reads) {
    if (!counted.has(transaction)) continue;
    const writer = writerOf(key, version);
    if (writer !== undefined) {
      const text = `T${transaction} read ${key} ${String(version)}`;
      graph.add({ from: writer, to: transaction, kind: "wr", text });
    }
    for (const follower of afterOf.get(key)?.get(version) ?? []) {
      const to = writerOf(key, follower);
      if (to === undefined) continue;
      const text = `T${transaction} read ${key} without ${follower}, which T${to} wrote`;
      graph.add({ from: transaction, to, kind: "rw", text });
    }
  }
  addRealtime(graph, counted);
  return [...lostUpdates({ keys, reads, writers }, counted, nameOf), ...circles(graph, nameOf)];
}

function lostUpdates(
  { reads, writers }: Versions,
  counted: ReadonlyMap<number, unknown>,
  nameOf: (transaction: number) => string,
): Anomaly[] {
  const updates = reads.filter(
    ({ transaction, key }) =>
      counted.has(transaction) && [...(writers.get(key)?.values() ?? [])].includes(transaction),
  );
  const groups = Map.groupBy(updates, ({ key, version }) => `${key} ${String(version)}`);
  return [...groups].flatMap(([what, group]): Anomaly[] => {
    const transactions = [...new Set(group.map(({ transaction }) => transaction))];
    if (transactions.length < 2) return [];
    const lines = transactions.map((transaction) => `  T${transaction} = ${nameOf(transaction)}`);
    return [
      { name: "lost-update", text: [`all of these read ${what} and wrote over it:`, ...lines].join("\n") },
    ];
  });
}
