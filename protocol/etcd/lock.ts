import { ResponseHeader } from "./header.ts";
import { type Message, message, nested, scalar } from "./message.ts";

export interface LockRequest {
  readonly name: string;
  readonly lease: bigint;
}

export const LockRequest: Message<LockRequest> = message<LockRequest>({
  name: scalar(1, "byteString"),
  lease: scalar(2, "bigint64"),
});

export interface LockResponse {
  readonly header: ResponseHeader | undefined;
  readonly key: string;
}

export const LockResponse: Message<LockResponse> = message<LockResponse>({
  header: nested(1, () => ResponseHeader),
  key: scalar(2, "byteString"),
});

export interface UnlockRequest {
  readonly key: string;
}

export const UnlockRequest: Message<UnlockRequest> = message<UnlockRequest>({
  key: scalar(1, "byteString"),
});
