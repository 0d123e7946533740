import { authService, PermissionType } from "@plinth/etcd";
import { implement, type Implementation, type Method } from "@plinth/grpc";
import {
  addRole,
  addUser,
  type AuthChange,
  changePassword,
  deleteRole,
  deleteUser,
  disable,
  enable,
  grantPermission,
  grantRole,
  revokePermission,
  revokeRole,
  ROOT,
  roleOf,
  userOf,
} from "./auth/auth-state.ts";
import { hashPassword } from "./auth/password.ts";
import { toRefusal } from "./refusal.ts";
import type { Serving } from "./serving.ts";

/** Users and roles. Who may change them is decided before these are called, see auth/access-rules.ts. */
export function authImplementation(serving: Serving): Implementation[] {
  const { member, authority } = serving;
  return [
    implement(authService.status, async (call) => {
      await call.request();
      const { enabled, revision } = authority.state;
      return { header: member.header(), enabled, authRevision: revision };
    }),
    implement(authService.authenticate, async (call) => {
      const { name, password } = await call.request();
      return { header: member.header(), token: await authority.login(name, password) };
    }),
    implement(authService.userGet, async (call) => {
      const { name } = await call.request();
      const access = authority.accessOf(call);
      if (access.user !== name) access.root();
      return { header: member.header(), roles: userOf(authority.state, name).roles };
    }),
    implement(authService.userList, async (call) => {
      await call.request();
      return { header: member.header(), users: [...authority.state.users.keys()].sort() };
    }),
    implement(authService.roleGet, async (call) => {
      const { role } = await call.request();
      const access = authority.accessOf(call);
      if (!rolesOf(serving, access.user).includes(role)) access.root();
      const { permissions } = roleOf(authority.state, role);
      return { header: member.header(), permissions: role === ROOT ? [rootPermission] : permissions };
    }),
    implement(authService.roleList, async (call) => {
      await call.request();
      return { header: member.header(), roles: [...authority.state.roles.keys()].sort() };
    }),
    ...changes(serving),
  ];
}

/** What etcd tells of the root role, whatever was granted to it. */
const rootPermission = { type: PermissionType.readWrite, key: "", rangeEnd: "\0" };

function rolesOf({ authority }: Serving, user: string | undefined): readonly string[] {
  return (user === undefined ? undefined : authority.state.users.get(user)?.roles) ?? [];
}

interface Change {
  readonly change: AuthChange;
  /** Whose logins end with it. */
  readonly loggedOut?: string;
}

function changes({ member, authority }: Serving): Implementation[] {
  const changing = <Request>(
    method: Method<Request, unknown>,
    changeOf: (request: Request) => Change | Promise<Change>,
  ): Implementation =>
    implement(method, async (call) => {
      const { change, loggedOut } = await changeOf(await call.request());
      try {
        await authority.change(change, loggedOut);
      } catch (error) {
        throw toRefusal(error);
      }
      return { header: member.header() };
    });
  return [
    changing(authService.enable, () => ({ change: enable })),
    changing(authService.disable, () => ({ change: disable })),
    changing(authService.userAdd, async ({ name, password, options }) => ({
      change: addUser(name, options?.noPassword === true ? undefined : await hashPassword(password)),
    })),
    changing(authService.userDelete, ({ name }) => ({ change: deleteUser(name), loggedOut: name })),
    changing(authService.userChangePassword, async ({ name, password }) => ({
      change: changePassword(name, await hashPassword(password)),
      loggedOut: name,
    })),
    changing(authService.userGrantRole, ({ name, role }) => ({ change: grantRole(name, role) })),
    changing(authService.userRevokeRole, ({ name, role }) => ({ change: revokeRole(name, role) })),
    changing(authService.roleAdd, ({ role }) => ({ change: addRole(role) })),
    changing(authService.roleDelete, ({ role }) => ({ change: deleteRole(role) })),
    changing(authService.roleGrantPermission, ({ name, permission }) => ({
      change: grantPermission(name, permission),
    })),
    changing(authService.roleRevokePermission, ({ role, key, rangeEnd }) => ({
      change: revokePermission(role, key, rangeEnd),
    })),
  ];
}
