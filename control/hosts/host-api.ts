import { spawn } from "node:child_process";
import { once } from "node:events";
import { stat } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import { isIP, type AddressInfo } from "node:net";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import type { TLSSocket } from "node:tls";
import { socketName } from "@plinth/connect";
import { Fault, type FaultCode, messageOf } from "@plinth/fault";
import {
  type CertificateAuthority,
  followKeeper,
  HostCredentials,
  type Identity,
  type IssuedCertificate,
  identityOfSpiffeId,
  type JoinTokens,
  peerOf,
  serverTlsOptions,
  type SvidKeeper,
} from "@plinth/identity";
import type { Log } from "@plinth/log";
import type { Registry } from "@plinth/registry";
import { API_PATH, type Instance, type ServiceSpec } from "@plinth/resource";
import { validate } from "@plinth/resource/validate";
import type { HostSessions } from "./host-sessions.ts";
import {
  CALL_MS,
  CONNECTIONS_MAX,
  HANDSHAKE_MS,
  HEARTBEAT_MS,
  REPORT_BYTES_MAX,
  REQUEST_BYTES_MAX,
} from "./limits.ts";
import {
  type CertificateMessage,
  FAULT_HEADER,
  type HostReport,
  type JoinAnswer,
  type JoinRequest,
  trustMessage,
} from "./messages.ts";

/** The identity joined hosts know this API by. */
export const CONTROL: Identity = { kind: "control" };

export interface HostApiOptions {
  readonly address: string;
  readonly port: number;
  readonly authority: CertificateAuthority;
  readonly tokens: JoinTokens;
  readonly keeper: SvidKeeper;
  readonly sessions: HostSessions;
  readonly registry: Registry;
  readonly specOf: (instance: Instance) => ServiceSpec | undefined;
  /** HOME/sources. */
  readonly sources: string;
  /** An image of this home, as an archive. */
  readonly image: (digest: string, signal: AbortSignal) => Promise<AsyncIterable<Uint8Array>>;
  readonly log: Log;
}

export interface HostApi extends AsyncDisposable {
  readonly address: string;
  readonly port: number;
}

const statuses: Partial<Record<FaultCode, number>> = {
  invalid: 400,
  unauthorized: 401,
  forbidden: 403,
  "not-found": 404,
  conflict: 409,
  "too-large": 413,
  exhausted: 429,
};

interface Call {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Of the path. */
  readonly host: string;
  /** What follows in the path. */
  readonly rest: string;
  readonly signal: AbortSignal;
}

/**
 * What joined hosts call: TLS 1.3, each known by its certificate and held to its own name. Two routes take no
 * certificate: the trust bundle, which is no secret, and joining, which takes a token.
 */
export async function openHostApi(options: HostApiOptions): Promise<HostApi> {
  const { address, port, keeper, authority, log } = options;
  await keeper.ready(keeper.add(CONTROL), AbortSignal.timeout(HANDSHAKE_MS));
  const hosts = new HostRoutes(options);
  const server = createServer(
    {
      ...serverTlsOptions(keeper, [CONTROL]),
      // Asked for and judged, but a machine that only wants to join has none yet.
      rejectUnauthorized: false,
      handshakeTimeout: HANDSHAKE_MS,
    },
    (request, response) => void serve(request, response),
  );
  server.maxConnections = CONNECTIONS_MAX;
  // An answer that follows a log is a request that takes as long as somebody reads; others are timed below.
  server.requestTimeout = 0;
  server.headersTimeout = CALL_MS;
  const following = followKeeper(server, keeper, CONTROL);
  const streams = new Set<AbortController>();
  const unhurried = new WeakSet<IncomingMessage>();

  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const ended = new AbortController();
    streams.add(ended);
    // Whoever it is: only an answer that was asked for may take its time to arrive.
    const cancel = keeper.clock.schedule(CALL_MS, () => {
      if (!request.complete && !unhurried.has(request)) request.destroy();
    });
    response.once("close", () => {
      cancel();
      streams.delete(ended);
      ended.abort(new Fault("unavailable", "The host is gone"));
    });
    try {
      await route(request, response, ended.signal);
    } catch (error) {
      if (response.headersSent) return void response.destroy();
      const code = error instanceof Fault ? (statuses[error.code] ?? 500) : 500;
      if (code === 500) log.error("a host's request failed", { path: request.url, error: messageOf(error) });
      const body = {
        code: error instanceof Fault ? error.code : "internal",
        message: code === 500 ? "internal error" : messageOf(error),
        ...(error instanceof Fault && error.hint !== undefined && { hint: error.hint }),
      };
      await readAway(request);
      send(response, code, body);
    }
  };

  const route = async (
    request: IncomingMessage,
    response: ServerResponse,
    signal: AbortSignal,
  ): Promise<void> => {
    const { method = "", url = "" } = request;
    if (method === "GET" && url === `${API_PATH}/trustbundle`)
      return send(response, 200, trustMessage(authority.bundle));
    const [, host, rest = ""] = HOST_PATH.exec(url) ?? [];
    if (host === undefined) throw new Fault("not-found", "Cannot find this path");
    const call: Call = { request, response, host, rest, signal };
    if (method === "POST" && rest === "") return hosts.join(call);
    const peer = callerOf(request.socket as TLSSocket, keeper);
    if (peer !== host || !options.tokens.isJoined(host))
      throw new Fault(
        "forbidden",
        `Cannot answer for host "${host}": ${peer === undefined ? "no valid certificate was shown" : "it is not yours, or has been removed"}`,
      );
    const [deed = "", parameter] = rest.split("/");
    if (method === "GET" && deed === "world") return hosts.world(call);
    if (method === "PUT" && deed === "report") return hosts.report(call);
    if (method === "POST" && deed === "answers" && parameter !== undefined) {
      unhurried.add(request);
      return hosts.answer(call, parameter);
    }
    if (method === "POST" && deed === "credential") return hosts.renew(call);
    if (method === "POST" && deed === "certificates") return hosts.certify(call);
    if (method === "GET" && deed === "sources" && parameter !== undefined)
      return hosts.source(call, parameter);
    if (method === "GET" && deed === "images" && parameter !== undefined)
      return hosts.image(call, parameter.replace("-", ":"));
    throw new Fault("not-found", "Cannot find this path");
  };

  await listen(server, address, port);
  return {
    address,
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      following[Symbol.dispose]();
      const closed = once(server, "close");
      server.close();
      for (const stream of streams) stream.abort(new Fault("unavailable", "The API is closing"));
      server.closeAllConnections();
      await closed;
    },
  };
}

const HOST_PATH = new RegExp(`^${API_PATH}/hosts/([a-z0-9-]{1,40})(?:/([a-z0-9/-]+))?$`);

async function listen(server: Server, address: string, port: number): Promise<void> {
  server.listen(port, address);
  try {
    await once(server, "listening");
  } catch (error) {
    const taken = (error as NodeJS.ErrnoException).code === "EADDRINUSE";
    throw new Fault(
      taken ? "conflict" : "unavailable",
      `Cannot listen for hosts on ${address}:${port}: ${taken ? "something else does already" : messageOf(error)}`,
      { cause: error },
    );
  }
}

/** The joined host at the other end, verified by OpenSSL and by us. */
function callerOf(socket: TLSSocket, keeper: SvidKeeper): string | undefined {
  if (!socket.authorized) return undefined;
  const verdict = peerOf(socket, keeper, "client");
  if (!verdict.accepted) return undefined;
  const identity = identityOfSpiffeId(keeper.bundle.trustDomain, verdict.spiffeId);
  return identity?.kind === "host" ? identity.name : undefined;
}

/** Closing on bytes that were not read would reset the connection, and the answer with it. */
async function readAway(request: IncomingMessage): Promise<void> {
  try {
    let bytes = 0;
    for await (const chunk of request as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > REPORT_BYTES_MAX) return;
    }
  } catch {
    // It was read already, or the other end is gone.
  }
}

function send(response: ServerResponse, status: number, value: unknown): void {
  const body = Buffer.from(JSON.stringify(value));
  response.writeHead(status, { "content-type": "application/json", "content-length": body.length });
  response.end(body);
}

async function readJson<Value>(request: IncomingMessage, bytesMax: number): Promise<Value> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > bytesMax) throw new Fault("too-large", `The body is larger than ${bytesMax} bytes`);
    chunks.push(chunk);
  }
  try {
    const value: unknown = JSON.parse(Buffer.concat(chunks).toString());
    if (typeof value === "object" && value !== null) return value as Value;
  } catch {
    // told below
  }
  throw new Fault("invalid", "The body is not a JSON object");
}

async function* answerOf(request: IncomingMessage): AsyncGenerator<Uint8Array> {
  const fault = request.headers[FAULT_HEADER];
  if (typeof fault === "string") {
    const { code, message, hint } = JSON.parse(Buffer.from(fault, "base64").toString()) as {
      code: FaultCode;
      message: string;
      hint?: string;
    };
    throw new Fault(code, message, hint === undefined ? {} : { hint });
  }
  for await (const chunk of request as AsyncIterable<Buffer>) yield chunk;
}

function certificateMessage(issued: IssuedCertificate): CertificateMessage {
  return { ...issued, certificates: issued.certificates.map((each) => each.toString("base64")) };
}

function csrOf(csr: unknown): Buffer {
  if (typeof csr !== "string") throw new Fault("invalid", "The certificate request is missing");
  return Buffer.from(csr, "base64");
}

/** The deeds of hosts, each for the host in its path. */
class HostRoutes {
  readonly #options: HostApiOptions;
  readonly #credentials: HostCredentials;

  constructor(options: HostApiOptions) {
    this.#options = options;
    this.#credentials = new HostCredentials(options);
  }

  async join({ request, response, host }: Call): Promise<void> {
    const { secret, csr } = await readJson<JoinRequest>(request, REQUEST_BYTES_MAX);
    if (typeof secret !== "string") throw new Fault("invalid", "The token's secret is missing");
    const { sessions, log, authority } = this.#options;
    if (host === sessions.ownName)
      throw new Fault("conflict", `Cannot join as "${host}": the first host has that name`, {
        hint: "Choose another with --name.",
      });
    const issued = await this.#credentials.join({ secret, host, csr: csrOf(csr) });
    await sessions.joined(host);
    log.info("host joined", { host });
    const answer: JoinAnswer = {
      ...certificateMessage(issued),
      trust: trustMessage(authority.bundle),
      first: sessions.ownName,
    };
    send(response, 200, answer);
  }

  async renew({ request, response, host }: Call): Promise<void> {
    const { csr } = await readJson<{ csr: unknown }>(request, REQUEST_BYTES_MAX);
    const { authority } = this.#options;
    const peer = `spiffe://${authority.trustDomain}/host/${host}`;
    send(response, 200, certificateMessage(await this.#credentials.renew(peer, csrOf(csr))));
  }

  /** A certificate for what runs there: a service with an instance on this host, or the host's own ingress. */
  async certify({ request, response, host }: Call): Promise<void> {
    const { app, service, csr } = await readJson<{ app?: unknown; service?: unknown; csr: unknown }>(
      request,
      REQUEST_BYTES_MAX,
    );
    const { registry, authority } = this.#options;
    let identity: Identity = { kind: "host", name: host };
    if (typeof app === "string" && typeof service === "string") {
      const runs = registry
        .list("Instance")
        .some(({ spec }) => spec.host === host && spec.app === app && spec.service === service);
      if (!runs)
        throw new Fault(
          "forbidden",
          `Cannot certify a service for host "${host}": no instance of it is placed there`,
        );
      identity = { kind: "service", app, service };
    }
    send(response, 200, certificateMessage(await authority.issue(identity, { csr: csrOf(csr) })));
  }

  async report({ request, response, host }: Call): Promise<void> {
    const report = await readJson<HostReport>(request, REPORT_BYTES_MAX);
    const { registry, sessions } = this.#options;
    const { address, port } = report.door ?? {};
    // It stands in every snapshot from then on: one that cannot be read back would stop them all.
    const isPort = Number.isInteger(port) && port > 0 && port <= 65_535;
    if (typeof address !== "string" || isIP(address) === 0 || !isPort)
      throw new Fault("invalid", "The report's door is not an address and a port");
    if (typeof report.settled?.seq !== "number" || typeof report.instances !== "object")
      throw new Fault("invalid", "The report lacks what it has settled, or its instances");
    for (const [name, status] of Object.entries(report.instances)) {
      if (validate("InstanceStatus", status).length > 0)
        throw new Fault("invalid", `The report's status of "${name.slice(0, 200)}" is none`);
      const instance = registry.get("Instance", name);
      // One that is gone by now is nobody's; another host's is a lie.
      if (instance !== undefined && instance.spec.host !== host)
        throw new Fault("forbidden", `Cannot take a status of "${name}": it does not run on host "${host}"`);
    }
    const { version, mesh, cpus } = report;
    if (validate("HostStatus", { ...(version !== undefined && { version }), mesh, cpus }).length > 0)
      throw new Fault("invalid", "The report's version, mesh or cpus is none");
    await sessions.report(host, report, socketName({ address, port }));
    send(response, 200, {});
  }

  /** What the host was asked; its body is read as whoever asked reads it. */
  async answer({ request, response, host, signal }: Call, id: string): Promise<void> {
    const ended = new Promise<void>((resolve) => {
      request.once("close", resolve);
      signal.addEventListener("abort", () => resolve(), { once: true });
    });
    if (!this.#options.sessions.answered(host, id, answerOf(request)))
      throw new Fault("not-found", "Nobody waits for this answer any more");
    await ended;
    send(response, 200, {});
  }

  async world({ response, host, signal }: Call): Promise<void> {
    response.writeHead(200, { "content-type": "application/x-ndjson" });
    response.flushHeaders();
    const { clock } = this.#options.keeper;
    let cancel = (): void => {};
    const beat = (): void => {
      cancel = clock.schedule(HEARTBEAT_MS, () => {
        response.write("\n");
        beat();
      });
    };
    beat();
    try {
      for await (const message of this.#options.sessions.messages(host, signal)) {
        if (!response.write(`${JSON.stringify(message)}\n`)) await once(response, "drain", { signal });
      }
    } finally {
      cancel();
    }
    response.end();
  }

  /** An image that an instance of this host is made of. */
  async image({ response, host, signal }: Call, digest: string): Promise<void> {
    const { registry, specOf, image } = this.#options;
    const isNeeded = registry
      .list("Instance")
      .some((instance) => instance.spec.host === host && specOf(instance)?.imageDigest === digest);
    if (!isNeeded)
      throw new Fault(
        "forbidden",
        `Cannot send this image to host "${host}": no instance there is made of it`,
      );
    const archive = await image(digest, signal);
    response.writeHead(200, { "content-type": "application/x-tar" });
    await pipeline(archive, response);
  }

  /** The kept files of a project that an instance of this host is made from, as a tar archive. */
  async source({ response, host, signal }: Call, digest: string): Promise<void> {
    const { registry, sources, specOf } = this.#options;
    const directory = join(sources, digest);
    const needed = registry
      .list("Instance")
      .filter(({ spec }) => spec.host === host)
      .some((instance) => `${specOf(instance)?.source?.directory ?? ""}/`.startsWith(`${directory}/`));
    if (!/^[0-9a-f]{16,128}$/.test(digest) || !needed)
      throw new Fault(
        "forbidden",
        `Cannot send these files to host "${host}": no instance there is made from them`,
      );
    await stat(directory);
    const tar = spawn("tar", ["--create", "--format=pax", "--directory", directory, "--file=-", "."], {
      stdio: ["ignore", "pipe", "ignore"],
      signal,
    });
    const ended = once(tar, "close");
    ended.catch(() => undefined);
    response.writeHead(200, { "content-type": "application/x-tar" });
    await pipeline(tar.stdout, response, { end: false });
    const [code] = (await ended) as [number | null];
    // Without an end the other side knows that the archive is not whole.
    if (code === 0) response.end();
    else response.destroy();
  }
}
