import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import type { Clock } from "@plinth/clock";

/** The first bytes of HTTP/2; no method of HTTP/1.1 is called so. */
const HTTP2_START = Buffer.from("PRI ");
/** A client speaks first in both protocols: who says nothing for so long wants nothing. */
const FIRST_BYTES_MS = 10_000;

export interface FrontDoor {
  onHttp1(socket: Socket): void;
  onHttp2(socket: Socket): void;
}

/** Tells by TLS' choice of protocol, else by the first bytes, what a connection speaks, and hands it on as it came. */
export function receive(socket: Socket, clock: Clock, door: FrontDoor): void {
  if (socket instanceof TLSSocket && socket.alpnProtocol === "h2") return door.onHttp2(socket);
  let seen: Buffer = Buffer.alloc(0);
  const leave = (): void => {
    cancel();
    socket.off("readable", look);
    socket.off("error", destroy);
    socket.off("close", leave);
  };
  const destroy = (): void => {
    leave();
    socket.destroy();
  };
  const look = (): void => {
    const chunk = socket.read() as Buffer | null;
    if (chunk === null) return;
    seen = seen.length === 0 ? chunk : Buffer.concat([seen, chunk]);
    const known = Math.min(seen.length, HTTP2_START.length);
    const isHttp2 = seen.subarray(0, known).equals(HTTP2_START.subarray(0, known));
    if (isHttp2 && known < HTTP2_START.length) return;
    leave();
    socket.unshift(seen);
    if (isHttp2) door.onHttp2(socket);
    else door.onHttp1(socket);
  };
  const cancel = clock.schedule(FIRST_BYTES_MS, destroy);
  socket.on("readable", look);
  socket.on("error", destroy);
  socket.on("close", leave);
}
