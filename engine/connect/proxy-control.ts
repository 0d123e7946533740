import { request } from "node:http";
import { Fault, type FaultCode, messageOf } from "@plinth/fault";
import type { EdgeStats, ListenFailure } from "./data-plane.ts";
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
  readonly listening: readonly { readonly address: string; readonly port: number }[];
  readonly failed: readonly ListenFailure[];
}

export interface ProxyStats {
  /** RFC 3339; counters begin at zero then. */
  readonly startedAt: string;
  readonly edges: readonly EdgeStats[];
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

  #call(
    method: string,
    path: string,
    body: unknown,
    usualMs: number,
    options: ProxyControlOptions = {},
  ): Promise<unknown> {
    const limit = AbortSignal.timeout(options.timeoutMs ?? usualMs);
    const signal = options.signal === undefined ? limit : AbortSignal.any([limit, options.signal]);
    const content = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
    return new Promise((resolve, reject) => {
      const fail = (error: Error): void => {
        if (options.signal?.aborted) reject(options.signal.reason);
        else if (limit.aborted)
          reject(new Fault("timeout", `Cannot ${method} ${path} of the proxy: no answer in time`));
        else
          reject(
            new Fault("unavailable", `Cannot reach the proxy at ${this.#path}: ${messageOf(error)}`, {
              cause: error,
            }),
          );
      };
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
      call.on("error", fail);
      call.on("response", (response) => {
        const chunks: Buffer[] = [];
        let bytes = 0;
        response.on("error", fail);
        response.on("data", (chunk: Buffer) => {
          bytes += chunk.length;
          if (bytes > ANSWER_BYTES_MAX) response.destroy(new Error("the answer is too large"));
          else chunks.push(chunk);
        });
        response.on("end", () => {
          try {
            const answer: unknown = JSON.parse(Buffer.concat(chunks).toString());
            if (response.statusCode === 200) resolve(answer);
            else reject(faultOf(response.statusCode ?? 0, answer, method, path));
          } catch (error) {
            fail(error as Error);
          }
        });
      });
      call.end(content);
    });
  }
}

function faultOf(status: number, answer: unknown, method: string, path: string): Fault {
  const message = (answer as { message?: unknown } | null)?.message;
  const text = typeof message === "string" ? message : `status ${status}`;
  return new Fault(faultCodes[status] ?? "unavailable", `Cannot ${method} ${path} of the proxy: ${text}`);
}
