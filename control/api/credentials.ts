import { createHash, createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Clock } from "@plinth/clock";
import { Fault } from "@plinth/fault";
import { LOGIN_MS, LOGINS_MAX, SESSION_MS, TOKEN_CHARACTERS_MIN } from "./limits.ts";

/** Compares without telling by its duration where the first difference is, or how long the secret is. */
function equal(left: string, right: string): boolean {
  return timingSafeEqual(
    createHash("sha256").update(left).digest(),
    createHash("sha256").update(right).digest(),
  );
}

/**
 * The bearer token, one-time logins and sessions. Sessions are signed with the token instead of being remembered, so
 * that a restart of the daemon logs nobody out, and a new token everybody.
 */
export class Credentials {
  readonly #token: string;
  readonly #clock: Clock;
  readonly #logins: Map<string, number> = new Map();

  constructor(token: string, clock: Clock) {
    if (token.length < TOKEN_CHARACTERS_MIN) {
      throw new Fault(
        "invalid",
        `Cannot use an API token of ${token.length} characters: at least ${TOKEN_CHARACTERS_MIN}`,
      );
    }
    this.#token = token;
    this.#clock = clock;
  }

  /** A login good for one use and a minute. */
  createLogin(): string {
    const now = this.#clock.now();
    for (const [login, expiresMs] of this.#logins) {
      if (expiresMs <= now || this.#logins.size >= LOGINS_MAX) this.#logins.delete(login);
    }
    const login = randomBytes(32).toString("base64url");
    this.#logins.set(this.#sign("login", login), now + LOGIN_MS);
    return login;
  }

  /** Uses a login up; the session it gives, or undefined. */
  redeem(login: string): string | undefined {
    // Looked up by its signature: what the map compares tells nothing of the login itself.
    const key = this.#sign("login", login);
    const expiresMs = this.#logins.get(key);
    this.#logins.delete(key);
    if (expiresMs === undefined || expiresMs <= this.#clock.now()) return undefined;
    const sessionEndsMs = String(this.#clock.now() + SESSION_MS);
    return `${sessionEndsMs}.${this.#sign("session", sessionEndsMs)}`;
  }

  /** Which credential a request shows, if a valid one. */
  shownBy(request: IncomingMessage, cookieName: string): "token" | "session" | undefined {
    const { authorization, cookie } = request.headers;
    if (authorization !== undefined) {
      const [, token] = /^Bearer ([\w.~+/=-]+)$/i.exec(authorization) ?? [];
      return token !== undefined && equal(token, this.#token) ? "token" : undefined;
    }
    for (const part of cookie?.split(";") ?? []) {
      const [name, value] = part.trim().split("=");
      if (name === cookieName && value !== undefined && this.#isSession(value)) return "session";
    }
    return undefined;
  }

  #isSession(value: string): boolean {
    const [endsMs = "", signature = ""] = value.split(".");
    return (
      /^[0-9]{13,15}$/.test(endsMs) &&
      equal(signature, this.#sign("session", endsMs)) &&
      Number(endsMs) > this.#clock.now()
    );
  }

  #sign(purpose: "login" | "session", text: string): string {
    return createHmac("sha256", this.#token).update(`${purpose}\0${text}`).digest("base64url");
  }
}
