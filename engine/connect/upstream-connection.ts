import { MessageDecoder } from "@plinth/http1";
import type { Edge } from "./edge.ts";
import type { Share } from "./fair/share.ts";
import { CONNECT_UNITS } from "./limits.ts";
import type { Transport, TransportUser } from "./transport.ts";

/** What a connection tells the endpoint it belongs to. */
export interface ConnectionHome {
  /** The way to the instance, for calls of `caller`. */
  open(user: TransportUser, caller: Edge): Transport;
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
 * belongs to no request, so it is thrown away with the connection.
 */
export class UpstreamConnection implements TransportUser {
  readonly decoder: MessageDecoder = new MessageDecoder({ kind: "response" });
  readonly home: PoolHome;
  /** Whose calls it was made for. */
  readonly caller: Edge;
  user: ConnectionUser | undefined;
  connected = false;
  /** It has carried an exchange before: the other end may have closed it meanwhile. */
  reused = false;
  /** When it became idle, and how long the other end says it keeps it. */
  idleSinceMs = 0;
  idleMaxMs = 0;
  paused = false;
  readonly #transport: Transport;

  constructor(home: PoolHome, user: ConnectionUser, caller: Edge) {
    this.home = home;
    this.user = user;
    this.caller = caller;
    this.#transport = home.open(this, caller);
    this.pay(user.share);
    if (user.share !== undefined) user.share.turns.charge(user.share, CONNECT_UNITS);
  }

  /** From now on it is on this workload's account. */
  pay(share: Share | undefined): void {
    this.#transport.charge(share);
  }

  /** It is not to carry another exchange. */
  get retired(): boolean {
    return this.#transport.retired;
  }

  /** True when more can be written without waiting for a drain. */
  write(bytes: Buffer): boolean {
    this.home.countWritten(bytes.length);
    return this.#transport.write(bytes);
  }

  /** Nothing of what was written is waiting here. */
  get flushed(): boolean {
    return this.#transport.flushed;
  }

  /** What is written until `uncork` may leave in one piece. */
  cork(): void {
    this.#transport.cork();
  }

  uncork(): void {
    this.#transport.uncork();
  }

  /** The next read is the last until `resume`. */
  pause(): void {
    this.paused = true;
  }

  resume(): void {
    if (!this.paused) return;
    this.paused = false;
    this.#transport.readOn();
  }

  /** Sends no more; goes on reading. */
  end(): void {
    this.#transport.end();
  }

  /** Closes without telling the user any more. */
  discard(): void {
    this.user = undefined;
    this.#transport.destroy();
  }

  /** The same, and lets the instance see that it was not in order. */
  reset(): void {
    this.user = undefined;
    this.#transport.reset();
  }

  transportConnected(): void {
    this.connected = true;
    this.home.opened();
    this.user?.upstreamConnected();
  }

  transportData(chunk: Buffer): boolean {
    this.home.countRead(chunk.length);
    if (this.user === undefined) this.#transport.destroy();
    else this.user.upstreamData(chunk);
    return !this.paused;
  }

  transportEnded(): void {
    if (this.user === undefined) this.#transport.destroy();
    else this.user.upstreamEnded();
  }

  transportDrained(): void {
    this.user?.upstreamDrained();
  }

  transportClosed(error: NodeJS.ErrnoException | undefined): void {
    const user = this.user;
    this.user = undefined;
    if (this.connected) this.home.closed();
    this.home.forget(this);
    user?.upstreamClosed(error);
  }
}
