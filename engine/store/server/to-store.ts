import {
  CompareResult,
  CompareTarget,
  type DeleteRangeRequest,
  type PutRequest,
  type RangeRequest,
  type RequestOp,
  SortOrder,
  SortTarget,
  type TxnRequest,
  type WireCompare,
} from "@plinth/etcd";
import { GrpcError, Status } from "@plinth/grpc";
import type {
  Compare,
  DeleteRange,
  KeyRange,
  Operation,
  Put,
  RangeQuery,
  SortTarget as StoreSortTarget,
  Transaction,
} from "../mvcc.ts";
import { refusal } from "./refusal.ts";

/** Requests as the store takes them; it checks what it is asked. Refused here: what it has no way to say. */

type Writable<Type> = { -readonly [Name in keyof Type]: Type[Name] };

const sortTargets: readonly StoreSortTarget[] = ["key", "version", "create", "mod", "value"];

export function keyRangeOf(key: string, rangeEnd: string): KeyRange {
  if (rangeEnd === "") return { key };
  return { key, end: rangeEnd === "\0" ? "" : rangeEnd };
}

/** Fields that ask for nothing are left out: a plain read stays a small object. */
export function rangeQueryOf(request: RangeRequest): RangeQuery {
  if (request.sortOrder > SortOrder.descend || request.sortTarget > SortTarget.value) {
    throw refusal("invalidSort");
  }
  const query: Writable<RangeQuery> = keyRangeOf(request.key, request.rangeEnd);
  if (request.revision > 0) query.revision = request.revision;
  if (request.limit > 0) query.limit = request.limit;
  if (request.keysOnly) query.keysOnly = true;
  if (request.countOnly) query.countOnly = true;
  if (request.minModRevision !== 0) query.minModRevision = request.minModRevision;
  if (request.maxModRevision !== 0) query.maxModRevision = request.maxModRevision;
  if (request.minCreateRevision !== 0) query.minCreateRevision = request.minCreateRevision;
  if (request.maxCreateRevision !== 0) query.maxCreateRevision = request.maxCreateRevision;
  // A target without an order sorts ascending, save for keys, which come in order anyway.
  if (request.sortOrder !== SortOrder.none || request.sortTarget !== SortTarget.key) {
    const target = sortTargets[request.sortTarget]!;
    query.sort = { target, descending: request.sortOrder === SortOrder.descend };
  }
  return query;
}

export function putOf(request: PutRequest): Put {
  return {
    key: request.key,
    value: request.value,
    lease: request.lease,
    previous: request.prevKv,
    ignoreValue: request.ignoreValue,
    ignoreLease: request.ignoreLease,
  };
}

export function deleteOf(request: DeleteRangeRequest): DeleteRange {
  return { ...keyRangeOf(request.key, request.rangeEnd), previous: request.prevKv };
}

export function transactionOf(request: TxnRequest): Transaction {
  return {
    compares: request.compare.map(compareOf),
    success: request.success.map(operationOf),
    failure: request.failure.map(operationOf),
  };
}

function operationOf({ range, put, deleteRange, txn }: RequestOp): Operation {
  if (range !== undefined) return { kind: "range", range: rangeQueryOf(range) };
  if (put !== undefined) return { kind: "put", put: putOf(put) };
  if (deleteRange !== undefined) return { kind: "delete", delete: deleteOf(deleteRange) };
  // An operation that says nothing; etcd answers with these words.
  if (txn === undefined) throw refusal("keyNotFound");
  return { kind: "transaction", transaction: transactionOf(txn) };
}

const operators: ReadonlyMap<number, Compare["operator"]> = new Map([
  [CompareResult.equal, "="],
  [CompareResult.greater, ">"],
  [CompareResult.less, "<"],
  [CompareResult.notEqual, "!="],
]);

/** An operand that was not sent is zero or empty. */
function compareOf(compare: WireCompare): Compare {
  const operator = operators.get(compare.result);
  if (operator === undefined) throw unknownEnum("result", compare.result);
  const range = { ...keyRangeOf(compare.key, compare.rangeEnd), operator };
  switch (compare.target) {
    case CompareTarget.version:
      return { ...range, target: "version", operand: compare.version ?? 0 };
    case CompareTarget.create:
      return { ...range, target: "create", operand: compare.createRevision ?? 0 };
    case CompareTarget.mod:
      return { ...range, target: "mod", operand: compare.modRevision ?? 0 };
    case CompareTarget.value:
      return { ...range, target: "value", operand: compare.value ?? new Uint8Array(0) };
    case CompareTarget.lease:
      return { ...range, target: "lease", operand: compare.lease ?? 0n };
    default:
      throw unknownEnum("target", compare.target);
  }
}

function unknownEnum(field: string, value: number): GrpcError {
  return new GrpcError(Status.invalidArgument, `a compare's ${field} is ${value}, which is not known`);
}
