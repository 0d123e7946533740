import { ResponseHeader } from "./header.ts";
import { named, type Message, list, message, nested, nestedList, scalar, enumeration } from "./message.ts";

export const AlarmAction = { get: 0, activate: 1, deactivate: 2 } as const;
export const AlarmType = { none: 0, noSpace: 1, corrupt: 2 } as const;
export const DowngradeAction = { validate: 0, enable: 1, cancel: 2 } as const;

export interface AlarmRequest {
  /** One of AlarmAction. */
  readonly action: number;
  /** 0: every member. */
  readonly memberId: bigint;
  /** One of AlarmType. */
  readonly alarm: number;
}

export const AlarmRequest: Message<AlarmRequest> = message<AlarmRequest>({
  action: enumeration(1, "etcdserverpb.AlarmRequest.AlarmAction", ["GET", "ACTIVATE", "DEACTIVATE"]),
  memberId: named("memberID", scalar(2, "biguint64")),
  alarm: enumeration(3, "etcdserverpb.AlarmType", ["NONE", "NOSPACE", "CORRUPT"]),
});

export interface AlarmMember {
  readonly memberId: bigint;
  /** One of AlarmType. */
  readonly alarm: number;
}

export const AlarmMember: Message<AlarmMember> = message<AlarmMember>({
  memberId: named("memberID", scalar(1, "biguint64")),
  alarm: enumeration(2, "etcdserverpb.AlarmType", ["NONE", "NOSPACE", "CORRUPT"]),
});

export interface AlarmResponse {
  readonly header: ResponseHeader | undefined;
  readonly alarms: readonly AlarmMember[];
}

export const AlarmResponse: Message<AlarmResponse> = message<AlarmResponse>({
  header: nested(1, () => ResponseHeader),
  alarms: nestedList(2, () => AlarmMember),
});

/** Sizes are bytes. */
export interface StatusResponse {
  readonly header: ResponseHeader | undefined;
  readonly version: string;
  readonly dbSize: number;
  readonly leader: bigint;
  readonly raftIndex: bigint;
  readonly raftTerm: bigint;
  readonly raftAppliedIndex: bigint;
  readonly errors: readonly string[];
  readonly dbSizeInUse: number;
  readonly isLearner: boolean;
}

export const StatusResponse: Message<StatusResponse> = message<StatusResponse>({
  header: nested(1, () => ResponseHeader),
  version: scalar(2, "text"),
  dbSize: named("dbSize", scalar(3, "int64")),
  leader: scalar(4, "biguint64"),
  raftIndex: named("raftIndex", scalar(5, "biguint64")),
  raftTerm: named("raftTerm", scalar(6, "biguint64")),
  raftAppliedIndex: named("raftAppliedIndex", scalar(7, "biguint64")),
  errors: list(8, "text"),
  dbSizeInUse: named("dbSizeInUse", scalar(9, "int64")),
  isLearner: named("isLearner", scalar(10, "bool")),
});

export interface HashResponse {
  readonly header: ResponseHeader | undefined;
  readonly hash: number;
}

export const HashResponse: Message<HashResponse> = message<HashResponse>({
  header: nested(1, () => ResponseHeader),
  hash: scalar(2, "uint32"),
});

export interface HashKvRequest {
  /** 0: now. */
  readonly revision: number;
}

export const HashKvRequest: Message<HashKvRequest> = message<HashKvRequest>({
  revision: scalar(1, "int64"),
});

export interface HashKvResponse {
  readonly header: ResponseHeader | undefined;
  readonly hash: number;
  readonly compactRevision: number;
}

export const HashKvResponse: Message<HashKvResponse> = message<HashKvResponse>({
  header: nested(1, () => ResponseHeader),
  hash: scalar(2, "uint32"),
  compactRevision: scalar(3, "int64"),
});

export interface SnapshotResponse {
  readonly header: ResponseHeader | undefined;
  readonly remainingBytes: bigint;
  readonly blob: Uint8Array;
}

export const SnapshotResponse: Message<SnapshotResponse> = message<SnapshotResponse>({
  header: nested(1, () => ResponseHeader),
  remainingBytes: scalar(2, "biguint64"),
  blob: scalar(3, "bytes"),
});

export interface MoveLeaderRequest {
  readonly targetId: bigint;
}

export const MoveLeaderRequest: Message<MoveLeaderRequest> = message<MoveLeaderRequest>({
  targetId: named("targetID", scalar(1, "biguint64")),
});

export interface DowngradeRequest {
  /** One of DowngradeAction. */
  readonly action: number;
  readonly version: string;
}

export const DowngradeRequest: Message<DowngradeRequest> = message<DowngradeRequest>({
  action: enumeration(1, "etcdserverpb.DowngradeRequest.DowngradeAction", ["VALIDATE", "ENABLE", "CANCEL"]),
  version: scalar(2, "text"),
});

export interface DowngradeResponse {
  readonly header: ResponseHeader | undefined;
  readonly version: string;
}

export const DowngradeResponse: Message<DowngradeResponse> = message<DowngradeResponse>({
  header: nested(1, () => ResponseHeader),
  version: scalar(2, "text"),
});
