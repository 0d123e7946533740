import { spawn } from "node:child_process";
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { request } from "node:https";
import { Readable } from "node:stream";
import { finished, pipeline } from "node:stream/promises";
import type { ConnectionOptions, TLSSocket } from "node:tls";
import type { Clock } from "@plinth/clock";
import { Fault, type FaultCode, messageOf } from "@plinth/fault";
import {
  clientTlsOptions,
  createCertificateRequest,
  fingerprintOf,
  generateKeyPair,
  type Identity,
  type IssuedCertificate,
  type JoinToken,
  type KeyPair,
  type Svid,
  type TrustBundle,
} from "@plinth/identity";
import { linesOf } from "@plinth/lines";
import { API_PATH } from "@plinth/resource";
import { CONTROL } from "./host-api.ts";
import { type HostCredential, privateKeyText, svidOf } from "./host-credential.ts";
import { CALL_MS, SILENCE_MS, SOURCE_MS, WORLD_BYTES_MAX } from "./limits.ts";
import {
  type CertificateMessage,
  type HostReport,
  FAULT_HEADER,
  type HostMessage,
  type JoinAnswer,
  trustBundleOf,
  type TrustMessage,
} from "./messages.ts";

const codes: Readonly<Record<number, FaultCode>> = {
  400: "invalid",
  401: "unauthorized",
  403: "forbidden",
  404: "not-found",
  409: "conflict",
  413: "too-large",
  429: "exhausted",
};

interface Place {
  readonly host: string;
  readonly port: number;
}

function placeOf(address: string): Place {
  const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([^:]+)):(\d+)$/.exec(address) ?? [];
  const host = bracketed ?? plain;
  if (host === undefined) throw new Fault("invalid", `Cannot use "${address}": expected HOST:PORT`);
  return { host, port: Number(port) };
}

/** Asks a machine nobody has vouched for yet for its trust bundle, and takes the root whose fingerprint the token has. */
async function trustedRoot({ address, fingerprint }: JoinToken, signal: AbortSignal): Promise<TrustBundle> {
  const { host, port } = placeOf(address);
  const response = await send(
    // Nothing secret is said on this connection, and what it answers is believed by its fingerprint alone.
    { ...VERSIONS, host, port, servername: "control.plinth.internal", rejectUnauthorized: false },
    { method: "GET", path: `${API_PATH}/trustbundle`, signal },
  );
  const bundle = trustBundleOf((await json(response)) as TrustMessage);
  const root = bundle.roots.find((each) => fingerprintOf(each) === fingerprint);
  if (root === undefined)
    throw new Fault("forbidden", `Cannot trust ${address}: it is not the machine that the token is from`, {
      hint: "Make a new token on the first host; somebody may be answering in its place.",
    });
  return { ...bundle, roots: [root] };
}

const VERSIONS = { minVersion: "TLSv1.3", maxVersion: "TLSv1.3" } as const;

/** Times joining is tried: the token and the key are the same, so it is the same joining. */
const JOIN_ATTEMPTS = 3;

/**
 * Joins the machine that a token is from, as `host`. `address`: this machine's, as others reach it; default: the one it
 * calls from.
 */
export async function joinFirstHost(
  token: JoinToken,
  { host, address, clock, signal }: JoinOptions,
): Promise<HostCredential> {
  const keys = await generateKeyPair();
  const bundle = await trustedRoot(token, signal);
  const csr = (await createCertificateRequest(keys)).toString("base64");
  const holder = { clock, bundle, svid: () => undefined };
  const { host: name, port } = placeOf(token.address);
  const ask = async (): Promise<HostCredential> => {
    const response = await send(
      { ...clientTlsOptions(holder, undefined, CONTROL), host: name, port },
      { method: "POST", path: `${API_PATH}/hosts/${host}`, signal, body: { secret: token.secret, csr } },
    );
    const own = address ?? response.socket.localAddress ?? "127.0.0.1";
    const { trust, first, ...certificate } = (await json(response)) as JoinAnswer;
    return {
      format: 1,
      host,
      first: token.address,
      firstName: first,
      address: own,
      trust,
      certificate,
      privateKey: privateKeyText(keys),
    };
  };
  for (let attempt = 1; ; attempt++) {
    try {
      return await ask();
    } catch (error) {
      const isLost = error instanceof Fault && error.code === "unavailable";
      if (!isLost || attempt === JOIN_ATTEMPTS) throw error;
    }
  }
}

export interface JoinOptions {
  readonly host: string;
  readonly address?: string | undefined;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** The first host as a joined one sees it: every call is authenticated both ways. */
export class FirstHost {
  readonly host: string;
  readonly #clock: Clock;
  readonly #address: Place;
  #trust: TrustBundle;
  #svid: Svid;

  constructor(credential: HostCredential, clock: Clock) {
    this.host = credential.host;
    this.#clock = clock;
    this.#address = placeOf(credential.first);
    this.#trust = trustBundleOf(credential.trust);
    this.#svid = svidOf(credential);
  }

  /** Takes over a renewed credential. */
  renewed(credential: HostCredential): void {
    this.#trust = trustBundleOf(credential.trust);
    this.#svid = svidOf(credential);
  }

  get bundle(): TrustBundle {
    return this.#trust;
  }

  /** When the credential ends, and when it began. */
  get validity(): Pick<Svid, "notBeforeMs" | "notAfterMs"> {
    return this.#svid;
  }

  async renew(keys: KeyPair, signal: AbortSignal): Promise<CertificateMessage> {
    const csr = (await createCertificateRequest(keys)).toString("base64");
    return (await json(await this.#call("POST", "credential", signal, { csr }))) as CertificateMessage;
  }

  async certify(identity: Identity, keys: KeyPair, signal: AbortSignal): Promise<IssuedCertificate> {
    const csr = (await createCertificateRequest(keys)).toString("base64");
    const named = identity.kind === "service" ? { app: identity.app, service: identity.service } : {};
    const response = await this.#call("POST", "certificates", signal, { ...named, csr });
    const issued = (await json(response)) as CertificateMessage;
    return { ...issued, certificates: issued.certificates.map((each) => Buffer.from(each, "base64")) };
  }

  async report(report: HostReport, signal: AbortSignal): Promise<void> {
    await json(await this.#call("PUT", "report", signal, report));
  }

  /** What this host is to do, whenever it changes; ends or throws when the connection does. */
  async *messages(signal: AbortSignal): AsyncGenerator<HostMessage> {
    const silence = new AbortController();
    const either = AbortSignal.any([signal, silence.signal]);
    const response = await this.#call("GET", "world", signal, undefined, either);
    let cancel = (): void => {};
    const heard = (): void => {
      cancel();
      cancel = this.#clock.schedule(SILENCE_MS, () =>
        silence.abort(new Fault("timeout", `The first host has said nothing for ${SILENCE_MS / 1000} s`)),
      );
    };
    const chunks = async function* (): AsyncGenerator<Buffer> {
      for await (const chunk of response as AsyncIterable<Buffer>) {
        heard();
        yield chunk;
      }
    };
    heard();
    try {
      const refusal = `The first host says more than ${WORLD_BYTES_MAX} bytes at once`;
      for await (const line of linesOf(chunks(), WORLD_BYTES_MAX, refusal)) {
        if (line.length > 0) yield JSON.parse(line) as HostMessage;
      }
    } finally {
      cancel();
      response.destroy();
    }
  }

  /** Answers a question as the parts come; a fault before the first is told as such. */
  async answer(id: string, parts: Promise<AsyncIterable<Uint8Array>>, signal: AbortSignal): Promise<void> {
    let fault: string | undefined;
    let answer: AsyncIterable<Uint8Array> = Readable.from([]);
    try {
      answer = await parts;
    } catch (error) {
      const code = error instanceof Fault ? error.code : "internal";
      const hint = error instanceof Fault ? error.hint : undefined;
      fault = Buffer.from(JSON.stringify({ code, message: messageOf(error), hint })).toString("base64");
    }
    const { host, port, ...tls } = this.#tls();
    const call = request({
      ...tls,
      host: host ?? "",
      port: port ?? 0,
      agent: false,
      method: "POST",
      path: `${API_PATH}/hosts/${this.host}/answers/${id}`,
      signal,
      headers: { host: "control.plinth.internal", ...(fault !== undefined && { [FAULT_HEADER]: fault }) },
    });
    const answered = once(call, "response") as Promise<[IncomingMessage]>;
    answered.catch(() => undefined);
    call.flushHeaders(); // the first part may be long in coming
    await pipeline(answer, call);
    const [response] = await answered;
    response.resume();
  }

  /** Puts the files of a kept source into `directory`, which is empty. */
  async source(digest: string, directory: string, signal: AbortSignal): Promise<void> {
    const response = await this.#call("GET", `sources/${digest}`, signal, undefined, undefined, SOURCE_MS);
    const tar = spawn("tar", ["--extract", "--no-same-owner", "--directory", directory, "--file=-"], {
      stdio: ["pipe", "ignore", "pipe"],
      signal,
    });
    const ended = once(tar, "close");
    ended.catch(() => undefined);
    let problem = "";
    tar.stderr.on("data", (chunk: Buffer) => (problem = (problem + chunk.toString()).slice(-500)));
    // oxlint-disable-next-line eslint/no-empty-function -- its exit code says what was wrong
    tar.stdin.on("error", () => {});
    // It is done at the archive's end, maybe before the answer's: only an answer read to its end is known to be whole.
    response.pipe(tar.stdin).once("close", () => response.resume());
    try {
      await finished(response);
    } catch (error) {
      tar.stdin.destroy();
      await ended;
      throw brokenOff(error);
    }
    const [code] = (await ended) as [number | null];
    if (code !== 0) throw new Fault("unavailable", `Cannot unpack the files of a project: ${problem.trim()}`);
  }

  /** An image as an archive; whoever reads it knows by its digests that it is whole. */
  async image(digest: string, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
    const path = `images/${digest.replace(":", "-")}`;
    return this.#call("GET", path, signal, undefined, undefined, SOURCE_MS);
  }

  #tls(): ConnectionOptions {
    const svid = this.#svid;
    const holder = { clock: this.#clock, bundle: this.#trust, svid: () => svid };
    return { ...clientTlsOptions(holder, { kind: "host", name: this.host }, CONTROL), ...this.#address };
  }

  async #call(
    method: string,
    path: string,
    signal: AbortSignal,
    body?: unknown,
    whole: AbortSignal = signal,
    limitMs = CALL_MS,
  ): Promise<IncomingMessage> {
    return send(this.#tls(), {
      method,
      path: `${API_PATH}/hosts/${this.host}/${path}`,
      signal: whole,
      body,
      limitMs,
    });
  }
}

interface Message {
  readonly method: string;
  readonly path: string;
  readonly signal: AbortSignal;
  readonly body?: unknown;
  readonly limitMs?: number;
}

/** Sends a request on a connection of its own; resolves with the head of a good answer. */
async function send(
  tls: ConnectionOptions,
  { method, path, signal, body, limitMs }: Message,
): Promise<IncomingMessage> {
  const content = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
  const { host, port, ...rest } = tls;
  const call = request({
    ...rest,
    host: host ?? "",
    port: port ?? 0,
    agent: false,
    method,
    path,
    signal,
    timeout: limitMs ?? CALL_MS,
    headers: {
      host: "control.plinth.internal",
      ...(content && { "content-type": "application/json", "content-length": content.length }),
    },
  });
  call.on("timeout", () => call.destroy(new Error("no answer in time")));
  // What the server thinks of our certificate comes with its first answer; nothing secret goes to one unverified.
  call.on("socket", (socket) => (socket as TLSSocket).setNoDelay(true));
  const answered = once(call, "response") as Promise<[IncomingMessage]>;
  call.end(content);
  let response: IncomingMessage;
  try {
    [response] = await answered;
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    if (error instanceof Fault) throw error;
    throw new Fault("unavailable", `Cannot reach the first host at ${host}:${port}: ${messageOf(error)}`, {
      cause: error,
    });
  }
  // oxlint-disable-next-line eslint/no-empty-function -- whoever reads the answer sees it break off
  call.on("error", () => {});
  if (response.statusCode === 200) return response;
  const { message, hint } = (await json(response).catch(() => ({}))) as { message?: string; hint?: string };
  throw new Fault(
    codes[response.statusCode ?? 0] ?? "unavailable",
    message ?? `The first host answers ${response.statusCode}`,
    hint === undefined ? {} : { hint },
  );
}

async function json(response: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > WORLD_BYTES_MAX) throw new Fault("too-large", "The first host's answer is too large");
      chunks.push(chunk);
    }
  } catch (error) {
    throw error instanceof Fault ? error : brokenOff(error);
  }
  return JSON.parse(Buffer.concat(chunks).toString()) as unknown;
}

function brokenOff(error: unknown): Fault {
  return new Fault("unavailable", `The first host's answer broke off: ${messageOf(error)}`, { cause: error });
}
