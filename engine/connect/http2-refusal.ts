import { encodeMessageText, Status, statusOfHttp } from "@plinth/grpc";
import { type RefusalCode, refusalBody } from "./refusal.ts";

/** How a gRPC call ends by the proxy's word. A 504 of our own says that a time was over. */
export function refusalTrailers(status: number, text: string): string[] {
  const grpcStatus = status === 504 ? Status.deadlineExceeded : statusOfHttp(status);
  return ["grpc-status", String(grpcStatus), "grpc-message", encodeMessageText(`plinth: ${text}`)];
}

/** Fields of an answer of the proxy's own: to a gRPC call they are all of it, else `refusalBody` follows. */
export function refusalFields(status: number, code: RefusalCode, text: string, isGrpc: boolean): string[] {
  if (isGrpc) {
    const head = [":status", "200", "content-type", "application/grpc"];
    return [...head, ...refusalTrailers(status, text), "plinth-error", code];
  }
  const length = String(refusalBody(text).length);
  const type = "text/plain; charset=utf-8";
  const fields = [":status", String(status), "content-type", type, "content-length", length];
  fields.push("plinth-error", code);
  if (status === 503) fields.push("retry-after", "1");
  return fields;
}
