/** etcd v3's API as gRPC carries it: messages, and the methods of its services. */
export {
  AuthStatusResponse,
  AuthenticateRequest,
  AuthenticateResponse,
  Permission,
  PermissionType,
  RoleGetResponse,
  RoleGrantPermissionRequest,
  RoleName,
  RoleRevokePermissionRequest,
  RolesResponse,
  UserAddOptions,
  UserAddRequest,
  UserChangePasswordRequest,
  UserListResponse,
  UserName,
  UserRole,
} from "./auth.ts";
export {
  Member,
  MemberAddRequest,
  MemberAddResponse,
  MemberId,
  MemberListRequest,
  MemberUpdateRequest,
  MembersResponse,
} from "./cluster.ts";
export {
  CampaignRequest,
  CampaignResponse,
  LeaderKey,
  LeaderRequest,
  LeaderResponse,
  ProclaimRequest,
  ResignRequest,
} from "./election.ts";
export { Empty, HeaderOnly, ResponseHeader } from "./header.ts";
export { HealthCheckRequest, HealthCheckResponse, ServingStatus } from "./health.ts";
export { EventType, KeyValue, WireEvent } from "./key-value.ts";
export {
  CompactionRequest,
  DeleteRangeRequest,
  DeleteRangeResponse,
  PutRequest,
  PutResponse,
  RangeRequest,
  RangeResponse,
  SortOrder,
  SortTarget,
} from "./kv.ts";
export {
  LeaseGrantRequest,
  LeaseGrantResponse,
  LeaseId,
  LeaseKeepAliveResponse,
  LeaseLeasesResponse,
  LeaseTimeToLiveRequest,
  LeaseTimeToLiveResponse,
} from "./lease.ts";
export { LockRequest, LockResponse, UnlockRequest } from "./lock.ts";
export {
  AlarmAction,
  AlarmMember,
  AlarmRequest,
  AlarmResponse,
  AlarmType,
  DowngradeAction,
  DowngradeRequest,
  DowngradeResponse,
  HashKvRequest,
  HashKvResponse,
  HashResponse,
  MoveLeaderRequest,
  SnapshotResponse,
  StatusResponse,
} from "./maintenance.ts";
export {
  CompareResult,
  CompareTarget,
  RequestOp,
  ResponseOp,
  TxnRequest,
  TxnResponse,
  WireCompare,
} from "./txn.ts";
export { WatchCancelRequest, WatchCreateRequest, WatchFilter, WatchRequest, WatchResponse } from "./watch.ts";
export { describedFiles } from "./file-descriptors.ts";
export type { DescribedFile } from "./file-descriptors.ts";
export { fromJson, toJson } from "./json.ts";
export type { Field, FieldShape, Message } from "./message.ts";
export { reflectionService, ServerReflectionRequest, ServerReflectionResponse } from "./reflection.ts";
export {
  authService,
  clusterService,
  electionService,
  healthService,
  kvService,
  leaseService,
  lockService,
  maintenanceService,
  watchService,
} from "./services.ts";
