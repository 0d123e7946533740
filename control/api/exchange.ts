import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { SOCKET_IDLE_MS } from "./limits.ts";
import type { Match } from "./router.ts";
import type { Status } from "./status.ts";

/** One request with its answer. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly match: Match;
  readonly query: URLSearchParams;
  /** Aborted when the client is gone or the API closes. */
  readonly signal: AbortSignal;
}

export const NDJSON: string = "application/x-ndjson";

export function sendJson(response: ServerResponse, code: number, value: unknown): void {
  const body = Buffer.from(`${JSON.stringify(value)}\n`);
  response.writeHead(code, { "Content-Type": "application/json", "Content-Length": body.length });
  response.end(body);
}

export function sendStatus(response: ServerResponse, status: Status): void {
  if (status.code === 401) response.setHeader("WWW-Authenticate", 'Bearer realm="plinth"');
  if (status.code === 429) response.setHeader("Retry-After", "1");
  sendJson(response, status.code, status);
}

/** Begins an answer of unknown length: the client sees at once that it was accepted. */
export function startStream(response: ServerResponse, contentType: string): void {
  // A quiet service's log or a long command says nothing for minutes; that the client is there, the kernel checks.
  response.socket?.setTimeout(0);
  response.socket?.setKeepAlive(true, SOCKET_IDLE_MS);
  response.writeHead(200, { "Content-Type": contentType });
  response.flushHeaders();
}

/** Answers with all that comes, part by part. */
export async function sendParts<Part>(
  exchange: Exchange,
  contentType: string,
  parts: AsyncIterable<Part>,
  encode: (part: Part) => string | Uint8Array,
): Promise<void> {
  startStream(exchange.response, contentType);
  for await (const part of parts) await writePart(exchange, encode(part));
  exchange.response.end();
}

/** Writes a part, waiting for a slow client: at most one part per stream is in memory. */
export async function writePart(exchange: Exchange, part: string | Uint8Array): Promise<void> {
  exchange.signal.throwIfAborted();
  if (!exchange.response.write(part)) await once(exchange.response, "drain", { signal: exchange.signal });
}
