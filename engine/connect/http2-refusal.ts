import { type RefusalCode, refusalBody } from "./refusal.ts";

/** HTTP statuses as gRPC's (https://github.com/grpc/grpc/blob/master/doc/http-grpc-status-mapping.md). */
const grpcStatuses: Readonly<Record<number, number>> = {
  400: 13,
  404: 12,
  405: 12,
  502: 14,
  503: 14,
  504: 14,
};
const GRPC_UNKNOWN = 2;

/** Everything but printable ASCII, and the percent sign itself (gRPC over HTTP/2, Status-Message). */
const encodeMessage = (text: string): string =>
  text.replaceAll(/[^ -$&-~]/gu, (character) => encodeURIComponent(character));

/** Fields of an answer of the proxy's own: to a gRPC call they are all of it, else `refusalBody` follows. */
export function refusalFields(status: number, code: RefusalCode, text: string, isGrpc: boolean): string[] {
  if (isGrpc) {
    const grpcStatus = String(grpcStatuses[status] ?? GRPC_UNKNOWN);
    const message = encodeMessage(`plinth: ${text}`);
    return [":status", "200", "content-type", "application/grpc", "grpc-status", grpcStatus].concat([
      "grpc-message",
      message,
      "plinth-error",
      code,
    ]);
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
