import { STATUS_CODES } from "node:http";
import { Status } from "@plinth/grpc";

/** What etcd's gateway answers by HTTP for each status of gRPC. */
const httpStatuses: ReadonlyMap<number, number> = new Map([
  [Status.ok, 200],
  [Status.cancelled, 408],
  [Status.unknown, 500],
  [Status.invalidArgument, 400],
  [Status.deadlineExceeded, 504],
  [Status.notFound, 404],
  [Status.alreadyExists, 409],
  [Status.permissionDenied, 403],
  [Status.resourceExhausted, 429],
  [Status.failedPrecondition, 400],
  [Status.aborted, 409],
  [Status.outOfRange, 400],
  [Status.unimplemented, 501],
  [Status.internal, 500],
  [Status.unavailable, 503],
  [Status.dataLoss, 500],
  [Status.unauthenticated, 401],
]);

export function httpStatusOf(status: number): number {
  return httpStatuses.get(status) ?? 500;
}

/** A line of a stream that ends it. */
export function streamError(status: number, message: string): object {
  const httpCode = httpStatusOf(status);
  return {
    error: { grpc_code: status, http_code: httpCode, message, http_status: STATUS_CODES[httpCode] ?? "" },
  };
}

export function unaryError(status: number, message: string): object {
  return { error: message, code: status, message };
}
