import { connect, type Socket } from "node:net";
import { MessageDecoder } from "@plinth/http1";
import type { Share } from "./fair/share.ts";
import { CONNECT_UNITS } from "./limits.ts";
import { chargeTo, readBytes, readOn, writeBytes } from "./wire.ts";

/** What a connection tells the endpoint it belongs to. */
export interface ConnectionHome {
  readonly address: string;
  readonly port: number;
  opened(): void;
  closed(): void;
  countRead(bytes: number): void;
  countWritten(bytes: number): void;
}

/** The home of connections that are kept between exchanges. */
export interface PoolHome extends ConnectionHome {
  /** The connection is gone. */
  forget(connection: UpstreamConnection): void;
}

/** Whoever uses a connection for one exchange. */
export interface ConnectionUser {
  /** On whose account the connection is while it is used. */
  readonly share: Share | undefined;
  upstreamConnected(): void;
  upstreamData(chunk: Buffer): void;
  /** The other end sends no more. */
  upstreamEnded(): void;
  upstreamDrained(): void;
  /** The connection is gone; `error` when it was not closed in order. */
  upstreamClosed(error: NodeJS.ErrnoException | undefined): void;
}

/**
 * One connection to an instance. It has at most one user; without a user it is idle and any byte that arrives then
 * belongs to no request, so it is thrown away with the connection. Handlers are bound once per connection.
 */
export class UpstreamConnection {
  readonly socket: Socket;
  readonly decoder: MessageDecoder = new MessageDecoder({ kind: "response" });
  readonly home: PoolHome;
  user: ConnectionUser | undefined;
  connected = false;
  /** It has carried an exchange before: the other end may have closed it meanwhile. */
  reused = false;
  /** When it became idle, and how long the other end says it keeps it. */
  idleSinceMs = 0;
  idleMaxMs = 0;
  paused = false;
  #error: NodeJS.ErrnoException | undefined = undefined;

  constructor(home: PoolHome, user: ConnectionUser) {
    this.home = home;
    this.user = user;
    const socket = connect({
      host: home.address,
      port: home.port,
      noDelay: true,
      allowHalfOpen: true,
      keepAlive: true,
      keepAliveInitialDelay: 60_000,
    });
    this.socket = socket;
    this.pay(user.share);
    if (user.share !== undefined) user.share.turns.charge(user.share, CONNECT_UNITS);
    socket.on("connect", () => this.#onConnect());
    readBytes(socket, (chunk) => this.#onData(chunk));
    socket.on("end", () => this.#onEnd());
    socket.on("drain", () => this.user?.upstreamDrained());
    socket.on("error", (error: NodeJS.ErrnoException) => {
      this.#error = error;
    });
    socket.on("close", () => this.#onClose());
  }

  /** From now on it is on this workload's account. */
  pay(share: Share | undefined): void {
    chargeTo(this.socket, share);
  }

  /** True when more can be written without waiting for a drain. */
  write(bytes: Buffer): boolean {
    this.home.countWritten(bytes.length);
    return writeBytes(this.socket, bytes);
  }

  /** The next read is the last until `resume`. */
  pause(): void {
    this.paused = true;
  }

  resume(): void {
    if (!this.paused) return;
    this.paused = false;
    readOn(this.socket);
  }

  /** Closes without telling the user any more. */
  discard(): void {
    this.user = undefined;
    this.socket.destroy();
  }

  #onConnect(): void {
    this.connected = true;
    this.home.opened();
    this.user?.upstreamConnected();
  }

  #onData(chunk: Buffer): boolean {
    this.home.countRead(chunk.length);
    if (this.user === undefined) this.socket.destroy();
    else this.user.upstreamData(chunk);
    return !this.paused;
  }

  #onEnd(): void {
    if (this.user === undefined) this.socket.destroy();
    else this.user.upstreamEnded();
  }

  #onClose(): void {
    const user = this.user;
    this.user = undefined;
    if (this.connected) this.home.closed();
    this.home.forget(this);
    user?.upstreamClosed(this.#error);
  }
}
