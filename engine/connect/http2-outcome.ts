import { fieldValue, Status, statusOfHttp } from "@plinth/grpc";

/** The gRPC status among trailers, or -1. */
export function grpcStatusOf(fields: readonly string[]): number {
  const text = fieldValue(fields, "grpc-status");
  if (text === undefined) return -1;
  return /^[0-9]{1,2}$/.test(text) ? Number(text) : Status.unknown;
}

/** The gRPC status of an answer that ends with its head, or that an HTTP status stands for; -1 when there is none. */
export function outcomeOf(status: number, fields: readonly string[]): number {
  return statusOfHttp(status) === Status.unavailable ? Status.unavailable : grpcStatusOf(fields);
}
