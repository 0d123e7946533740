import { type Permission, PermissionType } from "@plinth/etcd";
import { refusal } from "../refusal.ts";

/** Users, roles and whether they count; values that are never changed, only replaced. */
export interface AuthState {
  readonly enabled: boolean;
  /** Counts changes; a store that nothing was set up in is at 1, as etcd's. */
  readonly revision: bigint;
  readonly users: ReadonlyMap<string, User>;
  readonly roles: ReadonlyMap<string, Role>;
}

export interface User {
  /** What `hashPassword` made; undefined: there is no logging in with a password. */
  readonly password: string | undefined;
  /** In order. */
  readonly roles: readonly string[];
}

export interface Role {
  /** In order of keys, then ends. */
  readonly permissions: readonly Permission[];
}

export const ROOT = "root";
/** Users, and roles: they are written whole at every change. */
export const NAMES_MAX = 10_000;
/** Of a user's or a role's name; etcd has no limit. */
export const NAME_CHARACTERS_MAX = 1024;
/** Of one role: its users' ranges are merged when one of them first asks. */
export const PERMISSIONS_PER_ROLE_MAX = 10_000;

export const NO_AUTH: AuthState = { enabled: false, revision: 1n, users: new Map(), roles: new Map() };

/** What a change makes of a state; the same state where there is nothing to change. */
export type AuthChange = (state: AuthState) => AuthState;

export function isRoot({ users }: AuthState, name: string): boolean {
  return users.get(name)?.roles.includes(ROOT) === true;
}

export const enable: AuthChange = (state) => {
  if (state.enabled) return state;
  if (!state.users.has(ROOT)) throw refusal("rootUserNotExist");
  if (!isRoot(state, ROOT)) throw refusal("rootRoleNotExist");
  return { ...state, enabled: true };
};

/** Users count from here on, with a root among them; one that is there keeps its password, which `password` is not. */
export function enableWithRoot(password: string): AuthChange {
  return (state) => {
    if (state.enabled) return state;
    const ready: AuthChange[] = [grantRole(ROOT, ROOT), enable];
    if (!state.users.has(ROOT)) ready.unshift(addUser(ROOT, password));
    if (!state.roles.has(ROOT)) ready.unshift(addRole(ROOT));
    return ready.reduce((before, change) => change(before), state);
  };
}

export const disable: AuthChange = (state) =>
  state.enabled ? { ...state, enabled: false, revision: state.revision + 1n } : state;

/** `password` is a hash. */
export function addUser(name: string, password: string | undefined): AuthChange {
  return (state) => {
    if (name === "") throw refusal("userEmpty");
    if (state.users.has(name)) throw refusal("userAlreadyExist");
    checkRoom(name, state.users.size);
    return withUser(state, name, { password, roles: [] });
  };
}

export function deleteUser(name: string): AuthChange {
  return (state) => {
    if (state.enabled && name === ROOT) throw refusal("invalidAuthManagement");
    userOf(state, name);
    const users = new Map(state.users);
    users.delete(name);
    return { ...state, revision: state.revision + 1n, users };
  };
}

/** A user that was made without a password keeps none. */
export function changePassword(name: string, password: string | undefined): AuthChange {
  return (state) => {
    const user = userOf(state, name);
    return withUser(state, name, { ...user, password: user.password === undefined ? undefined : password });
  };
}

export function grantRole(name: string, role: string): AuthChange {
  return (state) => {
    const user = userOf(state, name);
    if (role !== ROOT) roleOf(state, role);
    if (user.roles.includes(role)) return state;
    return withUser(state, name, { ...user, roles: [...user.roles, role].sort() });
  };
}

export function revokeRole(name: string, role: string): AuthChange {
  return (state) => {
    if (state.enabled && name === ROOT && role === ROOT) throw refusal("invalidAuthManagement");
    const user = userOf(state, name);
    if (!user.roles.includes(role)) throw refusal("roleNotGranted");
    return withUser(state, name, { ...user, roles: user.roles.filter((each) => each !== role) });
  };
}

export function addRole(name: string): AuthChange {
  return (state) => {
    if (name === "") throw refusal("roleEmpty");
    if (state.roles.has(name)) throw refusal("roleAlreadyExist");
    checkRoom(name, state.roles.size);
    return withRole(state, name, { permissions: [] });
  };
}

/** Takes it from its users, too. */
export function deleteRole(name: string): AuthChange {
  return (state) => {
    if (state.enabled && name === ROOT) throw refusal("invalidAuthManagement");
    roleOf(state, name);
    const roles = new Map(state.roles);
    roles.delete(name);
    const users = new Map(state.users);
    for (const [each, user] of users) {
      if (!user.roles.includes(name)) continue;
      users.set(each, { ...user, roles: user.roles.filter((role) => role !== name) });
    }
    return { ...state, revision: state.revision + 1n, users, roles };
  };
}

/** A permission for the same range takes the place of the one before. */
export function grantPermission(name: string, permission: Permission | undefined): AuthChange {
  return (state) => {
    if (permission === undefined) throw refusal("permissionNotGiven");
    const { type, key, rangeEnd } = permission;
    const isRange = rangeEnd === "" || rangeEnd === "\0" || rangeEnd > key;
    if (key === "" || !isRange || type > PermissionType.readWrite) throw refusal("invalidAuthManagement");
    const others = roleOf(state, name).permissions.filter((each) => !isSameRange(each, permission));
    if (others.length >= PERMISSIONS_PER_ROLE_MAX) throw refusal("tooManyRequests");
    return withRole(state, name, { permissions: [...others, permission].sort(byRange) });
  };
}

export function revokePermission(name: string, key: string, rangeEnd: string): AuthChange {
  return (state) => {
    const { permissions } = roleOf(state, name);
    const others = permissions.filter((each) => !isSameRange(each, { key, rangeEnd }));
    if (others.length === permissions.length) throw refusal("permissionNotGranted");
    return withRole(state, name, { permissions: others });
  };
}

export function userOf({ users }: AuthState, name: string): User {
  const user = users.get(name);
  if (user === undefined) throw refusal("userNotFound");
  return user;
}

export function roleOf({ roles }: AuthState, name: string): Role {
  const role = roles.get(name);
  if (role === undefined) throw refusal("roleNotFound");
  return role;
}

function checkRoom(name: string, count: number): void {
  if (name.length > NAME_CHARACTERS_MAX) throw refusal("requestTooLarge");
  if (count >= NAMES_MAX) throw refusal("tooManyRequests");
}

function withUser(state: AuthState, name: string, user: User): AuthState {
  return { ...state, revision: state.revision + 1n, users: new Map(state.users).set(name, user) };
}

function withRole(state: AuthState, name: string, role: Role): AuthState {
  return { ...state, revision: state.revision + 1n, roles: new Map(state.roles).set(name, role) };
}

type Range = Pick<Permission, "key" | "rangeEnd">;

const isSameRange = (left: Range, right: Range): boolean =>
  left.key === right.key && left.rangeEnd === right.rangeEnd;

function byRange(left: Range, right: Range): number {
  if (left.key !== right.key) return left.key < right.key ? -1 : 1;
  if (left.rangeEnd === right.rangeEnd) return 0;
  return left.rangeEnd < right.rangeEnd ? -1 : 1;
}
