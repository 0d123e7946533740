import { StoreError } from "../../mvcc.ts";
import { type AuthState, NO_AUTH, type Role, type User } from "./auth-state.ts";

/** How a state is kept in the store's note: JSON, since it is small and an operator may want to look. */
const FORMAT = "plinth-auth/1";

interface AuthRecord {
  readonly format: string;
  readonly enabled: boolean;
  readonly revision: string;
  readonly users: readonly (readonly [
    name: string,
    user: { readonly password?: string; readonly roles: string[] },
  ])[];
  readonly roles: readonly (readonly [name: string, role: Role])[];
}

export function encodeAuth(state: AuthState): Uint8Array {
  const record = {
    format: FORMAT,
    enabled: state.enabled,
    revision: String(state.revision),
    users: [...state.users],
    roles: [...state.roles],
  };
  return Buffer.from(JSON.stringify(record));
}

/** An empty note: nothing was ever set up. StoreError `corrupt` for one that says something else: nobody gets in by that. */
export function decodeAuth(note: Uint8Array): AuthState {
  if (note.length === 0) return NO_AUTH;
  const record = parse(note);
  if (record.format !== FORMAT) {
    throw new StoreError("corrupt", `Cannot read users and roles: their format is not ${FORMAT}`);
  }
  const users = record.users.map(([name, { password, roles }]): [string, User] => [
    name,
    { password, roles },
  ]);
  return {
    enabled: record.enabled,
    revision: BigInt(record.revision),
    users: new Map(users),
    roles: new Map(record.roles),
  };
}

function parse(note: Uint8Array): AuthRecord {
  try {
    return JSON.parse(Buffer.from(note).toString()) as AuthRecord;
  } catch {
    // The parser's words would show some of what is written there.
    throw new StoreError("corrupt", "Cannot read users and roles: they are not JSON");
  }
}
