import type { Clock } from "@plinth/clock";
import type { ServerCall } from "@plinth/grpc";
import type { Mvcc } from "../../mvcc.ts";
import { refusal } from "../refusal.ts";
import { type Access, everything, nothing, UserAccess } from "./access.ts";
import { decodeAuth, encodeAuth } from "./auth-record.ts";
import { type AuthChange, type AuthState, changePassword, enableWithRoot, ROOT } from "./auth-state.ts";
import { hashPassword, isPassword } from "./password.ts";
import { PermittedRanges } from "./permitted-ranges.ts";
import { Tokens } from "./tokens.ts";

/** Where tokens come: gRPC's clients use the first, HTTP's the second. */
const TOKEN_FIELDS = ["token", "authorization"];
/** Changes that wait for the disk. */
const CHANGES_WAITING_MAX = 1000;

/** What is looked at to learn who calls. */
export type Calling = Pick<ServerCall<unknown>, "metadata" | "peerName">;

/** Knows who may do what. Its state is in the store's note, so nothing but this reads or writes it. */
export class Authority {
  readonly #store: Mvcc;
  readonly #tokens: Tokens;
  #state: AuthState;
  /** Merged when a user first asks after a change. */
  #ranges: Map<string, PermittedRanges> = new Map();
  #changes: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  constructor(store: Mvcc, clock: Clock) {
    this.#store = store;
    this.#tokens = new Tokens(clock);
    this.#state = decodeAuth(store.note);
  }

  get state(): AuthState {
    return this.#state;
  }

  /** Of who calls; refuses a token that is none. A token goes before a certificate. */
  accessOf(call: Calling): Access {
    if (!this.#state.enabled) return everything;
    const { metadata, peerName } = call;
    const token = tokenIn(metadata);
    if (token !== undefined) {
      const user = this.#tokens.userOf(token);
      if (user === undefined) throw refusal("invalidAuthToken");
      return this.#accessOfUser(user);
    }
    return peerName === undefined || peerName === "" ? nothing : this.#accessOfUser(peerName);
  }

  /** Lets users count if they do not yet, with this password for root if there is no root yet, or in any case. */
  async enableWithRoot(password: string, replaces: boolean): Promise<void> {
    if (!this.#state.enabled) await this.change(enableWithRoot(await hashPassword(password)));
    if (!replaces || (await isPassword(password, this.#state.users.get(ROOT)?.password))) return;
    await this.change(changePassword(ROOT, await hashPassword(password)), ROOT);
  }

  /** A token for a user with the right password. */
  async login(name: string, password: string): Promise<string> {
    for (;;) {
      const { enabled, revision, users } = this.#state;
      if (!enabled) throw refusal("authNotEnabled");
      const user = users.get(name);
      const right = await isPassword(password, user?.password);
      if (user !== undefined && user.password === undefined) throw refusal("passwordNotUsed");
      if (!right) throw refusal("authFailed");
      // The password may have been changed, or the user be gone, while this one was compared.
      if (this.#state.revision === revision && this.#state.enabled) return this.#tokens.assign(name);
    }
  }

  /** Makes one change after the other, each on disk before it counts; `loggedOut` is a user whose tokens end with it. */
  async change(change: AuthChange, loggedOut?: string): Promise<void> {
    if (this.#waiting >= CHANGES_WAITING_MAX) throw refusal("tooManyRequests");
    this.#waiting += 1;
    const made = this.#changes.then(() => this.#make(change, loggedOut));
    this.#changes = made.catch(() => {});
    try {
      await made;
    } finally {
      this.#waiting -= 1;
    }
  }

  async #make(change: AuthChange, loggedOut: string | undefined): Promise<void> {
    const next = change(this.#state);
    if (next === this.#state) return;
    await this.#store.setNote(encodeAuth(next));
    this.#state = next;
    this.#ranges = new Map();
    if (loggedOut !== undefined) this.#tokens.end(loggedOut);
    if (!next.enabled) this.#tokens.endAll();
  }

  #accessOfUser(name: string): Access {
    if (!this.#state.users.has(name)) return new UserAccess(name, undefined);
    let ranges = this.#ranges.get(name);
    if (ranges === undefined) {
      ranges = new PermittedRanges(this.#state, name);
      this.#ranges.set(name, ranges);
    }
    return new UserAccess(name, ranges);
  }
}

function tokenIn(metadata: Calling["metadata"]): string | undefined {
  for (const field of TOKEN_FIELDS) {
    const value = metadata.find(([name]) => name === field)?.[1];
    if (value !== undefined) return String(value).replace(/^Bearer /, "");
  }
  return undefined;
}
