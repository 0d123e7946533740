import type { Socket } from "node:net";

/**
 * A socket's bytes without the queues of its stream. Both runtimes hand what they read to the socket's own `push`
 * and stop reading when it answers false; taking its place saves the stream's queue and an event per read. On Bun
 * the handle's own `write` saves the stream's queue per write; Node has no such door. Order is kept: while the
 * stream has anything queued, everything goes through it. Benchmark: http1 (12 % of CPU on Bun, 8 % on Node).
 */

/** What Node's and Bun's sockets have beyond their types. */
interface SocketInside {
  push(chunk: Buffer | null): boolean;
  _read(bytes: number): void;
  _handle: { write?(bytes: Buffer): number } | null;
}

const writesDirectly = process.versions["bun"] !== undefined;

/**
 * Gives every read to `onBytes`, which answers false to stop; `readOn` goes on. The end is an "end" event as usual.
 * Called again, it gives the reads to another.
 */
export function readBytes(socket: Socket, onBytes: (bytes: Buffer) => boolean): void {
  const inside = socket as unknown as SocketInside;
  const stream = Object.getPrototypeOf(socket) as SocketInside;
  inside.push = (chunk) => {
    if (chunk !== null) return onBytes(chunk);
    const result = stream.push.call(socket, null);
    socket.resume(); // the queue is empty: this lets "end" out
    return result;
  };
}

/** Reads on after `onBytes` has answered false. */
export function readOn(socket: Socket): void {
  if (!socket.destroyed) (socket as unknown as SocketInside)._read(0);
}

/** Writes; false means: no more until "drain". */
export function writeBytes(socket: Socket, bytes: Buffer): boolean {
  if (!writesDirectly || socket.writableLength > 0 || socket.connecting || !socket.writable) {
    return socket.write(bytes);
  }
  const { _handle: handle } = socket as unknown as SocketInside;
  if (handle?.write === undefined || socket.writableCorked > 0) return socket.write(bytes);
  const written = handle.write(bytes);
  if (written === bytes.length) return true;
  return socket.write(written > 0 ? bytes.subarray(written) : bytes);
}
