import { type RefusalCode, refusalBody } from "./refusal.ts";

/**
 * HTTP statuses as gRPC's (https://github.com/grpc/grpc/blob/master/doc/http-grpc-status-mapping.md), but for 504: it
 * is the proxy's own word that a time was over, which is deadline exceeded.
 */
const grpcStatuses: Readonly<Record<number, number>> = {
  400: 13,
  404: 12,
  405: 12,
  502: 14,
  503: 14,
  504: 4,
};
const GRPC_UNKNOWN = 2;

/** Everything but printable ASCII, and the percent sign itself (gRPC over HTTP/2, Status-Message). */
const encodeMessage = (text: string): string =>
  text.replaceAll(/[^ -$&-~]/gu, (character) => encodeURIComponent(character));

/** How a gRPC call ends by the proxy's word. */
export function refusalTrailers(status: number, text: string): string[] {
  const grpcStatus = String(grpcStatuses[status] ?? GRPC_UNKNOWN);
  return ["grpc-status", grpcStatus, "grpc-message", encodeMessage(`plinth: ${text}`)];
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
  return /^[0-9]{1,2}$/.test(text) ? Number(text) : GRPC_UNKNOWN;
}
