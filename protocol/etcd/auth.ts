import { ResponseHeader } from "./header.ts";
import { named, type Message, list, message, nested, nestedList, scalar, enumeration } from "./message.ts";

export const PermissionType = { read: 0, write: 1, readWrite: 2 } as const;

export interface AuthStatusResponse {
  readonly header: ResponseHeader | undefined;
  readonly enabled: boolean;
  readonly authRevision: bigint;
}

export const AuthStatusResponse: Message<AuthStatusResponse> = message<AuthStatusResponse>({
  header: nested(1, () => ResponseHeader),
  enabled: scalar(2, "bool"),
  authRevision: named("authRevision", scalar(3, "biguint64")),
});

export interface AuthenticateRequest {
  readonly name: string;
  readonly password: string;
}

export const AuthenticateRequest: Message<AuthenticateRequest> = message<AuthenticateRequest>({
  name: scalar(1, "text"),
  password: scalar(2, "text"),
});

export interface AuthenticateResponse {
  readonly header: ResponseHeader | undefined;
  readonly token: string;
}

export const AuthenticateResponse: Message<AuthenticateResponse> = message<AuthenticateResponse>({
  header: nested(1, () => ResponseHeader),
  token: scalar(2, "text"),
});

export interface UserAddOptions {
  readonly noPassword: boolean;
}

export const UserAddOptions: Message<UserAddOptions> = message<UserAddOptions>({
  noPassword: scalar(1, "bool"),
});

export interface UserAddRequest {
  readonly name: string;
  readonly password: string;
  readonly options: UserAddOptions | undefined;
  readonly hashedPassword: string;
}

export const UserAddRequest: Message<UserAddRequest> = message<UserAddRequest>({
  name: scalar(1, "text"),
  password: scalar(2, "text"),
  options: nested(3, () => UserAddOptions),
  hashedPassword: named("hashedPassword", scalar(4, "text")),
});

/** The request of UserGet and UserDelete. */
export interface UserName {
  readonly name: string;
}

export const UserName: Message<UserName> = message<UserName>({
  name: scalar(1, "text"),
});

/** The response of UserGet and RoleList. */
export interface RolesResponse {
  readonly header: ResponseHeader | undefined;
  readonly roles: readonly string[];
}

export const RolesResponse: Message<RolesResponse> = message<RolesResponse>({
  header: nested(1, () => ResponseHeader),
  roles: list(2, "text"),
});

export interface UserListResponse {
  readonly header: ResponseHeader | undefined;
  readonly users: readonly string[];
}

export const UserListResponse: Message<UserListResponse> = message<UserListResponse>({
  header: nested(1, () => ResponseHeader),
  users: list(2, "text"),
});

export interface UserChangePasswordRequest {
  readonly name: string;
  readonly password: string;
  readonly hashedPassword: string;
}

export const UserChangePasswordRequest: Message<UserChangePasswordRequest> =
  message<UserChangePasswordRequest>({
    name: scalar(1, "text"),
    password: scalar(2, "text"),
    hashedPassword: named("hashedPassword", scalar(3, "text")),
  });

/** The request of UserGrantRole and UserRevokeRole. */
export interface UserRole {
  readonly name: string;
  readonly role: string;
}

export const UserRole: Message<UserRole> = message<UserRole>({
  name: scalar(1, "text"),
  role: scalar(2, "text"),
});

/** UserGrantRole's, where the user is called otherwise. */
export const UserGrantRoleRequest: Message<UserRole> = message<UserRole>({
  name: named("user", scalar(1, "text")),
  role: scalar(2, "text"),
});

/** The request of RoleAdd, RoleGet and RoleDelete. */
export interface RoleName {
  readonly role: string;
}

export const RoleName: Message<RoleName> = message<RoleName>({
  role: scalar(1, "text"),
});

/** RoleAdd's, where the role is called otherwise. */
export const RoleAddRequest: Message<RoleName> = message<RoleName>({
  role: named("name", scalar(1, "text")),
});

export interface Permission {
  /** One of PermissionType. */
  readonly type: number;
  readonly key: string;
  readonly rangeEnd: string;
}

export const Permission: Message<Permission> = message<Permission>({
  type: named("permType", enumeration(1, "authpb.Permission.Type", ["READ", "WRITE", "READWRITE"])),
  key: scalar(2, "byteString"),
  rangeEnd: scalar(3, "byteString"),
});

export interface RoleGetResponse {
  readonly header: ResponseHeader | undefined;
  readonly permissions: readonly Permission[];
}

export const RoleGetResponse: Message<RoleGetResponse> = message<RoleGetResponse>({
  header: nested(1, () => ResponseHeader),
  permissions: named(
    "perm",
    nestedList(2, () => Permission),
  ),
});

export interface RoleGrantPermissionRequest {
  readonly name: string;
  readonly permission: Permission | undefined;
}

export const RoleGrantPermissionRequest: Message<RoleGrantPermissionRequest> =
  message<RoleGrantPermissionRequest>({
    name: scalar(1, "text"),
    permission: named(
      "perm",
      nested(2, () => Permission),
    ),
  });

export interface RoleRevokePermissionRequest {
  readonly role: string;
  readonly key: string;
  readonly rangeEnd: string;
}

export const RoleRevokePermissionRequest: Message<RoleRevokePermissionRequest> =
  message<RoleRevokePermissionRequest>({
    role: scalar(1, "text"),
    key: scalar(2, "byteString"),
    rangeEnd: scalar(3, "byteString"),
  });
