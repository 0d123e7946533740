import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Clock } from "@plinth/clock";

/** Of one request's head: etcd's clients send some hundred bytes. */
const HEAD_BYTES_MAX = 16 * 1024;
/** From the connection, or the end of the last answer, to the end of the next request's head. */
const HEAD_MS = 30_000;
/** From a request's head to its end, unless its body is a stream. */
export const BODY_MS = 30_000;

/** Speaks HTTP/1.1 on sockets it is given. */
export interface HttpDoor {
  serve(socket: Socket): void;
  /** Ends connections that wait for a request. */
  close(): void;
}

export type HttpHandler = (request: IncomingMessage, response: ServerResponse) => void;

/** Slow heads end the connection, whatever trickles in: Node's own look at them needs a port of its own. */
export function openHttpDoor(clock: Clock, handler: HttpHandler): HttpDoor {
  const server = createServer({ maxHeaderSize: HEAD_BYTES_MAX, insecureHTTPParser: false });
  /** Connections that wait for a request's head, and how to stop counting the time. */
  const waiting = new Map<Socket, () => void>();
  let closed = false;
  const forget = (socket: Socket): void => {
    waiting.get(socket)?.();
    waiting.delete(socket);
  };
  const expect = (socket: Socket): void => {
    if (socket.destroyed) return;
    if (closed) return void socket.destroy();
    waiting.set(
      socket,
      clock.schedule(HEAD_MS, () => socket.destroy()),
    );
  };
  server.on("request", (request, response) => {
    const { socket } = request;
    forget(socket);
    response.once("finish", () => expect(socket));
    handler(request, response);
  });
  server.on("clientError", (_error, socket) => {
    socket.destroy();
  });
  return {
    serve(socket) {
      socket.once("close", () => forget(socket));
      expect(socket);
      server.emit("connection", socket);
    },
    close() {
      closed = true;
      for (const socket of waiting.keys()) socket.destroy();
    },
  };
}
