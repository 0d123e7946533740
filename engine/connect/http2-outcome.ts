import { grpcStatusOf } from "./http2-refusal.ts";

/** HTTP statuses of answers without a gRPC status that stand for one (grpc/doc/http-grpc-status-mapping.md). */
const UNAVAILABLE_STATUSES: ReadonlySet<number> = new Set([429, 502, 503, 504]);
const GRPC_UNAVAILABLE = 14;

/** The gRPC status of an answer that ends with its head, or that an HTTP status stands for; -1 when there is none. */
export function outcomeOf(status: number, fields: readonly string[]): number {
  return UNAVAILABLE_STATUSES.has(status) ? GRPC_UNAVAILABLE : grpcStatusOf(fields);
}

/** The value of a header field, names being lower-case. */
export function fieldOf(fields: readonly string[], name: string): string | undefined {
  for (let index = 0; index < fields.length; index += 2) {
    if (fields[index] === name) return fields[index + 1];
  }
  return undefined;
}
