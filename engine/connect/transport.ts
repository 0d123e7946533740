import { connect, type Socket } from "node:net";
import type { Edge } from "./edge.ts";
import type { Share } from "./fair/share.ts";
import { chargeTo, readBytes, readOn, writeBytes } from "./wire.ts";

/** What comes of a transport; calls begin only after it was made. */
export interface TransportUser {
  transportConnected(): void;
  /** False: no more until `readOn`; a read that is under way may still come. */
  transportData(chunk: Buffer): boolean;
  /** The other end sends no more. */
  transportEnded(): void;
  transportDrained(): void;
  /** It is gone, and nothing follows; `error` when it was not closed in order. */
  transportClosed(error: NodeJS.ErrnoException | undefined): void;
}

/** The way to one instance: a socket on this host, a stream of a link to another. */
export interface Transport {
  /** What is under way may go on, but nothing more is to begin on it. */
  readonly retired: boolean;
  /** From now on it is on this workload's account. */
  charge(share: Share | undefined): void;
  /** False: no more until `transportDrained`. */
  write(bytes: Buffer): boolean;
  /** Nothing of what was written is waiting here; false where that is not known. */
  readonly flushed: boolean;
  readOn(): void;
  /** Writes until `uncork` may leave together. */
  cork(): void;
  uncork(): void;
  /** Sends no more; goes on reading. */
  end(): void;
  /** Ends both ways at once. */
  destroy(): void;
  /** The same, and lets the other end see that it was not in order. */
  reset(): void;
}

/** An instance on another host: its name, and where that host's peer listener is. */
export interface RemotePlace {
  readonly instance: string;
  readonly host: string;
  readonly address: string;
  readonly port: number;
}

/** Opens transports to instances on other hosts. */
export interface RemoteTransports {
  open(place: RemotePlace, caller: Edge, user: TransportUser): Transport;
}

/** A connection to an instance on this host. */
export class SocketTransport implements Transport {
  readonly retired = false;
  readonly #socket: Socket;

  constructor(at: { readonly address: string; readonly port: number }, user: TransportUser) {
    const socket = connect({
      host: at.address,
      port: at.port,
      noDelay: true,
      allowHalfOpen: true,
      keepAlive: true,
      keepAliveInitialDelay: 60_000,
    });
    this.#socket = socket;
    let problem: NodeJS.ErrnoException | undefined;
    socket.on("connect", () => user.transportConnected());
    readBytes(socket, (chunk) => user.transportData(chunk));
    socket.on("end", () => user.transportEnded());
    socket.on("drain", () => user.transportDrained());
    socket.on("error", (error: NodeJS.ErrnoException) => {
      problem = error;
    });
    socket.on("close", () => user.transportClosed(problem));
  }

  charge(share: Share | undefined): void {
    chargeTo(this.#socket, share);
  }

  write(bytes: Buffer): boolean {
    return writeBytes(this.#socket, bytes);
  }

  get flushed(): boolean {
    return this.#socket.writableLength === 0;
  }

  readOn(): void {
    readOn(this.#socket);
  }

  cork(): void {
    this.#socket.cork();
  }

  uncork(): void {
    this.#socket.uncork();
  }

  end(): void {
    this.#socket.end();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  reset(): void {
    this.#socket.resetAndDestroy();
  }
}
