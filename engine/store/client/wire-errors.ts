import { Fault, type FaultCode } from "@plinth/fault";
import { GrpcError, Status } from "@plinth/grpc";
import { StoreError, type StoreErrorCode } from "../mvcc.ts";
import { toRefusal } from "../server/refusal.ts";

/** What etcd's statuses and words mean to a client. */

type RefusedCode = Exclude<StoreErrorCode, "read-only" | "stopped">;

/** All that the store refuses, which is final; a stopped or failing member is another matter: there may be others. */
const refusedCodes: Record<RefusedCode, true> = {
  "empty-key": true,
  "key-not-found": true,
  "value-provided": true,
  "lease-provided": true,
  "duplicate-key": true,
  "too-many-operations": true,
  "invalid-sort": true,
  compacted: true,
  "future-revision": true,
  "lease-not-found": true,
  "lease-exists": true,
  "lease-ttl-too-large": true,
  "no-space": true,
  "request-too-large": true,
  "too-many-requests": true,
  corrupt: true,
};

/** The words that our server says for each code are etcd's. */
const codeOfText: ReadonlyMap<string, RefusedCode> = new Map(
  (Object.keys(refusedCodes) as RefusedCode[]).map((code) => [
    toRefusal(new StoreError(code, "")).message,
    code,
  ]),
);

/** Refused before anything was done, because the token is missing, old or of a member's former life. */
const TOKEN_TEXTS: ReadonlySet<string> = new Set([
  "etcdserver: invalid auth token",
  "etcdserver: revision of auth store is old",
  "etcdserver: user name is empty",
]);
/** The member has no leader, and was asked (by `hasleader`) to refuse at once in that case. */
const NO_LEADER_TEXT = "etcdserver: no leader";

/** What the server said, before any of its words were taken for more. */
export function isTokenRefused(error: unknown): boolean {
  return error instanceof GrpcError && TOKEN_TEXTS.has(error.message);
}

/** The call was not carried out, and another attempt may be: even a write can be sent again. */
export function hasNotHappened(error: unknown): boolean {
  if (error instanceof GrpcError) return error.unprocessed || error.message === NO_LEADER_TEXT;
  return error instanceof Fault && error.code === "unavailable";
}

/** Another attempt may succeed. */
export function isTransient(error: unknown): boolean {
  return hasNotHappened(error) || (error instanceof GrpcError && error.status === Status.unavailable);
}

/** Statuses that say nothing of whether a write happened. Others are refusals. */
export function isOutcomeUnknown(error: unknown): boolean {
  if (!(error instanceof GrpcError) || hasNotHappened(error)) return false;
  switch (error.status) {
    case Status.unavailable:
    case Status.deadlineExceeded:
    case Status.cancelled:
    case Status.unknown:
    case Status.internal:
      return !codeOfText.has(error.message);
    default:
      return false;
  }
}

const faults: ReadonlyMap<number, FaultCode> = new Map([
  [Status.deadlineExceeded, "timeout"],
  [Status.unauthenticated, "unauthorized"],
  [Status.permissionDenied, "forbidden"],
  [Status.unavailable, "unavailable"],
  [Status.resourceExhausted, "exhausted"],
  [Status.unimplemented, "unsupported"],
  [Status.dataLoss, "corrupt"],
  [Status.internal, "unavailable"],
  [Status.unknown, "unavailable"],
  [Status.cancelled, "unavailable"],
]);

/** The error a caller sees: StoreError where the store refused, Fault for everything else. */
export function errorOf(error: unknown, deed: string): Error {
  if (!(error instanceof GrpcError)) return error instanceof Error ? error : new Error(String(error));
  const code = codeOfText.get(error.message);
  if (code !== undefined) return new StoreError(code, `Cannot ${deed}: ${error.message}`);
  // Both have INVALID_ARGUMENT in etcd.
  const unauthorized = isTokenRefused(error) || error.message.startsWith("etcdserver: authentication failed");
  const faultCode = unauthorized ? "unauthorized" : (faults.get(error.status) ?? "invalid");
  return new Fault(faultCode, `Cannot ${deed}: ${error.message}`, { cause: error });
}

/** How Go's gRPC prints an error, before what was said. */
const PRINTED_STATUS = /^rpc error: code = \w+ desc = /;

/** A watch's cancel reason as an error; it comes as words without a status, or with one in words. */
export function cancelError(told: string): GrpcError {
  const reason = told.replace(PRINTED_STATUS, "");
  if (reason.includes("permission denied")) return new GrpcError(Status.permissionDenied, reason);
  if (TOKEN_TEXTS.has(reason)) return new GrpcError(Status.unauthenticated, reason);
  if (reason === NO_LEADER_TEXT) return new GrpcError(Status.unavailable, reason);
  return new GrpcError(Status.failedPrecondition, reason === "" ? "the watch was cancelled" : reason);
}
