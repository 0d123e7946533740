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

/** The gRPC status among trailers, or -1. */
export function grpcStatusOf(fields: readonly string[]): number {
  const index = fields.indexOf("grpc-status");
  if (index < 0 || index % 2 !== 0) return -1;
  const text = fields[index + 1]!;
  return /^[0-9]{1,2}$/.test(text) ? Number(text) : Status.unknown;
}
