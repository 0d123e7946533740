import {
  CompareResult,
  CompareTarget,
  DeleteRangeRequest,
  PutRequest,
  RangeRequest,
  RequestOp,
  SortOrder,
  SortTarget,
  TxnRequest,
  WireCompare,
} from "@plinth/etcd";
import type { Compare, DeleteRange, KeyRange, Operation, Put, RangeQuery, Transaction } from "../mvcc.ts";

/** What is asked of the store, as etcd's messages: the other way round from server/to-store.ts. */

/** "All from the key on" is one zero byte on the wire, the key alone an empty end. */
export function rangeEndOf({ end }: KeyRange): string {
  if (end === undefined) return "";
  return end === "" ? "\0" : end;
}

export function rangeRequest(query: RangeQuery, serializable = false): RangeRequest {
  const { key, revision, limit, sort, keysOnly, countOnly } = query;
  return RangeRequest.of({
    key,
    rangeEnd: rangeEndOf(query),
    revision: revision ?? 0,
    limit: limit ?? 0,
    sortTarget: sort === undefined ? SortTarget.key : SortTarget[sort.target],
    sortOrder: sort === undefined ? SortOrder.none : sort.descending ? SortOrder.descend : SortOrder.ascend,
    keysOnly: keysOnly ?? false,
    countOnly: countOnly ?? false,
    minModRevision: query.minModRevision ?? 0,
    maxModRevision: query.maxModRevision ?? 0,
    minCreateRevision: query.minCreateRevision ?? 0,
    maxCreateRevision: query.maxCreateRevision ?? 0,
    serializable,
  });
}

export function putRequest({ key, value, lease, previous, ignoreValue, ignoreLease }: Put): PutRequest {
  return {
    key,
    value,
    lease,
    prevKv: previous ?? false,
    ignoreValue: ignoreValue ?? false,
    ignoreLease: ignoreLease ?? false,
  };
}

export function deleteRequest(range: DeleteRange): DeleteRangeRequest {
  return { key: range.key, rangeEnd: rangeEndOf(range), prevKv: range.previous ?? false };
}

export function txnRequest({ compares, success, failure }: Transaction): TxnRequest {
  return {
    compare: compares.map(wireCompare),
    success: success.map(requestOp),
    failure: failure.map(requestOp),
  };
}

function requestOp(operation: Operation): RequestOp {
  switch (operation.kind) {
    case "range":
      return RequestOp.of({ range: rangeRequest(operation.range) });
    case "put":
      return RequestOp.of({ put: putRequest(operation.put) });
    case "delete":
      return RequestOp.of({ deleteRange: deleteRequest(operation.delete) });
    case "transaction":
      return RequestOp.of({ txn: txnRequest(operation.transaction) });
  }
}

const results: Record<Compare["operator"], number> = {
  "=": CompareResult.equal,
  ">": CompareResult.greater,
  "<": CompareResult.less,
  "!=": CompareResult.notEqual,
};

function wireCompare(compare: Compare): WireCompare {
  const field = {
    key: compare.key,
    rangeEnd: rangeEndOf(compare),
    result: results[compare.operator],
    target: CompareTarget[compare.target],
  };
  switch (compare.target) {
    case "version":
      return WireCompare.of({ ...field, version: compare.operand });
    case "create":
      return WireCompare.of({ ...field, createRevision: compare.operand });
    case "mod":
      return WireCompare.of({ ...field, modRevision: compare.operand });
    case "lease":
      return WireCompare.of({ ...field, lease: compare.operand });
    case "value":
      return WireCompare.of({ ...field, value: compare.operand });
  }
}
