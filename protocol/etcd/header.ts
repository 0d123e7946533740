import { message, type Message, nested, scalar } from "./message.ts";

export interface ResponseHeader {
  readonly clusterId: bigint;
  readonly memberId: bigint;
  readonly revision: number;
  readonly raftTerm: bigint;
}

export const ResponseHeader: Message<ResponseHeader> = message<ResponseHeader>(
  {
    clusterId: scalar(1, "biguint64"),
    memberId: scalar(2, "biguint64"),
    revision: scalar(3, "int64"),
    raftTerm: scalar(4, "biguint64"),
  },
  (writer, { clusterId, memberId, revision, raftTerm }) => {
    writer.bigint64Field(4, raftTerm);
    writer.int64Field(3, revision);
    writer.bigint64Field(2, memberId);
    writer.bigint64Field(1, clusterId);
  },
);

/** Every response of etcd begins with the header, and many have no more. */
export interface HeaderOnly {
  readonly header: ResponseHeader | undefined;
}

export const HeaderOnly: Message<HeaderOnly> = message<HeaderOnly>({
  header: nested(1, () => ResponseHeader),
});

/** A request without fields. */
export type Empty = Readonly<Record<never, never>>;

export const Empty: Message<Empty> = message<Empty>({});
