import type { DependencyGraph } from "./graph.ts";
import type { TransactionRecord } from "./record.ts";

/** Says which ended before which began, leaving out what follows from others. */
export function addRealtime(
  graph: DependencyGraph,
  records: ReadonlyMap<number, TransactionRecord<unknown>>,
): void {
  const moments = [...records].flatMap(([number, { startMs, endMs, outcome }]) => [
    { number, atMs: startMs, isStart: true },
    // One whose answer was lost may happen at any time after.
    ...(outcome === "unknown" ? [] : [{ number, atMs: endMs, isStart: false }]),
  ]);
  moments.sort((left, right) => left.atMs - right.atMs || Number(right.isStart) - Number(left.isStart));
  /** Those ended that no other one ended after, which began after them. */
  let newest: readonly number[] = [];
  const before = new Map<number, readonly number[]>();
  for (const { number, isStart } of moments) {
    if (isStart) {
      before.set(number, newest);
      for (const from of newest) {
        graph.add({ from, to: number, kind: "realtime", text: `T${from} had ended when T${number} began` });
      }
    } else {
      const covered = new Set(before.get(number));
      newest = [...newest.filter((each) => !covered.has(each)), number];
    }
  }
}
