import { ResponseHeader } from "./header.ts";
import { KeyValue } from "./key-value.ts";
import { type Message, message, nested, scalar } from "./message.ts";

export interface LeaderKey {
  readonly name: string;
  readonly key: string;
  /** That made the key. */
  readonly revision: number;
  readonly lease: bigint;
}

export const LeaderKey: Message<LeaderKey> = message<LeaderKey>({
  name: scalar(1, "byteString"),
  key: scalar(2, "byteString"),
  revision: scalar(3, "int64"),
  lease: scalar(4, "bigint64"),
});

export interface CampaignRequest {
  readonly name: string;
  readonly lease: bigint;
  readonly value: Uint8Array;
}

export const CampaignRequest: Message<CampaignRequest> = message<CampaignRequest>({
  name: scalar(1, "byteString"),
  lease: scalar(2, "bigint64"),
  value: scalar(3, "bytes"),
});

export interface CampaignResponse {
  readonly header: ResponseHeader | undefined;
  readonly leader: LeaderKey | undefined;
}

export const CampaignResponse: Message<CampaignResponse> = message<CampaignResponse>({
  header: nested(1, () => ResponseHeader),
  leader: nested(2, () => LeaderKey),
});

export interface LeaderRequest {
  readonly name: string;
}

export const LeaderRequest: Message<LeaderRequest> = message<LeaderRequest>({
  name: scalar(1, "byteString"),
});

export interface LeaderResponse {
  readonly header: ResponseHeader | undefined;
  readonly kv: KeyValue | undefined;
}

export const LeaderResponse: Message<LeaderResponse> = message<LeaderResponse>({
  header: nested(1, () => ResponseHeader),
  kv: nested(2, () => KeyValue),
});

export interface ResignRequest {
  readonly leader: LeaderKey | undefined;
}

export const ResignRequest: Message<ResignRequest> = message<ResignRequest>({
  leader: nested(1, () => LeaderKey),
});

export interface ProclaimRequest {
  readonly leader: LeaderKey | undefined;
  readonly value: Uint8Array;
}

export const ProclaimRequest: Message<ProclaimRequest> = message<ProclaimRequest>({
  leader: nested(1, () => LeaderKey),
  value: scalar(2, "bytes"),
});
