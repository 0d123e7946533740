import { GrpcError, Status } from "@plinth/grpc";
import { StoreError, type StoreErrorCode } from "../mvcc.ts";

const {
  invalidArgument,
  permissionDenied,
  unauthenticated,
  outOfRange,
  notFound,
  failedPrecondition,
  resourceExhausted,
  unavailable,
  dataLoss,
} = Status;

export type RefusalName =
  | "emptyKey"
  | "keyNotFound"
  | "valueProvided"
  | "leaseProvided"
  | "tooManyOperations"
  | "duplicateKey"
  | "invalidSort"
  | "requestTooLarge"
  | "compacted"
  | "futureRevision"
  | "noSpace"
  | "leaseNotFound"
  | "leaseExists"
  | "leaseTtlTooLarge"
  | "memberBadUrls"
  | "memberNotFound"
  | "memberNotLearner"
  | "membersNotEnough"
  | "authNotEnabled"
  | "rootUserNotExist"
  | "rootRoleNotExist"
  | "userAlreadyExist"
  | "userEmpty"
  | "userNotFound"
  | "roleAlreadyExist"
  | "roleNotFound"
  | "roleEmpty"
  | "authFailed"
  | "passwordNotUsed"
  | "permissionNotGiven"
  | "permissionDenied"
  | "roleNotGranted"
  | "permissionNotGranted"
  | "invalidAuthToken"
  | "invalidAuthManagement"
  | "badTransferee"
  | "downgradeFormat"
  | "downgradeTarget"
  | "noDowngrade"
  | "tooManyRequests"
  | "corrupt"
  | "stopped"
  | "electionNoLeader"
  | "electionNotLeader"
  | "sessionExpired";

/** etcd's statuses and words (api/v3rpc/rpctypes/error.go of 3.5): its clients recognize errors by their text. */
const refusals: Record<RefusalName, readonly [status: number, text: string]> = {
  emptyKey: [invalidArgument, "etcdserver: key is not provided"],
  keyNotFound: [invalidArgument, "etcdserver: key not found"],
  valueProvided: [invalidArgument, "etcdserver: value is provided"],
  leaseProvided: [invalidArgument, "etcdserver: lease is provided"],
  tooManyOperations: [invalidArgument, "etcdserver: too many operations in txn request"],
  duplicateKey: [invalidArgument, "etcdserver: duplicate key given in txn request"],
  invalidSort: [invalidArgument, "etcdserver: invalid sort option"],
  requestTooLarge: [invalidArgument, "etcdserver: request is too large"],
  compacted: [outOfRange, "etcdserver: mvcc: required revision has been compacted"],
  futureRevision: [outOfRange, "etcdserver: mvcc: required revision is a future revision"],
  noSpace: [resourceExhausted, "etcdserver: mvcc: database space exceeded"],
  leaseNotFound: [notFound, "etcdserver: requested lease not found"],
  leaseExists: [failedPrecondition, "etcdserver: lease already exists"],
  leaseTtlTooLarge: [outOfRange, "etcdserver: too large lease TTL"],
  memberBadUrls: [invalidArgument, "etcdserver: given member URLs are invalid"],
  memberNotFound: [notFound, "etcdserver: member not found"],
  memberNotLearner: [failedPrecondition, "etcdserver: can only promote a learner member"],
  membersNotEnough: [
    failedPrecondition,
    "etcdserver: re-configuration failed due to not enough started members",
  ],
  authNotEnabled: [failedPrecondition, "etcdserver: authentication is not enabled"],
  rootUserNotExist: [failedPrecondition, "etcdserver: root user does not exist"],
  rootRoleNotExist: [failedPrecondition, "etcdserver: root user does not have root role"],
  userAlreadyExist: [failedPrecondition, "etcdserver: user name already exists"],
  userEmpty: [invalidArgument, "etcdserver: user name is empty"],
  userNotFound: [failedPrecondition, "etcdserver: user name not found"],
  roleAlreadyExist: [failedPrecondition, "etcdserver: role name already exists"],
  roleNotFound: [failedPrecondition, "etcdserver: role name not found"],
  roleEmpty: [invalidArgument, "etcdserver: role name is empty"],
  authFailed: [invalidArgument, "etcdserver: authentication failed, invalid user ID or password"],
  /** Not among those that etcd translates, so UNKNOWN, and without its prefix. */
  passwordNotUsed: [Status.unknown, "auth: authentication failed, password was given for no password user"],
  permissionNotGiven: [invalidArgument, "etcdserver: permission not given"],
  permissionDenied: [permissionDenied, "etcdserver: permission denied"],
  roleNotGranted: [failedPrecondition, "etcdserver: role is not granted to the user"],
  permissionNotGranted: [failedPrecondition, "etcdserver: permission is not granted to the role"],
  invalidAuthToken: [unauthenticated, "etcdserver: invalid auth token"],
  invalidAuthManagement: [invalidArgument, "etcdserver: invalid auth management"],
  badTransferee: [failedPrecondition, "etcdserver: bad leader transferee"],
  downgradeFormat: [invalidArgument, "etcdserver: wrong downgrade target version format"],
  downgradeTarget: [invalidArgument, "etcdserver: invalid downgrade target version"],
  noDowngrade: [failedPrecondition, "etcdserver: no inflight downgrade job"],
  tooManyRequests: [resourceExhausted, "etcdserver: too many requests"],
  corrupt: [dataLoss, "etcdserver: corrupt cluster"],
  stopped: [unavailable, "etcdserver: server stopped"],
  /** The election's client library in etcd's server has these; they are not gRPC errors, so UNKNOWN. */
  electionNoLeader: [Status.unknown, "election: no leader"],
  electionNotLeader: [Status.unknown, "election: not leader"],
  sessionExpired: [Status.unknown, "mutex: session is expired"],
};

/** The store's own words are told where etcd has none. */
const ofStore: Record<Exclude<StoreErrorCode, "read-only">, RefusalName> = {
  "empty-key": "emptyKey",
  "key-not-found": "keyNotFound",
  "value-provided": "valueProvided",
  "lease-provided": "leaseProvided",
  "duplicate-key": "duplicateKey",
  "too-many-operations": "tooManyOperations",
  "invalid-sort": "invalidSort",
  compacted: "compacted",
  "future-revision": "futureRevision",
  "lease-not-found": "leaseNotFound",
  "lease-exists": "leaseExists",
  "lease-ttl-too-large": "leaseTtlTooLarge",
  "no-space": "noSpace",
  "request-too-large": "requestTooLarge",
  "too-many-requests": "tooManyRequests",
  corrupt: "corrupt",
  stopped: "stopped",
};

export function refusal(name: RefusalName): GrpcError {
  const [status, text] = refusals[name];
  return new GrpcError(status, text);
}

/** The words alone, as a watch's cancel reason has them. */
export function refusalText(name: RefusalName): string {
  return refusals[name][1];
}

/** What a client hears of an error of the store; anything else stays what it is: a bug, told as one. */
export function toRefusal(error: unknown): Error {
  if (!(error instanceof StoreError)) return error instanceof Error ? error : new Error(String(error));
  const { code, message } = error;
  return code === "read-only" ? new GrpcError(unavailable, `etcdserver: ${message}`) : refusal(ofStore[code]);
}
