import type { IncomingMessage } from "node:http";
import { type Clock, epochMs, type Random } from "@plinth/clock";
import { Fault } from "@plinth/fault";
import type { ImageProgress } from "../progress.ts";
import { JsonObject } from "../json.ts";
import { readChallenge, type Challenge } from "./challenge.ts";
import { findCredentials, type FoundCredentials } from "./credentials.ts";
import { type HttpCaller, isLoopback, smallBody } from "./http.ts";

export interface EndpointOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly http: HttpCaller;
  /** Where messages say the image is. */
  readonly registry: string;
  readonly repository: string;
  /** "https://host:port" or "http://…". */
  readonly base: URL;
  /** It stands in for the registry. */
  readonly isMirror: boolean;
  readonly credentialFiles: readonly string[];
  readonly onProgress: ((progress: ImageProgress) => void) | undefined;
}

export interface AskOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal: AbortSignal | undefined;
}

interface Answer {
  readonly response: IncomingMessage;
  /** From the registry itself, not from where it redirects to. */
  readonly isOwn: boolean;
}

const ATTEMPTS_MAX = 5;
const RETRY_MS = 500;
/** A registry that wants more patience than this is told to the user instead. */
const RETRY_AFTER_MAX_MS = 60_000;
const REDIRECTS_MAX = 5;
const ERROR_BYTES_MAX = 65_536;
const TOKEN_BYTES_MAX = 65_536;
/** Of a registry's own words in a message. */
const SAID_CHARACTERS_MAX = 200;
const AGAIN = new Set([408, 429, 500, 502, 503, 504]);
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/** One registry or mirror, asked about one repository: signs in when asked to, follows redirects, tries again. */
export class Endpoint {
  readonly #options: EndpointOptions;
  #authorization: string | undefined;
  #helper: string | undefined;

  constructor(options: EndpointOptions) {
    this.#options = options;
  }

  get host(): string {
    return this.#options.base.host;
  }

  /** A successful answer (2xx) to a GET of `/v2/REPOSITORY/…`. Its body is to be read or destroyed. */
  async get(path: string, { headers = {}, signal }: AskOptions): Promise<IncomingMessage> {
    const { base, repository } = this.#options;
    const url = new URL(`/v2/${repository}/${path}`, base);
    let { response, isOwn } = await this.#patiently(url, headers, signal);
    // Who asks for a password after a redirect is somebody else.
    if (response.statusCode === 401 && isOwn) {
      const challenge = readChallenge([response.headers["www-authenticate"] ?? []].flat());
      response.destroy();
      // What we had may have run out.
      this.#authorization = await this.#signIn(challenge, signal);
      ({ response, isOwn } = await this.#patiently(url, headers, signal));
    }
    const { statusCode = 0 } = response;
    if (statusCode >= 200 && statusCode < 300) return response;
    throw await this.#refusal(response, path);
  }

  /** Asks again where that may help. */
  async #patiently(
    url: URL,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal | undefined,
  ): Promise<Answer> {
    const { clock, random, onProgress } = this.#options;
    for (let attempt = 1; ; attempt++) {
      let reason: string;
      let delayMs = RETRY_MS * 2 ** (attempt - 1) * (1 + random());
      try {
        const answer = await this.#following(url, headers, signal);
        const { response } = answer;
        if (!AGAIN.has(response.statusCode ?? 0) || attempt === ATTEMPTS_MAX) return answer;
        reason = `${url.host} answers ${response.statusCode}`;
        delayMs = Math.max(delayMs, retryAfterMs(response, clock));
        response.destroy();
      } catch (error) {
        if (!(error instanceof Fault) || !error.retryable || attempt === ATTEMPTS_MAX) throw error;
        reason = error.message;
      }
      if (delayMs > RETRY_AFTER_MAX_MS) {
        throw new Fault(
          "exhausted",
          `Cannot pull from ${url.host}: it asks to wait for ${Math.ceil(delayMs / 1000)} s`,
          { hint: "Signing in often raises a registry's limits; a mirror avoids them." },
        );
      }
      onProgress?.({ kind: "retry", reason, delayMs });
      await clock.sleep(delayMs, signal);
    }
  }

  /** The secret goes to the registry itself only, and nothing goes from https to http. */
  async #following(
    start: URL,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal | undefined,
  ): Promise<Answer> {
    const { http } = this.#options;
    let url = start;
    for (let redirects = 0; redirects <= REDIRECTS_MAX; redirects++) {
      const isOwn = url.origin === start.origin;
      const authorization = isOwn ? this.#authorization : undefined;
      const response = await http.call({
        url,
        method: "GET",
        signal,
        headers: {
          ...headers,
          "accept-encoding": "identity",
          "user-agent": "plinth",
          ...(authorization !== undefined && { authorization }),
        },
      });
      if (!REDIRECTS.has(response.statusCode ?? 0)) return { response, isOwn };
      response.destroy();
      url = this.#next(url, response.headers.location);
    }
    throw new Fault(
      "corrupt",
      `Cannot pull from ${start.host}: it redirects more than ${REDIRECTS_MAX} times`,
    );
  }

  #next(from: URL, location: string | undefined): URL {
    const url = location === undefined ? undefined : URL.parse(location, from);
    if (url === undefined || url === null) {
      throw new Fault("corrupt", `Cannot pull from ${from.host}: it redirects to nowhere`);
    }
    const isPlain = url.protocol === "http:" && from.protocol === "http:";
    if (url.protocol !== "https:" && !isPlain) {
      throw new Fault(
        "forbidden",
        `Cannot pull from ${from.host}: it redirects from https to ${url.protocol}//${url.host}`,
      );
    }
    return url;
  }

  /** The value of the Authorization header that answers a challenge. */
  async #signIn(
    challenge: Challenge | undefined,
    signal: AbortSignal | undefined,
  ): Promise<string | undefined> {
    const { base, registry, repository, credentialFiles, isMirror } = this.#options;
    // A mirror gets what is kept for the mirror, never what is kept for the registry.
    const found = await findCredentials(credentialFiles, isMirror ? base.host : registry, repository);
    this.#helper = found.helper;
    if (challenge === undefined) return undefined;
    if (challenge.kind === "bearer") return await this.#token(challenge, found, signal);
    return found.credentials?.kind === "password" ? basic(found.credentials) : undefined;
  }

  async #token(
    { realm, service, scope }: Challenge & { readonly kind: "bearer" },
    { credentials }: FoundCredentials,
    signal: AbortSignal | undefined,
  ): Promise<string | undefined> {
    const { http, base, repository, clock } = this.#options;
    const url = URL.parse(realm);
    const mayBePlain = base.protocol === "http:" && url?.protocol === "http:";
    if (url === null || (url.protocol !== "https:" && !mayBePlain)) {
      throw new Fault(
        "forbidden",
        `Cannot sign in to ${base.host}: its tokens are given at ${url?.origin ?? "no address"}`,
        {
          hint: "Passwords are sent over https only.",
        },
      );
    }
    if (isLoopback(url.hostname) && !isLoopback(base.hostname)) {
      throw new Fault("forbidden", `Cannot sign in to ${base.host}: it sends us to this machine`);
    }
    const query = new URLSearchParams({
      ...(service !== undefined && { service }),
      scope: scope ?? `repository:${repository}:pull`,
    });
    const isIdentity = credentials?.kind === "identity";
    if (isIdentity) {
      query.set("grant_type", "refresh_token");
      query.set("client_id", "plinth");
      query.set("refresh_token", credentials.token);
    } else {
      for (const [name, value] of query) url.searchParams.set(name, value);
    }
    const response = await http.call({
      url,
      method: isIdentity ? "POST" : "GET",
      signal,
      headers: {
        "user-agent": "plinth",
        ...(isIdentity && { "content-type": "application/x-www-form-urlencoded" }),
        ...(credentials?.kind === "password" && { authorization: basic(credentials) }),
      },
      ...(isIdentity && { body: query.toString() }),
    });
    if (response.statusCode !== 200) {
      response.destroy();
      const { statusCode = 0 } = response;
      if (statusCode >= 500 || statusCode === 429) {
        throw new Fault("unavailable", `Cannot sign in to ${base.host}: ${url.host} answers ${statusCode}`);
      }
      throw this.#unauthorized(`${url.host} answers ${statusCode}`);
    }
    const content = await smallBody(response, url.host, { clock, bytesMax: TOKEN_BYTES_MAX });
    const json = JsonObject.parse(content, `the token of ${url.host}`);
    const token = json.optionalText("token") ?? json.optionalText("access_token");
    if (token === undefined || !/^[\x21-\x7e]+$/.test(token)) {
      throw new Fault("corrupt", `Cannot sign in to ${base.host}: ${url.host} gives no token`);
    }
    return `Bearer ${token}`;
  }

  async #refusal(response: IncomingMessage, path: string): Promise<Fault> {
    const { clock, registry, repository } = this.#options;
    const { statusCode = 0 } = response;
    const body = await smallBody(response, this.host, { clock, bytesMax: ERROR_BYTES_MAX }).catch(
      () => undefined,
    );
    const said = body === undefined ? "" : saidIn(body);
    const what = `${registry}/${repository}${path.startsWith("manifests/") ? ` (${path.slice("manifests/".length)})` : ""}`;
    if (statusCode === 401 || statusCode === 403)
      return this.#unauthorized(`it answers ${statusCode}${said}`);
    if (statusCode === 404) {
      return new Fault("not-found", `Cannot pull ${what}: ${this.host} does not have it${said}`, {
        hint: "Look at the spelling and the tag; registries say the same of private images to strangers.",
      });
    }
    const code = AGAIN.has(statusCode) ? "unavailable" : "corrupt";
    return new Fault(code, `Cannot pull ${what}: ${this.host} answers ${statusCode}${said}`);
  }

  #unauthorized(why: string): Fault {
    const { registry, repository } = this.#options;
    const helper = this.#helper === undefined ? "" : ` Credentials kept by ${this.#helper} are not used.`;
    return new Fault("unauthorized", `Cannot pull ${registry}/${repository} from ${this.host}: ${why}`, {
      hint: `It may not exist, or need signing in: \`docker login ${registry}\` or \`podman login ${registry}\` keep what Plinth reads.${helper}`,
    });
  }
}

function basic({ user, password }: { readonly user: string; readonly password: string }): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
}

/** Seconds or a date; 0 where it says nothing. */
function retryAfterMs(response: IncomingMessage, clock: Clock): number {
  const text = response.headers["retry-after"] ?? "";
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000;
  const atMs = text === "" ? Number.NaN : epochMs(text);
  return Number.isNaN(atMs) ? 0 : Math.max(0, atMs - clock.now());
}

/** The first error of the distribution specification's list, as far as it can be shown. */
function saidIn(body: Buffer): string {
  try {
    const [first] = JsonObject.parse(body, "an answer").objects("errors");
    const text = [first?.optionalText("code"), first?.optionalText("message")].filter(
      (each) => each !== undefined,
    );
    const shown = text
      .join(", ")
      .replace(/[^\x20-\x7e]/g, "?")
      .slice(0, SAID_CHARACTERS_MAX);
    return shown === "" ? "" : ` (${shown})`;
  } catch {
    return ""; // a proxy's page, or nothing
  }
}
