/** Whether two answers say the same, whatever kind of byte array they use. */
import type { Event, KeyValue, OperationResult, RangeResult } from "../mvcc.ts";

export function sameKeyValue(left: KeyValue | undefined, right: KeyValue | undefined): boolean {
  if (left === undefined || right === undefined) return left === right;
  return (
    left.key === right.key &&
    left.modRevision === right.modRevision &&
    left.createRevision === right.createRevision &&
    left.version === right.version &&
    left.lease === right.lease &&
    Buffer.compare(left.value, right.value) === 0
  );
}

/** What they held before is another question. */
export function sameEvent(left: Event | undefined, right: Event | undefined): boolean {
  if (left === undefined || right === undefined) return left === right;
  return left.kind === right.kind && sameKeyValue(left.kv, right.kv);
}

export function sameEvents(left: readonly Event[], right: readonly Event[]): boolean {
  return left.length === right.length && left.every((event, index) => sameEvent(event, right[index]));
}

const sameKeyValues = (left: readonly KeyValue[], right: readonly KeyValue[]): boolean =>
  left.length === right.length && left.every((kv, index) => sameKeyValue(kv, right[index]));

export function sameRange(left: RangeResult, right: RangeResult): boolean {
  return left.count === right.count && left.more === right.more && sameKeyValues(left.kvs, right.kvs);
}

export function sameResults(left: readonly OperationResult[], right: readonly OperationResult[]): boolean {
  return left.length === right.length && left.every((result, index) => sameResult(result, right[index]!));
}

function sameResult(left: OperationResult, right: OperationResult): boolean {
  if (left.kind === "range") return right.kind === "range" && sameRange(left.range, right.range);
  if (left.kind === "put") return right.kind === "put" && sameKeyValue(left.previous, right.previous);
  if (left.kind === "delete") {
    if (right.kind !== "delete" || left.deleted !== right.deleted) return false;
    return sameKeyValues(left.previous, right.previous);
  }
  if (right.kind !== "transaction") return false;
  const [one, other] = [left.transaction, right.transaction];
  return one.succeeded === other.succeeded && sameResults(one.results, other.results);
}
