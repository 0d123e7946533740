import { ErrorCode, ResetCause } from "@plinth/http2";
import type { Metadata } from "./metadata.ts";

/** How a call ended, by gRPC's numbers. */
export const Status = {
  ok: 0,
  cancelled: 1,
  unknown: 2,
  invalidArgument: 3,
  deadlineExceeded: 4,
  notFound: 5,
  alreadyExists: 6,
  permissionDenied: 7,
  resourceExhausted: 8,
  failedPrecondition: 9,
  aborted: 10,
  outOfRange: 11,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
  dataLoss: 15,
  unauthenticated: 16,
} as const;

/** A call that did not end with OK. A handler throws it; a client gets it. */
export class GrpcError extends Error {
  override readonly name = "GrpcError";
  readonly status: number;
  /** What came, or goes, with the status. */
  readonly metadata: Metadata;
  /** A client's: the peer has not looked at the call and never will, so that it can be sent again, whatever it asks. */
  readonly unprocessed: boolean;

  constructor(status: number, message: string, metadata: Metadata = [], unprocessed = false) {
    super(message);
    this.status = status;
    this.metadata = metadata;
    this.unprocessed = unprocessed;
  }
}

/** What an answer without grpc-status means: a proxy on the way has answered. */
export function statusOfHttp(httpStatus: number): number {
  switch (httpStatus) {
    case 400:
      return Status.internal;
    case 401:
      return Status.unauthenticated;
    case 403:
      return Status.permissionDenied;
    case 404:
      return Status.unimplemented;
    case 429:
    case 502:
    case 503:
    case 504:
      return Status.unavailable;
    default:
      return Status.unknown;
  }
}

/** What a reset stream means. */
export function statusOfReset(code: number, cause: number): number {
  if (cause === ResetCause.connection || cause === ResetCause.unprocessed) return Status.unavailable;
  switch (code) {
    case ErrorCode.refusedStream:
      return Status.unavailable;
    case ErrorCode.cancel:
      return Status.cancelled;
    case ErrorCode.enhanceYourCalm:
      return Status.resourceExhausted;
    case ErrorCode.inadequateSecurity:
      return Status.permissionDenied;
    default:
      return Status.internal;
  }
}
