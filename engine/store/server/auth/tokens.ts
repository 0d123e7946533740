import { hash, randomBytes } from "node:crypto";
import type { Clock } from "@plinth/clock";
import { refusal } from "../refusal.ts";

/** Without being used, a token ends after this: etcd's five minutes. */
const TTL_MS = 5 * 60 * 1000;
/** At a time. A login takes a tenth of a second, so nobody has so many by accident. */
const TOKENS_MAX = 10_000;
const TOKEN_BYTES = 18;

interface Token {
  readonly user: string;
  expiresAtMs: number;
}

/**
 * Who has logged in. Kept by the hash of each token: nothing in memory lets anybody in, and a look-up's time tells
 * nothing about tokens. They end with the process.
 */
export class Tokens {
  readonly #clock: Clock;
  /** In order of expiry, since using a token moves it to the end. */
  readonly #byHash: Map<string, Token> = new Map();
  #count = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  assign(user: string): string {
    this.#dropExpired();
    if (this.#byHash.size >= TOKENS_MAX) throw refusal("tooManyRequests");
    this.#count += 1;
    const token = `${randomBytes(TOKEN_BYTES).toString("base64url")}.${this.#count}`;
    this.#byHash.set(hash("sha256", token), { user, expiresAtMs: this.#clock.monotonic() + TTL_MS });
    return token;
  }

  /** Its user, for as long again; undefined: it is none, or not any more. */
  userOf(token: string): string | undefined {
    this.#dropExpired();
    const key = hash("sha256", token);
    const found = this.#byHash.get(key);
    if (found === undefined) return undefined;
    found.expiresAtMs = this.#clock.monotonic() + TTL_MS;
    this.#byHash.delete(key);
    this.#byHash.set(key, found);
    return found.user;
  }

  /** Whoever has logged in as the user has to do so again. */
  end(user: string): void {
    for (const [key, token] of this.#byHash) if (token.user === user) this.#byHash.delete(key);
  }

  endAll(): void {
    this.#byHash.clear();
  }

  #dropExpired(): void {
    const now = this.#clock.monotonic();
    for (const [key, { expiresAtMs }] of this.#byHash) {
      if (expiresAtMs > now) return;
      this.#byHash.delete(key);
    }
  }
}
