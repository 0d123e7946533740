import type {
  DeleteRangeResponse,
  PutResponse,
  RangeResponse,
  ResponseHeader,
  ResponseOp,
  TxnResponse,
} from "@plinth/etcd";
import type { At, OperationResult, RangeResult, TransactionResult } from "../mvcc.ts";
import { innerHeader } from "./member.ts";

/** The store's results as responses. */

export function rangeResponse(header: ResponseHeader, { kvs, more, count }: RangeResult): RangeResponse {
  return { header, kvs, more, count };
}

export function putResponse(header: ResponseHeader, previous: PutResponse["prevKv"]): PutResponse {
  return { header, prevKv: previous };
}

export function deleteResponse(
  header: ResponseHeader,
  { deleted, previous }: { readonly deleted: number; readonly previous: DeleteRangeResponse["prevKvs"] },
): DeleteRangeResponse {
  return { header, deleted, prevKvs: previous };
}

/**
 * Each response within has a header of its own: with the revision before the transaction until something is written,
 * from then on with the transaction's. A nested transaction's says nothing.
 */
export function txnResponse(header: ResponseHeader, result: At<TransactionResult>): TxnResponse {
  const place: Place = { written: false, after: result.revision };
  return {
    header,
    succeeded: result.succeeded,
    responses: responsesOf(result.results, place, writes(result)),
  };
}

interface Place {
  written: boolean;
  readonly after: number;
}

function writes({ results }: TransactionResult): boolean {
  return results.some(
    (result) =>
      result.kind === "put" ||
      (result.kind === "delete" && result.deleted > 0) ||
      (result.kind === "transaction" && writes(result.transaction)),
  );
}

function responsesOf(results: readonly OperationResult[], place: Place, anyWrites: boolean): ResponseOp[] {
  return results.map((result) => responseOf(result, place, anyWrites));
}

function responseOf(result: OperationResult, place: Place, anyWrites: boolean): ResponseOp {
  const response: { -readonly [Name in keyof ResponseOp]: ResponseOp[Name] } = {
    range: undefined,
    put: undefined,
    deleteRange: undefined,
    txn: undefined,
  };
  if (result.kind === "put" || (result.kind === "delete" && result.deleted > 0)) place.written = true;
  const header = innerHeader(place.written || !anyWrites ? place.after : place.after - 1);
  switch (result.kind) {
    case "range":
      response.range = rangeResponse(header, result.range);
      break;
    case "put":
      response.put = putResponse(header, result.previous);
      break;
    case "delete":
      response.deleteRange = deleteResponse(header, result);
      break;
    case "transaction": {
      const { succeeded, results } = result.transaction;
      response.txn = {
        header: innerHeader(0),
        succeeded,
        responses: responsesOf(results, place, anyWrites),
      };
      break;
    }
  }
  return response;
}
