import type { Socket } from "node:net";

/** What Node's and Bun's sockets have beyond their types. */
export interface SocketInside {
  push(chunk: Buffer | null): boolean;
  _read(bytes: number): void;
  _handle: { write?(bytes: Buffer): number } | null;
}

/** Lets the runtime read on. */
export function readMore(socket: Socket): void {
  if (!socket.destroyed) (socket as unknown as SocketInside)._read(0);
}

/** Lets "end" out: the other end sends no more. */
export function endReading(socket: Socket): boolean {
  const stream = Object.getPrototypeOf(socket) as SocketInside;
  const result = stream.push.call(socket, null);
  socket.resume(); // the queue is empty
  return result;
}
