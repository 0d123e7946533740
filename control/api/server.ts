import { once } from "node:events";
import { chmodSync, renameSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { Duplex } from "node:stream";
import { Fault, messageOf } from "@plinth/fault";
import { SESSION_PROTOCOL } from "@plinth/resource";
import {
  CONNECTIONS_MAX,
  HEADER_BYTES_MAX,
  HEADERS_MAX,
  HEADERS_TIMEOUT_MS,
  KEEP_ALIVE_MS,
  REQUEST_TIMEOUT_MS,
  SOCKET_IDLE_MS,
  SOCKET_PATH_BYTES_MAX,
} from "./limits.ts";
import { Refusal, statusOf } from "./status.ts";

export type RequestHandler = (request: IncomingMessage, response: ServerResponse) => void;

/** An HTTP server with every limit set; a test shortens the time for headers. */
export function limitedServer(handle: RequestHandler, headersTimeoutMs: number = HEADERS_TIMEOUT_MS): Server {
  const server = createServer({
    maxHeaderSize: HEADER_BYTES_MAX,
    headersTimeout: headersTimeoutMs,
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    connectionsCheckingInterval: headersTimeoutMs / 10,
    // Any other wish to upgrade is left alone, as HTTP allows.
    shouldUpgradeCallback: ({ headers }) => headers.upgrade === SESSION_PROTOCOL,
  });
  server.maxHeadersCount = HEADERS_MAX;
  server.maxConnections = CONNECTIONS_MAX;
  server.setTimeout(SOCKET_IDLE_MS);
  const answering = new WeakSet<Duplex>();
  const onRequest: RequestHandler = (request, response) => {
    answering.add(request.socket);
    response.once("close", () => answering.delete(request.socket));
    handle(request, response);
  };
  server.on("request", onRequest);
  // The body is asked for only once it is known to be wanted.
  server.on("checkContinue", onRequest);
  server.on("checkExpectation", onRequest);
  server.on("upgrade", (request: IncomingMessage, socket: Socket, head: Buffer) => {
    if (head.length > 0) socket.unshift(head);
    const response = new ServerResponse(request);
    response.assignSocket(socket);
    response.shouldKeepAlive = false;
    // A refusal is its last answer.
    response.once("finish", () => socket.end());
    onRequest(request, response);
  });
  server.on("clientError", (error: NodeJS.ErrnoException, socket) => {
    // In the middle of an answer, another one would be taken for its content.
    if (error.code === "ECONNRESET" || !socket.writable || answering.has(socket)) socket.destroy();
    else answerMalformed(error, socket);
  });
  return server;
}

function answerMalformed(error: NodeJS.ErrnoException, socket: Duplex): void {
  const refusal =
    error.code === "HPE_HEADER_OVERFLOW"
      ? new Refusal(
          "headers-too-large",
          `Cannot read the request: its headers exceed ${HEADER_BYTES_MAX} bytes`,
        )
      : error.code === "ERR_HTTP_REQUEST_TIMEOUT"
        ? new Fault("timeout", "Cannot read the request: it did not arrive in time")
        : new Refusal("bad-request", "Cannot read the request: it is not HTTP/1.1");
  const status = statusOf(refusal);
  const code = refusal instanceof Fault ? 408 : status.code;
  const body = JSON.stringify({ ...status, code });
  socket.end(
    `HTTP/1.1 ${code} ${status.reason}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n` +
      `Connection: close\r\n\r\n${body}`,
    () => socket.destroy(),
  );
}

/** Listens on a Unix socket that only its owner may use. */
export async function listenOnSocket(server: Server, path: string): Promise<void> {
  if (Buffer.byteLength(path) > SOCKET_PATH_BYTES_MAX) {
    throw new Fault("invalid", `Cannot listen on "${path}": longer than ${SOCKET_PATH_BYTES_MAX} bytes`, {
      hint: "Choose a shorter home directory.",
    });
  }
  // Put in place as one step over what an earlier daemon left: clients find a socket at any moment of a restart.
  const fresh = `${path}.new`;
  rmSync(fresh, { force: true });
  await listening(server, path, () => server.listen(fresh));
  chmodSync(fresh, 0o600);
  renameSync(fresh, path);
}

/** Listens on TCP; returns the port. */
export async function listenOnTcp(server: Server, address: string, port: number): Promise<number> {
  await listening(server, `${address}:${port}`, () => server.listen(port, address));
  return (server.address() as AddressInfo).port;
}

async function listening(server: Server, where: string, listen: () => void): Promise<void> {
  try {
    listen();
    await once(server, "listening");
  } catch (error) {
    const taken = (error as NodeJS.ErrnoException).code === "EADDRINUSE";
    const why = taken ? "something else listens there" : messageOf(error);
    throw new Fault(taken ? "conflict" : "unavailable", `Cannot listen on ${where}: ${why}`, {
      cause: error,
    });
  }
}
