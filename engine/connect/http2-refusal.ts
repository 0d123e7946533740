import { encodeMessageText, Status, statusOfHttp } from "@plinth/grpc";
import { type RefusalCode, refusalBody } from "./refusal.ts";

/** Fields of an answer of the proxy's own: to a gRPC call they are all of it, else `refusalBody` follows. */
export function refusalFields(status: number, code: RefusalCode, text: string, isGrpc: boolean): string[] {
  if (isGrpc) {
    const fields = [":status", "200", "content-type", "application/grpc"];
    fields.push("grpc-status", String(statusOfHttp(status)));
    fields.push("grpc-message", encodeMessageText(`plinth: ${text}`), "plinth-error", code);
    return fields;
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
