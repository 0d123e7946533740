import { message, type Message, nested, scalar, enumeration, writeNested } from "./message.ts";

/** mvccpb.KeyValue. Keys are strings of one character (U+0000 to U+00FF) per byte. */
export interface KeyValue {
  readonly key: string;
  readonly value: Uint8Array;
  readonly createRevision: number;
  readonly modRevision: number;
  readonly version: number;
  readonly lease: bigint;
}

export const KeyValue: Message<KeyValue> = message<KeyValue>(
  {
    key: scalar(1, "byteString"),
    createRevision: scalar(2, "int64"),
    modRevision: scalar(3, "int64"),
    version: scalar(4, "int64"),
    value: scalar(5, "bytes"),
    lease: scalar(6, "bigint64"),
  },
  (writer, { key, createRevision, modRevision, version, value, lease }) => {
    writer.bigint64Field(6, lease);
    writer.bytesField(5, value);
    writer.int64Field(4, version);
    writer.int64Field(3, modRevision);
    writer.int64Field(2, createRevision);
    writer.latin1Field(1, key);
  },
);

export const EventType = { put: 0, delete: 1 } as const;

/** mvccpb.Event. */
export interface WireEvent {
  /** One of EventType. */
  readonly type: number;
  readonly kv: KeyValue | undefined;
  readonly prevKv: KeyValue | undefined;
}

export const WireEvent: Message<WireEvent> = message<WireEvent>(
  {
    type: enumeration(1, "mvccpb.Event.EventType", ["PUT", "DELETE"]),
    kv: nested(2, () => KeyValue),
    prevKv: nested(3, () => KeyValue),
  },
  (writer, { type, kv, prevKv }) => {
    writeNested(writer, 3, KeyValue, prevKv);
    writeNested(writer, 2, KeyValue, kv);
    writer.int64Field(1, type);
  },
);
