import { Empty, ResponseHeader } from "./header.ts";
import { WireEvent } from "./key-value.ts";
import {
  enumerationList,
  type Message,
  message,
  named,
  nested,
  nestedList,
  scalar,
  writeNested,
  writeNestedList,
} from "./message.ts";

/** Kinds of events a watcher does not want. */
export const WatchFilter = { noPut: 0, noDelete: 1 } as const;

export interface WatchCreateRequest {
  readonly key: string;
  readonly rangeEnd: string;
  readonly startRevision: number;
  readonly progressNotify: boolean;
  /** Each one of WatchFilter. */
  readonly filters: readonly number[];
  readonly prevKv: boolean;
  /** 0: the server chooses. */
  readonly watchId: bigint;
  readonly fragment: boolean;
}

export const WatchCreateRequest: Message<WatchCreateRequest> = message<WatchCreateRequest>({
  key: scalar(1, "byteString"),
  rangeEnd: scalar(2, "byteString"),
  startRevision: scalar(3, "int64"),
  progressNotify: scalar(4, "bool"),
  filters: enumerationList(5, "etcdserverpb.WatchCreateRequest.FilterType", ["NOPUT", "NODELETE"]),
  prevKv: scalar(6, "bool"),
  watchId: scalar(7, "bigint64"),
  fragment: scalar(8, "bool"),
});

export interface WatchCancelRequest {
  readonly watchId: bigint;
}

export const WatchCancelRequest: Message<WatchCancelRequest> = message<WatchCancelRequest>({
  watchId: scalar(1, "bigint64"),
});

/** At most one is there. */
export interface WatchRequest {
  readonly create: WatchCreateRequest | undefined;
  readonly cancel: WatchCancelRequest | undefined;
  readonly progress: Empty | undefined;
}

export const WatchRequest: Message<WatchRequest> = message<WatchRequest>({
  create: named(
    "create_request",
    nested(1, () => WatchCreateRequest, "request"),
  ),
  cancel: named(
    "cancel_request",
    nested(2, () => WatchCancelRequest, "request"),
  ),
  progress: named(
    "progress_request",
    nested(3, () => Empty, "request"),
  ),
});

export interface WatchResponse {
  readonly header: ResponseHeader | undefined;
  readonly watchId: bigint;
  readonly created: boolean;
  readonly canceled: boolean;
  readonly compactRevision: number;
  readonly cancelReason: string;
  /** More of the same revision follows. */
  readonly fragment: boolean;
  readonly events: readonly WireEvent[];
}

export const WatchResponse: Message<WatchResponse> = message<WatchResponse>(
  {
    header: nested(1, () => ResponseHeader),
    watchId: scalar(2, "bigint64"),
    created: scalar(3, "bool"),
    canceled: scalar(4, "bool"),
    compactRevision: scalar(5, "int64"),
    cancelReason: scalar(6, "text"),
    fragment: scalar(7, "bool"),
    events: nestedList(11, () => WireEvent),
  },
  (writer, response) => {
    writeNestedList(writer, 11, WireEvent, response.events);
    writer.int64Field(7, Number(response.fragment));
    writer.utf8Field(6, response.cancelReason);
    writer.int64Field(5, response.compactRevision);
    writer.int64Field(4, Number(response.canceled));
    writer.int64Field(3, Number(response.created));
    writer.bigint64Field(2, response.watchId);
    writeNested(writer, 1, ResponseHeader, response.header);
  },
);
