import { ResponseHeader } from "./header.ts";
import {
  DeleteRangeRequest,
  DeleteRangeResponse,
  PutRequest,
  PutResponse,
  RangeRequest,
  RangeResponse,
} from "./kv.ts";
import {
  named,
  message,
  type Message,
  nested,
  nestedList,
  oneScalar,
  scalar,
  enumeration,
} from "./message.ts";

export const CompareResult = { equal: 0, greater: 1, less: 2, notEqual: 3 } as const;
export const CompareTarget = { version: 0, create: 1, mod: 2, value: 3, lease: 4 } as const;

/** At most one of `version` to `lease` is there: what the target is compared with. */
export interface WireCompare {
  /** One of CompareResult. */
  readonly result: number;
  /** One of CompareTarget. */
  readonly target: number;
  readonly key: string;
  readonly version: number | undefined;
  readonly createRevision: number | undefined;
  readonly modRevision: number | undefined;
  readonly value: Uint8Array | undefined;
  readonly lease: bigint | undefined;
  readonly rangeEnd: string;
}

export const WireCompare: Message<WireCompare> = message<WireCompare>({
  result: enumeration(1, "etcdserverpb.Compare.CompareResult", ["EQUAL", "GREATER", "LESS", "NOT_EQUAL"]),
  target: enumeration(2, "etcdserverpb.Compare.CompareTarget", [
    "VERSION",
    "CREATE",
    "MOD",
    "VALUE",
    "LEASE",
  ]),
  key: scalar(3, "byteString"),
  version: oneScalar(4, "int64", "operand"),
  createRevision: oneScalar(5, "int64", "operand"),
  modRevision: oneScalar(6, "int64", "operand"),
  value: oneScalar(7, "bytes", "operand"),
  lease: oneScalar(8, "bigint64", "operand"),
  rangeEnd: scalar(64, "byteString"),
});

/** At most one is there. */
export interface RequestOp {
  readonly range: RangeRequest | undefined;
  readonly put: PutRequest | undefined;
  readonly deleteRange: DeleteRangeRequest | undefined;
  readonly txn: TxnRequest | undefined;
}

export const RequestOp: Message<RequestOp> = message<RequestOp>({
  range: named(
    "request_range",
    nested(1, () => RangeRequest, "request"),
  ),
  put: named(
    "request_put",
    nested(2, () => PutRequest, "request"),
  ),
  deleteRange: named(
    "request_delete_range",
    nested(3, () => DeleteRangeRequest, "request"),
  ),
  txn: named(
    "request_txn",
    nested(4, () => TxnRequest, "request"),
  ),
});

export interface TxnRequest {
  readonly compare: readonly WireCompare[];
  readonly success: readonly RequestOp[];
  readonly failure: readonly RequestOp[];
}

export const TxnRequest: Message<TxnRequest> = message<TxnRequest>({
  compare: nestedList(1, () => WireCompare),
  success: nestedList(2, () => RequestOp),
  failure: nestedList(3, () => RequestOp),
});

/** Exactly one is there. */
export interface ResponseOp {
  readonly range: RangeResponse | undefined;
  readonly put: PutResponse | undefined;
  readonly deleteRange: DeleteRangeResponse | undefined;
  readonly txn: TxnResponse | undefined;
}

export const ResponseOp: Message<ResponseOp> = message<ResponseOp>({
  range: named(
    "response_range",
    nested(1, () => RangeResponse, "response"),
  ),
  put: named(
    "response_put",
    nested(2, () => PutResponse, "response"),
  ),
  deleteRange: named(
    "response_delete_range",
    nested(3, () => DeleteRangeResponse, "response"),
  ),
  txn: named(
    "response_txn",
    nested(4, () => TxnResponse, "response"),
  ),
});

export interface TxnResponse {
  readonly header: ResponseHeader | undefined;
  readonly succeeded: boolean;
  readonly responses: readonly ResponseOp[];
}

export const TxnResponse: Message<TxnResponse> = message<TxnResponse>({
  header: nested(1, () => ResponseHeader),
  succeeded: scalar(2, "bool"),
  responses: nestedList(3, () => ResponseOp),
});
