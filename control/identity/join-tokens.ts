import { createHash, randomBytes } from "node:crypto";
import type { Clock } from "@plinth/clock";
import { Fault } from "@plinth/fault";
import type { Compare, Operation, Store } from "@plinth/store";
import { isName } from "./spiffe-id.ts";

const TOKENS = "/identity/join-tokens/";
const HOSTS = "/identity/hosts/";
const SECRET_BYTES = 32;
/** Time to walk over to the other machine. */
const TOKEN_LIFE_MS = 30 * 60_000;
/** A day and a night: longer is a password. */
const TOKEN_LIFE_MAX_MS = 24 * 3_600_000;
/** More open invitations than this were made by a loop. */
const TOKENS_MAX = 1000;
/** An etcd that holds the store takes 128 operations at a time. */
const SWEPT_PER_TRANSACTION = 100;
const MARK = "plinth-join-";
const TOKEN_CHARACTERS_MAX = 1024;

/** What the joining host reads out of a token. */
export interface JoinToken {
  /** "host:port" of the first host. */
  readonly address: string;
  /** SHA-256 of the root certificate, lower-case hexadecimal: by it the joining host knows the first one. */
  readonly fingerprint: string;
  /** base64url. */
  readonly secret: string;
}

interface TokenRecord {
  readonly expiresAtMs: number;
  readonly host?: string;
  readonly used?: { readonly host: string; readonly key: string };
}

export function parseJoinToken(text: string): JoinToken {
  const malformed = new Fault("invalid", "Cannot read the join token: it is not whole", {
    hint: "Copy all of it, or make a new one on the first host.",
  });
  if (!text.startsWith(MARK) || text.length > TOKEN_CHARACTERS_MAX) throw malformed;
  let fields: unknown;
  try {
    fields = JSON.parse(Buffer.from(text.slice(MARK.length), "base64url").toString("utf8"));
  } catch {
    throw malformed; // without the cause, which would quote the secret
  }
  if (!Array.isArray(fields) || fields.length !== 3) throw malformed;
  const [address, fingerprint, secret] = fields as unknown[];
  if (typeof address !== "string" || typeof fingerprint !== "string" || typeof secret !== "string")
    throw malformed;
  if (!/^[0-9a-f]{64}$/.test(fingerprint) || Buffer.from(secret, "base64url").length !== SECRET_BYTES)
    throw malformed;
  return { address, fingerprint, secret };
}

const digest = (bytes: string | Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
const encode = (record: unknown): Buffer => Buffer.from(JSON.stringify(record));

/** One-time tokens to join with. The store has only their hashes: who reads it can join nothing. */
export class JoinTokens {
  readonly #store: Store;
  readonly #clock: Clock;

  constructor(options: { store: Store; clock: Clock }) {
    this.#store = options.store;
    this.#clock = options.clock;
  }

  /** Makes a token, for one host if named; the text is shown once and never kept. */
  async create(options: {
    readonly address: string;
    readonly fingerprint: string;
    readonly host?: string;
    readonly lifeMs?: number;
  }): Promise<{ readonly text: string; readonly expiresAtMs: number }> {
    const { address, fingerprint, host, lifeMs = TOKEN_LIFE_MS } = options;
    if (host !== undefined) checkHost(host);
    if (!(lifeMs > 0 && lifeMs <= TOKEN_LIFE_MAX_MS)) {
      throw new Fault("invalid", `Cannot make a join token for ${lifeMs} ms: at most ${TOKEN_LIFE_MAX_MS}`);
    }
    await this.#sweep();
    if (this.#store.range(TOKENS, { limit: TOKENS_MAX }).length >= TOKENS_MAX) {
      throw new Fault("exhausted", `Cannot make a join token: ${TOKENS_MAX} are open already`);
    }
    const secret = randomBytes(SECRET_BYTES).toString("base64url");
    const expiresAtMs = this.#clock.now() + lifeMs;
    const record: TokenRecord = { expiresAtMs, ...(host === undefined ? {} : { host }) };
    const text = MARK + encode([address, fingerprint, secret]).toString("base64url");
    if (text.length > TOKEN_CHARACTERS_MAX)
      throw new Fault("invalid", "Cannot make a join token: address too long");
    await this.#store.transact([], [{ put: TOKENS + digest(secret), value: encode(record) }]);
    return { text, expiresAtMs };
  }

  /**
   * Uses a token up for a host and its key, in one step with taking the host's name. The same host with the same key
   * may come again until the token expires: an answer can be lost on its way. A token for no host in particular
   * cannot take the name of a host there is.
   */
  async redeem(secret: string, host: string, publicKey: Uint8Array): Promise<void> {
    checkHost(host);
    const refuse = (state: string): Fault =>
      new Fault("unauthorized", `Cannot join as "${host}": the token ${state}`, {
        hint: "Make a new one on the first host.",
      });
    const entry = this.#store.get(TOKENS + digest(secret));
    if (entry === undefined) throw refuse("is not known");
    const record = JSON.parse(Buffer.from(entry.value).toString()) as TokenRecord;
    if (this.#clock.now() >= record.expiresAtMs) throw refuse("has expired");
    if (record.host !== undefined && record.host !== host) throw refuse("is for another host");
    const key = digest(publicKey);
    if (record.used !== undefined) {
      if (record.used.host === host && record.used.key === key && this.isJoined(host)) return;
      throw refuse("has been used");
    }
    const compares: Compare[] = [
      { key: entry.key, target: "modRevision", operator: "=", value: entry.modRevision },
    ];
    if (record.host === undefined) {
      if (this.isJoined(host)) {
        throw new Fault("conflict", `Cannot join as "${host}": there is a host of that name`, {
          hint: "Choose another name, or make a token for this one on the first host.",
        });
      }
      compares.push({ key: HOSTS + host, target: "version", operator: "=", value: 0 });
    }
    const used: TokenRecord = { ...record, used: { host, key } };
    const { succeeded } = await this.#store.transact(compares, [
      { put: entry.key, value: encode(used) },
      { put: HOSTS + host, value: encode({ joinedAtMs: this.#clock.now() }) },
    ]);
    if (!succeeded) throw refuse("has just been used, or the name taken");
  }

  isJoined(host: string): boolean {
    return this.#store.get(HOSTS + host) !== undefined;
  }

  /** From now on the host's credential is not renewed; what it has ends within a day. */
  async forget(host: string): Promise<void> {
    checkHost(host);
    await this.#store.transact([], [{ delete: HOSTS + host }]);
  }

  async #sweep(): Promise<void> {
    const now = this.#clock.now();
    const expired: Operation[] = this.#store
      .range(TOKENS)
      .filter(({ value }) => (JSON.parse(Buffer.from(value).toString()) as TokenRecord).expiresAtMs <= now)
      .map(({ key }) => ({ delete: key }));
    for (let from = 0; from < expired.length; from += SWEPT_PER_TRANSACTION) {
      await this.#store.transact([], expired.slice(from, from + SWEPT_PER_TRANSACTION));
    }
  }
}

function checkHost(host: string): void {
  if (!isName(host)) throw new Fault("invalid", `Cannot name a host "${host}": it is not a DNS label`);
}
