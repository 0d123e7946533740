import {
  type DeleteRangeResponse,
  EventType,
  type PutResponse,
  type RangeResponse,
  type ResponseHeader,
  type ResponseOp,
  type TxnResponse,
  type WireEvent,
} from "@plinth/etcd";
import { GrpcError, Status } from "@plinth/grpc";
import type { At, Event, KeyValue, OperationResult, RangeResult, TransactionResult } from "../mvcc.ts";

/** etcd's answers as the store's: the other way round from server/from-store.ts. */

/** The store's revision that an answer belongs to. Without one it is no answer of etcd. */
export function revisionOf({ header }: { readonly header: ResponseHeader | undefined }): number {
  if (header === undefined) throw malformed("no header");
  return header.revision;
}

export function rangeResult({ kvs, more, count }: RangeResponse): RangeResult {
  return { kvs, more, count };
}

export function putResult({ prevKv }: PutResponse): { readonly previous: KeyValue | undefined } {
  return { previous: prevKv };
}

export function deleteResult({ deleted, prevKvs }: DeleteRangeResponse): {
  readonly deleted: number;
  readonly previous: readonly KeyValue[];
} {
  return { deleted, previous: prevKvs };
}

export function txnResult(response: TxnResponse): At<TransactionResult> {
  return { ...nestedResult(response), revision: revisionOf(response) };
}

function nestedResult({ succeeded, responses }: TxnResponse): TransactionResult {
  return { succeeded, results: responses.map(operationResult) };
}

function operationResult({ range, put, deleteRange, txn }: ResponseOp): OperationResult {
  if (range !== undefined) return { kind: "range", range: rangeResult(range) };
  if (put !== undefined) return { kind: "put", ...putResult(put) };
  if (deleteRange !== undefined) return { kind: "delete", ...deleteResult(deleteRange) };
  if (txn !== undefined) return { kind: "transaction", transaction: nestedResult(txn) };
  throw malformed("an empty response within a transaction's");
}

export function eventOf({ type, kv, prevKv }: WireEvent): Event {
  if (kv === undefined) throw malformed("an event without a key");
  return { kind: type === EventType.put ? "put" : "delete", kv, previous: prevKv };
}

function malformed(what: string): GrpcError {
  return new GrpcError(Status.internal, `the answer is not etcd's: ${what}`);
}
