import type { Socket } from "node:net";
import {
  HANDSHAKES_MAX,
  HANDSHAKES_PER_ADDRESS_MAX,
  HANDSHAKES_WAITING_MAX,
  HANDSHAKES_WAITING_PER_ADDRESS_MAX,
} from "../limits.ts";

/** Handshakes of one address. */
interface Origin {
  under: number;
  readonly waiting: Set<Socket>;
}

/** Lets so many handshakes go on at once, and origins take turns for the rest: a flood from one delays no other. */
export class Handshakes {
  readonly #begin: (socket: Socket) => void;
  /** Sockets whose handshake is under way, by address and port. */
  readonly #under: Map<string, Socket> = new Map();
  readonly #origins: Map<string, Origin> = new Map();
  #waiting = 0;

  constructor(begin: (socket: Socket) => void) {
    this.#begin = begin;
  }

  /** Begins it now or in its turn; false when too many wait. */
  add(socket: Socket): boolean {
    const address = addressOf(socket);
    let origin = this.#origins.get(address);
    if (origin === undefined) this.#origins.set(address, (origin = { under: 0, waiting: new Set() }));
    const key = keyOf(socket);
    if (this.#under.size < HANDSHAKES_MAX && origin.under < HANDSHAKES_PER_ADDRESS_MAX) {
      socket.on("close", () => this.#end(key, address));
      this.#start(key, socket, origin);
      return true;
    }
    if (this.#waiting >= HANDSHAKES_WAITING_MAX || origin.waiting.size >= HANDSHAKES_WAITING_PER_ADDRESS_MAX)
      return false;
    origin.waiting.add(socket);
    this.#waiting++;
    socket.on("close", () => {
      if (origin.waiting.delete(socket)) this.#waiting--;
      this.#end(key, address);
    });
    return true;
  }

  /** It has succeeded. */
  succeeded(socket: Socket): void {
    this.#end(keyOf(socket), addressOf(socket));
  }

  destroy(): void {
    for (const { waiting } of this.#origins.values()) for (const socket of waiting) socket.destroy();
    for (const socket of this.#under.values()) socket.destroy();
  }

  #start(key: string, socket: Socket, origin: Origin): void {
    origin.under++;
    this.#under.set(key, socket);
    this.#begin(socket);
  }

  #end(key: string, address: string): void {
    const origin = this.#origins.get(address);
    if (origin === undefined) return;
    if (this.#under.delete(key)) origin.under--;
    // Whoever has just had a turn goes to the end of the line.
    this.#origins.delete(address);
    if (origin.under > 0 || origin.waiting.size > 0) this.#origins.set(address, origin);
    this.#next();
  }

  #next(): void {
    if (this.#waiting === 0 || this.#under.size >= HANDSHAKES_MAX) return;
    for (const origin of this.#origins.values()) {
      if (origin.under >= HANDSHAKES_PER_ADDRESS_MAX) continue;
      const [socket] = origin.waiting;
      if (socket === undefined) continue;
      origin.waiting.delete(socket);
      this.#waiting--;
      this.#start(keyOf(socket), socket, origin);
      return;
    }
  }
}

function addressOf(socket: Socket): string {
  return socket.remoteAddress ?? "unknown";
}

/** The same for a socket and for the TLS socket on it. */
function keyOf(socket: Socket): string {
  return `${socket.remoteAddress} ${socket.remotePort}`;
}
