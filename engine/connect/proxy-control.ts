import { type ClientRequest, type IncomingMessage, request } from "node:http";
import type { TapEvent, TapFilter } from "@plinth/resource";
import { Fault, type FaultCode, messageOf } from "@plinth/fault";
import { linesOf } from "@plinth/lines";
import type { ListenFailure } from "./data-plane.ts";
import type { RememberedName } from "./dns/name-counts.ts";
import type { EdgeStats, EndpointState, ServiceStats } from "./seeing/stats.ts";
import type { ProxyIdentities } from "./proxy-identities.ts";
import type { Snapshot } from "./snapshot.ts";

export interface ApplyResult {
  readonly version: number;
  readonly failed: readonly ListenFailure[];
}

export interface ProxyStatus {
  readonly pid: number;
  readonly runtime: string;
  readonly version: number;
  readonly inFlight: number;
  readonly connections: number;
  readonly draining: boolean;
  readonly taps: number;
  /** Requests that somebody watched, since the start: none while nobody looks. */
  readonly sightings: number;
  readonly listening: readonly { readonly address: string; readonly port: number }[];
  readonly failed: readonly ListenFailure[];
}

export interface ProxyStats {
  /** RFC 3339; counters begin at zero then. */
  readonly startedAt: string;
  readonly edges: readonly EdgeStats[];
  readonly services: readonly ServiceStats[];
}

export interface ProxyControlOptions {
  readonly signal?: AbortSignal;
  /** Most time for the call. Default: 10 s, far above what a healthy proxy needs. */
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 10_000;
/** Beyond the wait that was asked for, so that the proxy's own verdict arrives first. */
const MARGIN_MS = 5_000;
const UPGRADE_TIMEOUT_MS = 30_000;
const ANSWER_BYTES_MAX = 64 * 1024 * 1024; // statistics of thousands of pairs

const faultCodes: Readonly<Record<number, FaultCode>> = {
  400: "invalid",
  404: "not-found",
  409: "conflict",
  413: "too-large",
  429: "exhausted",
  501: "unsupported",
  504: "timeout",
};

/** Speaks to the proxy's control socket. Each call is one connection: the proxy behind the socket may change. */
export class ProxyControl {
  readonly #path: string;

  constructor(socketPath: string) {
    this.#path = socketPath;
  }

  /** Puts a snapshot in force; it is on disk before this resolves. */
  async putSnapshot(snapshot: Snapshot, options?: ProxyControlOptions): Promise<ApplyResult> {
    return (await this.#call("PUT", "/snapshot", snapshot, TIMEOUT_MS, options)) as ApplyResult;
  }

  /** Tells a proxy that has handed over where its last connections find their endpoints now. */
  async putRoutes(snapshot: Snapshot, options?: ProxyControlOptions): Promise<void> {
    await this.#call("PUT", "/routes", snapshot, TIMEOUT_MS, options);
  }

  /** Gives the proxy all that it is known by on other hosts, in place of what it had. */
  async putIdentities(identities: ProxyIdentities, options?: ProxyControlOptions): Promise<void> {
    await this.#call("PUT", "/identities", identities, TIMEOUT_MS, options);
  }

  async status(options?: ProxyControlOptions): Promise<ProxyStatus> {
    return (await this.#call("GET", "/status", undefined, TIMEOUT_MS, options)) as ProxyStatus;
  }

  async stats(options?: ProxyControlOptions): Promise<ProxyStats> {
    return (await this.#call("GET", "/stats", undefined, TIMEOUT_MS, options)) as ProxyStats;
  }

  /** Where requests may go now, and how each endpoint does. */
  async endpoints(options?: ProxyControlOptions): Promise<readonly EndpointState[]> {
    const answer = await this.#call("GET", "/endpoints", undefined, TIMEOUT_MS, options);
    return (answer as { endpoints: EndpointState[] }).endpoints;
  }

  /** The snapshot in force. */
  async snapshot(options?: ProxyControlOptions): Promise<Snapshot> {
    return (await this.#call("GET", "/snapshot", undefined, TIMEOUT_MS, options)) as Snapshot;
  }

  /** What the metrics port answers. */
  async metrics(options?: ProxyControlOptions): Promise<string> {
    const answer = await this.#call("GET", "/metrics", undefined, TIMEOUT_MS, options);
    return (answer as { text: string }).text;
  }

  /** Under which host names services last asked for the addresses they connect to. */
  async names(options?: ProxyControlOptions): Promise<readonly RememberedName[]> {
    const answer = await this.#call("GET", "/names", undefined, TIMEOUT_MS, options);
    return (answer as { names: RememberedName[] }).names;
  }

  /**
   * Live requests that the filter asks for, until the signal; ends by itself when the proxy hands over or ends. Whoever
   * reads slowly misses events, and is told how many.
   */
  async tap(filter: TapFilter, signal: AbortSignal): Promise<AsyncGenerator<TapEvent>> {
    return this.#events(await this.#open("POST", "/tap", filter, signal), signal);
  }

  async *#events(response: IncomingMessage, signal: AbortSignal): AsyncGenerator<TapEvent> {
    try {
      for await (const line of linesOf(response, ANSWER_BYTES_MAX, "The proxy's event is too large"))
        yield JSON.parse(line) as TapEvent;
    } catch (error) {
      signal.throwIfAborted();
      throw this.#faultOf(error);
    } finally {
      response.destroy();
    }
  }

  /** Waits until nothing is under way at instances that a snapshot has removed; resolves with what remains. */
  async drain(
    instances: readonly string[],
    timeoutMs: number,
    options?: ProxyControlOptions,
  ): Promise<number> {
    const body = { instances, timeoutMs };
    const answer = await this.#call("POST", "/drain", body, timeoutMs + MARGIN_MS, options);
    return (answer as { remaining: number }).remaining;
  }

  /** Resolves with the new proxy's pid once it serves. */
  async upgrade(runtime?: "node" | "bun", options?: ProxyControlOptions): Promise<number> {
    const answer = await this.#call("POST", "/upgrade", { runtime }, UPGRADE_TIMEOUT_MS, options);
    return (answer as { pid: number }).pid;
  }

  /** Resolves once the proxy has begun to drain; it ends by itself, after `drainMs` at the latest. */
  async shutdown(drainMs: number, options?: ProxyControlOptions): Promise<void> {
    await this.#call("POST", "/shutdown", { drainMs }, TIMEOUT_MS, options);
  }

  async #call(
    method: string,
    path: string,
    body: unknown,
    usualMs: number,
    options: ProxyControlOptions = {},
  ): Promise<unknown> {
    const limit = AbortSignal.timeout(options.timeoutMs ?? usualMs);
    const signal = options.signal === undefined ? limit : AbortSignal.any([limit, options.signal]);
    try {
      return JSON.parse(await read(await this.#open(method, path, body, signal))) as unknown;
    } catch (error) {
      if (options.signal?.aborted) throw options.signal.reason;
      if (limit.aborted)
        throw new Fault("timeout", `Cannot ${method} ${path} of the proxy: no answer in time`);
      throw this.#faultOf(error);
    }
  }

  /** Sends a request and resolves with the answer's head, unless that is a refusal. */
  async #open(method: string, path: string, body: unknown, signal: AbortSignal): Promise<IncomingMessage> {
    const content = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
    const call = request({
      socketPath: this.#path,
      method,
      path,
      agent: false,
      signal,
      headers: {
        host: "proxy",
        ...(content === undefined
          ? {}
          : { "content-type": "application/json", "content-length": content.length }),
      },
    });
    call.end(content);
    const response = await answerTo(call).catch((error: unknown) => {
      signal.throwIfAborted();
      throw this.#faultOf(error);
    });
    if (response.statusCode === 200) return response;
    const answer: unknown = JSON.parse(await read(response));
    throw refusalOf(response.statusCode ?? 0, answer, method, path);
  }

  #faultOf(error: unknown): Fault {
    if (error instanceof Fault) return error;
    const text = `Cannot reach the proxy at ${this.#path}: ${messageOf(error)}`;
    return new Fault("unavailable", text, { cause: error });
  }
}

function answerTo(call: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    call.on("error", reject);
    call.on("response", (response) => {
      response.on("error", () => {}); // whoever reads it sees it
      resolve(response);
    });
  });
}

async function read(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > ANSWER_BYTES_MAX) throw new Fault("too-large", "The proxy's answer is too large");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function refusalOf(status: number, answer: unknown, method: string, path: string): Fault {
  const message = (answer as { message?: unknown } | null)?.message;
  const text = typeof message === "string" ? message : `status ${status}`;
  return new Fault(faultCodes[status] ?? "unavailable", `Cannot ${method} ${path} of the proxy: ${text}`);
}
