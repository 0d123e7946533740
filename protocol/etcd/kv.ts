import { ResponseHeader } from "./header.ts";
import { KeyValue } from "./key-value.ts";
import {
  message,
  type Message,
  nested,
  nestedList,
  scalar,
  enumeration,
  writeNested,
  writeNestedList,
} from "./message.ts";

export const SortOrder = { none: 0, ascend: 1, descend: 2 } as const;
export const SortTarget = { key: 0, version: 1, create: 2, mod: 3, value: 4 } as const;

/** On the wire a range's end is one zero byte for "all from the key on", and empty for the key alone. */
export interface RangeRequest {
  readonly key: string;
  readonly rangeEnd: string;
  readonly limit: number;
  readonly revision: number;
  /** One of SortOrder. */
  readonly sortOrder: number;
  /** One of SortTarget. */
  readonly sortTarget: number;
  readonly serializable: boolean;
  readonly keysOnly: boolean;
  readonly countOnly: boolean;
  readonly minModRevision: number;
  readonly maxModRevision: number;
  readonly minCreateRevision: number;
  readonly maxCreateRevision: number;
}

export const RangeRequest: Message<RangeRequest> = message<RangeRequest>({
  key: scalar(1, "byteString"),
  rangeEnd: scalar(2, "byteString"),
  limit: scalar(3, "int64"),
  revision: scalar(4, "int64"),
  sortOrder: enumeration(5, "etcdserverpb.RangeRequest.SortOrder", ["NONE", "ASCEND", "DESCEND"]),
  sortTarget: enumeration(6, "etcdserverpb.RangeRequest.SortTarget", [
    "KEY",
    "VERSION",
    "CREATE",
    "MOD",
    "VALUE",
  ]),
  serializable: scalar(7, "bool"),
  keysOnly: scalar(8, "bool"),
  countOnly: scalar(9, "bool"),
  minModRevision: scalar(10, "int64"),
  maxModRevision: scalar(11, "int64"),
  minCreateRevision: scalar(12, "int64"),
  maxCreateRevision: scalar(13, "int64"),
});

export interface RangeResponse {
  readonly header: ResponseHeader | undefined;
  readonly kvs: readonly KeyValue[];
  readonly more: boolean;
  readonly count: number;
}

export const RangeResponse: Message<RangeResponse> = message<RangeResponse>(
  {
    header: nested(1, () => ResponseHeader),
    kvs: nestedList(2, () => KeyValue),
    more: scalar(3, "bool"),
    count: scalar(4, "int64"),
  },
  (writer, { header, kvs, more, count }) => {
    writer.int64Field(4, count);
    writer.int64Field(3, Number(more));
    writeNestedList(writer, 2, KeyValue, kvs);
    writeNested(writer, 1, ResponseHeader, header);
  },
);

export interface PutRequest {
  readonly key: string;
  readonly value: Uint8Array;
  readonly lease: bigint;
  readonly prevKv: boolean;
  readonly ignoreValue: boolean;
  readonly ignoreLease: boolean;
}

export const PutRequest: Message<PutRequest> = message<PutRequest>({
  key: scalar(1, "byteString"),
  value: scalar(2, "bytes"),
  lease: scalar(3, "bigint64"),
  prevKv: scalar(4, "bool"),
  ignoreValue: scalar(5, "bool"),
  ignoreLease: scalar(6, "bool"),
});

export interface PutResponse {
  readonly header: ResponseHeader | undefined;
  readonly prevKv: KeyValue | undefined;
}

export const PutResponse: Message<PutResponse> = message<PutResponse>({
  header: nested(1, () => ResponseHeader),
  prevKv: nested(2, () => KeyValue),
});

export interface DeleteRangeRequest {
  readonly key: string;
  readonly rangeEnd: string;
  readonly prevKv: boolean;
}

export const DeleteRangeRequest: Message<DeleteRangeRequest> = message<DeleteRangeRequest>({
  key: scalar(1, "byteString"),
  rangeEnd: scalar(2, "byteString"),
  prevKv: scalar(3, "bool"),
});

export interface DeleteRangeResponse {
  readonly header: ResponseHeader | undefined;
  readonly deleted: number;
  readonly prevKvs: readonly KeyValue[];
}

export const DeleteRangeResponse: Message<DeleteRangeResponse> = message<DeleteRangeResponse>({
  header: nested(1, () => ResponseHeader),
  deleted: scalar(2, "int64"),
  prevKvs: nestedList(3, () => KeyValue),
});

export interface CompactionRequest {
  readonly revision: number;
  readonly physical: boolean;
}

export const CompactionRequest: Message<CompactionRequest> = message<CompactionRequest>({
  revision: scalar(1, "int64"),
  physical: scalar(2, "bool"),
});
