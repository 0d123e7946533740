import { ResponseHeader } from "./header.ts";
import { named, type Message, list, message, nested, nestedList, scalar } from "./message.ts";

export interface Member {
  readonly id: bigint;
  readonly name: string;
  readonly peerUrls: readonly string[];
  readonly clientUrls: readonly string[];
  readonly isLearner: boolean;
}

export const Member: Message<Member> = message<Member>({
  id: named("ID", scalar(1, "biguint64")),
  name: scalar(2, "text"),
  peerUrls: named("peerURLs", list(3, "text")),
  clientUrls: named("clientURLs", list(4, "text")),
  isLearner: named("isLearner", scalar(5, "bool")),
});

export interface MemberAddRequest {
  readonly peerUrls: readonly string[];
  readonly isLearner: boolean;
}

export const MemberAddRequest: Message<MemberAddRequest> = message<MemberAddRequest>({
  peerUrls: named("peerURLs", list(1, "text")),
  isLearner: named("isLearner", scalar(2, "bool")),
});

export interface MemberAddResponse {
  readonly header: ResponseHeader | undefined;
  readonly member: Member | undefined;
  readonly members: readonly Member[];
}

export const MemberAddResponse: Message<MemberAddResponse> = message<MemberAddResponse>({
  header: nested(1, () => ResponseHeader),
  member: nested(2, () => Member),
  members: nestedList(3, () => Member),
});

/** The request of MemberRemove and MemberPromote. */
export interface MemberId {
  readonly id: bigint;
}

export const MemberId: Message<MemberId> = message<MemberId>({
  id: named("ID", scalar(1, "biguint64")),
});

export interface MemberUpdateRequest {
  readonly id: bigint;
  readonly peerUrls: readonly string[];
}

export const MemberUpdateRequest: Message<MemberUpdateRequest> = message<MemberUpdateRequest>({
  id: named("ID", scalar(1, "biguint64")),
  peerUrls: named("peerURLs", list(2, "text")),
});

export interface MemberListRequest {
  readonly linearizable: boolean;
}

export const MemberListRequest: Message<MemberListRequest> = message<MemberListRequest>({
  linearizable: scalar(1, "bool"),
});

/** The response of every method but MemberAdd. */
export interface MembersResponse {
  readonly header: ResponseHeader | undefined;
  readonly members: readonly Member[];
}

export const MembersResponse: Message<MembersResponse> = message<MembersResponse>({
  header: nested(1, () => ResponseHeader),
  members: nestedList(2, () => Member),
});
