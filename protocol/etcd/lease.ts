import { ResponseHeader } from "./header.ts";
import { named, type Message, list, message, nested, nestedList, scalar } from "./message.ts";

export interface LeaseGrantRequest {
  /** Seconds. */
  readonly ttl: number;
  /** 0: the server chooses. */
  readonly id: bigint;
}

export const LeaseGrantRequest: Message<LeaseGrantRequest> = message<LeaseGrantRequest>({
  ttl: named("TTL", scalar(1, "int64")),
  id: named("ID", scalar(2, "bigint64")),
});

export interface LeaseGrantResponse {
  readonly header: ResponseHeader | undefined;
  readonly id: bigint;
  /** Seconds. */
  readonly ttl: number;
  readonly error: string;
}

export const LeaseGrantResponse: Message<LeaseGrantResponse> = message<LeaseGrantResponse>({
  header: nested(1, () => ResponseHeader),
  id: named("ID", scalar(2, "bigint64")),
  ttl: named("TTL", scalar(3, "int64")),
  error: scalar(4, "text"),
});

/** The request of LeaseRevoke and LeaseKeepAlive; one entry of a list of leases. */
export interface LeaseId {
  readonly id: bigint;
}

export const LeaseId: Message<LeaseId> = message<LeaseId>({
  id: named("ID", scalar(1, "bigint64")),
});

export interface LeaseKeepAliveResponse {
  readonly header: ResponseHeader | undefined;
  readonly id: bigint;
  /** Seconds; 0: there is no such lease. */
  readonly ttl: number;
}

export const LeaseKeepAliveResponse: Message<LeaseKeepAliveResponse> = message<LeaseKeepAliveResponse>({
  header: nested(1, () => ResponseHeader),
  id: named("ID", scalar(2, "bigint64")),
  ttl: named("TTL", scalar(3, "int64")),
});

export interface LeaseTimeToLiveRequest {
  readonly id: bigint;
  readonly keys: boolean;
}

export const LeaseTimeToLiveRequest: Message<LeaseTimeToLiveRequest> = message<LeaseTimeToLiveRequest>({
  id: named("ID", scalar(1, "bigint64")),
  keys: scalar(2, "bool"),
});

export interface LeaseTimeToLiveResponse {
  readonly header: ResponseHeader | undefined;
  readonly id: bigint;
  /** Seconds left; -1: there is no such lease. */
  readonly ttl: number;
  readonly grantedTtl: number;
  readonly keys: readonly string[];
}

export const LeaseTimeToLiveResponse: Message<LeaseTimeToLiveResponse> = message<LeaseTimeToLiveResponse>({
  header: nested(1, () => ResponseHeader),
  id: named("ID", scalar(2, "bigint64")),
  ttl: named("TTL", scalar(3, "int64")),
  grantedTtl: named("grantedTTL", scalar(4, "int64")),
  keys: list(5, "byteString"),
});

export interface LeaseLeasesResponse {
  readonly header: ResponseHeader | undefined;
  readonly leases: readonly LeaseId[];
}

export const LeaseLeasesResponse: Message<LeaseLeasesResponse> = message<LeaseLeasesResponse>({
  header: nested(1, () => ResponseHeader),
  leases: nestedList(2, () => LeaseId),
});
