import type { Method } from "@plinth/grpc";
import {
  AuthStatusResponse,
  AuthenticateRequest,
  AuthenticateResponse,
  RoleAddRequest,
  RoleGetResponse,
  RoleGrantPermissionRequest,
  RoleName,
  RoleRevokePermissionRequest,
  RolesResponse,
  UserAddRequest,
  UserChangePasswordRequest,
  UserGrantRoleRequest,
  UserListResponse,
  UserName,
  UserRole,
} from "./auth.ts";
import {
  MemberAddRequest,
  MemberAddResponse,
  MemberId,
  MemberListRequest,
  MemberUpdateRequest,
  MembersResponse,
} from "./cluster.ts";
import {
  CampaignRequest,
  CampaignResponse,
  LeaderRequest,
  LeaderResponse,
  ProclaimRequest,
  ResignRequest,
} from "./election.ts";
import { Empty, HeaderOnly } from "./header.ts";
import { HealthCheckRequest, HealthCheckResponse } from "./health.ts";
import {
  CompactionRequest,
  DeleteRangeRequest,
  DeleteRangeResponse,
  PutRequest,
  PutResponse,
  RangeRequest,
  RangeResponse,
} from "./kv.ts";
import {
  LeaseGrantRequest,
  LeaseGrantResponse,
  LeaseId,
  LeaseKeepAliveResponse,
  LeaseLeasesResponse,
  LeaseTimeToLiveRequest,
  LeaseTimeToLiveResponse,
} from "./lease.ts";
import { LockRequest, LockResponse, UnlockRequest } from "./lock.ts";
import {
  AlarmRequest,
  AlarmResponse,
  DowngradeRequest,
  DowngradeResponse,
  HashKvRequest,
  HashKvResponse,
  HashResponse,
  MoveLeaderRequest,
  SnapshotResponse,
  StatusResponse,
} from "./maintenance.ts";
import { methodsOf } from "./method-kinds.ts";
import { TxnRequest, TxnResponse } from "./txn.ts";
import { WatchRequest, WatchResponse } from "./watch.ts";

const kvMethods = methodsOf("etcdserverpb.KV");
export const kvService: {
  readonly range: Method<RangeRequest, RangeResponse>;
  readonly put: Method<PutRequest, PutResponse>;
  readonly deleteRange: Method<DeleteRangeRequest, DeleteRangeResponse>;
  readonly txn: Method<TxnRequest, TxnResponse>;
  readonly compact: Method<CompactionRequest, HeaderOnly>;
} = {
  range: kvMethods.unary("Range", RangeRequest, RangeResponse),
  put: kvMethods.unary("Put", PutRequest, PutResponse),
  deleteRange: kvMethods.unary("DeleteRange", DeleteRangeRequest, DeleteRangeResponse),
  txn: kvMethods.unary("Txn", TxnRequest, TxnResponse),
  compact: kvMethods.unary("Compact", CompactionRequest, HeaderOnly),
};

const watchMethods = methodsOf("etcdserverpb.Watch");
export const watchService: {
  readonly watch: Method<WatchRequest, WatchResponse>;
} = {
  watch: watchMethods.bothStream("Watch", WatchRequest, WatchResponse),
};

const leaseMethods = methodsOf("etcdserverpb.Lease");
export const leaseService: {
  readonly grant: Method<LeaseGrantRequest, LeaseGrantResponse>;
  readonly revoke: Method<LeaseId, HeaderOnly>;
  readonly keepAlive: Method<LeaseId, LeaseKeepAliveResponse>;
  readonly timeToLive: Method<LeaseTimeToLiveRequest, LeaseTimeToLiveResponse>;
  readonly leases: Method<Empty, LeaseLeasesResponse>;
} = {
  grant: leaseMethods.unary("LeaseGrant", LeaseGrantRequest, LeaseGrantResponse),
  revoke: leaseMethods.unary("LeaseRevoke", LeaseId, HeaderOnly),
  keepAlive: leaseMethods.bothStream("LeaseKeepAlive", LeaseId, LeaseKeepAliveResponse),
  timeToLive: leaseMethods.unary("LeaseTimeToLive", LeaseTimeToLiveRequest, LeaseTimeToLiveResponse),
  leases: leaseMethods.unary("LeaseLeases", Empty, LeaseLeasesResponse),
};

const clusterMethods = methodsOf("etcdserverpb.Cluster");
export const clusterService: {
  readonly add: Method<MemberAddRequest, MemberAddResponse>;
  readonly remove: Method<MemberId, MembersResponse>;
  readonly update: Method<MemberUpdateRequest, MembersResponse>;
  readonly list: Method<MemberListRequest, MembersResponse>;
  readonly promote: Method<MemberId, MembersResponse>;
} = {
  add: clusterMethods.unary("MemberAdd", MemberAddRequest, MemberAddResponse),
  remove: clusterMethods.unary("MemberRemove", MemberId, MembersResponse),
  update: clusterMethods.unary("MemberUpdate", MemberUpdateRequest, MembersResponse),
  list: clusterMethods.unary("MemberList", MemberListRequest, MembersResponse),
  promote: clusterMethods.unary("MemberPromote", MemberId, MembersResponse),
};

const maintenanceMethods = methodsOf("etcdserverpb.Maintenance");
export const maintenanceService: {
  readonly alarm: Method<AlarmRequest, AlarmResponse>;
  readonly status: Method<Empty, StatusResponse>;
  readonly defragment: Method<Empty, HeaderOnly>;
  readonly hash: Method<Empty, HashResponse>;
  readonly hashKv: Method<HashKvRequest, HashKvResponse>;
  readonly snapshot: Method<Empty, SnapshotResponse>;
  readonly moveLeader: Method<MoveLeaderRequest, HeaderOnly>;
  readonly downgrade: Method<DowngradeRequest, DowngradeResponse>;
} = {
  alarm: maintenanceMethods.unary("Alarm", AlarmRequest, AlarmResponse),
  status: maintenanceMethods.unary("Status", Empty, StatusResponse),
  defragment: maintenanceMethods.unary("Defragment", Empty, HeaderOnly),
  hash: maintenanceMethods.unary("Hash", Empty, HashResponse),
  hashKv: maintenanceMethods.unary("HashKV", HashKvRequest, HashKvResponse),
  snapshot: maintenanceMethods.serverStream("Snapshot", Empty, SnapshotResponse),
  moveLeader: maintenanceMethods.unary("MoveLeader", MoveLeaderRequest, HeaderOnly),
  downgrade: maintenanceMethods.unary("Downgrade", DowngradeRequest, DowngradeResponse),
};

const authMethods = methodsOf("etcdserverpb.Auth");
export const authService: {
  readonly enable: Method<Empty, HeaderOnly>;
  readonly disable: Method<Empty, HeaderOnly>;
  readonly status: Method<Empty, AuthStatusResponse>;
  readonly authenticate: Method<AuthenticateRequest, AuthenticateResponse>;
  readonly userAdd: Method<UserAddRequest, HeaderOnly>;
  readonly userGet: Method<UserName, RolesResponse>;
  readonly userList: Method<Empty, UserListResponse>;
  readonly userDelete: Method<UserName, HeaderOnly>;
  readonly userChangePassword: Method<UserChangePasswordRequest, HeaderOnly>;
  readonly userGrantRole: Method<UserRole, HeaderOnly>;
  readonly userRevokeRole: Method<UserRole, HeaderOnly>;
  readonly roleAdd: Method<RoleName, HeaderOnly>;
  readonly roleGet: Method<RoleName, RoleGetResponse>;
  readonly roleList: Method<Empty, RolesResponse>;
  readonly roleDelete: Method<RoleName, HeaderOnly>;
  readonly roleGrantPermission: Method<RoleGrantPermissionRequest, HeaderOnly>;
  readonly roleRevokePermission: Method<RoleRevokePermissionRequest, HeaderOnly>;
} = {
  enable: authMethods.unary("AuthEnable", Empty, HeaderOnly),
  disable: authMethods.unary("AuthDisable", Empty, HeaderOnly),
  status: authMethods.unary("AuthStatus", Empty, AuthStatusResponse),
  authenticate: authMethods.unary("Authenticate", AuthenticateRequest, AuthenticateResponse),
  userAdd: authMethods.unary("UserAdd", UserAddRequest, HeaderOnly),
  userGet: authMethods.unary("UserGet", UserName, RolesResponse),
  userList: authMethods.unary("UserList", Empty, UserListResponse),
  userDelete: authMethods.unary("UserDelete", UserName, HeaderOnly),
  userChangePassword: authMethods.unary("UserChangePassword", UserChangePasswordRequest, HeaderOnly),
  userGrantRole: authMethods.unary("UserGrantRole", UserGrantRoleRequest, HeaderOnly),
  userRevokeRole: authMethods.unary("UserRevokeRole", UserRole, HeaderOnly),
  roleAdd: authMethods.unary("RoleAdd", RoleAddRequest, HeaderOnly),
  roleGet: authMethods.unary("RoleGet", RoleName, RoleGetResponse),
  roleList: authMethods.unary("RoleList", Empty, RolesResponse),
  roleDelete: authMethods.unary("RoleDelete", RoleName, HeaderOnly),
  roleGrantPermission: authMethods.unary("RoleGrantPermission", RoleGrantPermissionRequest, HeaderOnly),
  roleRevokePermission: authMethods.unary("RoleRevokePermission", RoleRevokePermissionRequest, HeaderOnly),
};

const lockMethods = methodsOf("v3lockpb.Lock");
export const lockService: {
  readonly lock: Method<LockRequest, LockResponse>;
  readonly unlock: Method<UnlockRequest, HeaderOnly>;
} = {
  lock: lockMethods.unary("Lock", LockRequest, LockResponse),
  unlock: lockMethods.unary("Unlock", UnlockRequest, HeaderOnly),
};

const electionMethods = methodsOf("v3electionpb.Election");
export const electionService: {
  readonly campaign: Method<CampaignRequest, CampaignResponse>;
  readonly proclaim: Method<ProclaimRequest, HeaderOnly>;
  readonly leader: Method<LeaderRequest, LeaderResponse>;
  readonly observe: Method<LeaderRequest, LeaderResponse>;
  readonly resign: Method<ResignRequest, HeaderOnly>;
} = {
  campaign: electionMethods.unary("Campaign", CampaignRequest, CampaignResponse),
  proclaim: electionMethods.unary("Proclaim", ProclaimRequest, HeaderOnly),
  leader: electionMethods.unary("Leader", LeaderRequest, LeaderResponse),
  observe: electionMethods.serverStream("Observe", LeaderRequest, LeaderResponse),
  resign: electionMethods.unary("Resign", ResignRequest, HeaderOnly),
};

const healthMethods = methodsOf("grpc.health.v1.Health");
export const healthService: {
  readonly check: Method<HealthCheckRequest, HealthCheckResponse>;
  readonly watch: Method<HealthCheckRequest, HealthCheckResponse>;
} = {
  check: healthMethods.unary("Check", HealthCheckRequest, HealthCheckResponse),
  watch: healthMethods.serverStream("Watch", HealthCheckRequest, HealthCheckResponse),
};
