import { atEndOfTurn, Http2Session, type SessionOwner, type StreamHandler } from "@plinth/http2";
import type { Clock } from "@plinth/clock";
import {
  CONNECT_TIMEOUT_MS,
  HTTP2_CALLS_USUAL,
  HTTP2_CONNECTIONS_MAX,
  HTTP2_IDLE_MS,
  LINGER_MS,
} from "./limits.ts";
import type { Edge } from "./edge.ts";
import type { Transport, TransportUser } from "./transport.ts";
import type { ConnectionHome } from "./upstream-connection.ts";

/** Whoever waits for a connection to come about. */
export interface ConnectionWaiter {
  upstreamReady(upstream: Http2Upstream): void;
  upstreamFailed(why: string): void;
}

/** One HTTP/2 connection to an instance, shared by the calls of one caller. */
export class Http2Upstream implements SessionOwner, TransportUser {
  readonly session: Http2Session;
  /** Connected, and the instance has said how many calls it takes. */
  ready = false;
  #connected = false;
  readonly #home: ConnectionHome;
  readonly #clock: Clock;
  readonly #transport: Transport;
  readonly #waiting: Set<ConnectionWaiter> = new Set();
  readonly #pool: PoolState;
  readonly #sinceMs: number;
  #idleSinceMs: number;
  #error = "closed";

  constructor(home: ConnectionHome, caller: Edge, clock: Clock, pool: PoolState) {
    this.#home = home;
    this.#clock = clock;
    this.#pool = pool;
    this.#sinceMs = clock.monotonic();
    this.#idleSinceMs = this.#sinceMs;
    this.session = new Http2Session({ kind: "client", owner: this });
    this.#transport = home.open(this, caller);
    this.#transport.charge(caller.sharedBy);
  }

  /** True while it takes another call. */
  get hasRoom(): boolean {
    const { session } = this;
    if (session.ended || session.closing || session.peerClosing || this.#transport.retired) return false;
    return this.ready ? session.capacity > 0 : this.#waiting.size < this.#pool.callsPerConnection;
  }

  wait(waiter: ConnectionWaiter): void {
    this.#waiting.add(waiter);
  }

  stopWaiting(waiter: ConnectionWaiter): void {
    this.#waiting.delete(waiter);
  }

  transportConnected(): void {
    this.#connected = true;
    this.#home.opened();
  }

  transportData(chunk: Buffer): boolean {
    this.#home.countRead(chunk.length);
    this.session.receive(chunk);
    if (!this.ready) this.#onReady(); // a server's first frame is its settings (RFC 9113 §3.4)
    return true; // windows hold instances back
  }

  transportDrained(): void {
    this.session.drained();
  }

  transportEnded(): void {
    this.session.disconnected();
  }

  #onReady(): void {
    this.ready = true;
    this.#pool.callsPerConnection = Math.max(1, this.session.capacity);
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const waiter of waiting) waiter.upstreamReady(this);
  }

  transportClosed(error: NodeJS.ErrnoException | undefined): void {
    if (error !== undefined) this.#error = error.code ?? error.message;
    if (this.#connected) this.#home.closed();
    this.#pool.gone(this);
    this.session.disconnected();
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const waiter of waiting) waiter.upstreamFailed(this.#error);
  }

  write(bytes: Buffer): boolean {
    this.#home.countWritten(bytes.length);
    return this.#transport.write(bytes);
  }

  schedule(flush: () => void): void {
    atEndOfTurn(flush);
  }

  /** Instances send no requests. */
  onStream(): StreamHandler {
    throw new Error("a client's session has no incoming streams");
  }

  onGoaway(): void {}

  onCapacity(): void {}

  onEnd(): void {
    this.#transport.end();
    this.#clock.schedule(LINGER_MS, () => this.#transport.destroy());
  }

  tick(nowMs: number): void {
    if (!this.ready && nowMs - this.#sinceMs >= CONNECT_TIMEOUT_MS) {
      this.#error = `no answer within ${CONNECT_TIMEOUT_MS / 1_000} s`;
      this.#transport.destroy();
      return;
    }
    this.session.tick(nowMs);
    if (this.ready && this.#transport.retired) this.session.close();
    if (this.session.streams.size > 0 || this.#waiting.size > 0) this.#idleSinceMs = nowMs;
    else if (nowMs - this.#idleSinceMs >= HTTP2_IDLE_MS) this.session.close();
  }

  /** No new calls; those under way finish. */
  retire(): void {
    if (this.ready) this.session.close();
    else this.#transport.destroy();
  }
}

interface PoolState {
  /** What an instance takes at once; until it says so, what most do. */
  callsPerConnection: number;
  gone(upstream: Http2Upstream): void;
}

/**
 * Connections of one caller to one instance. Callers do not share them: a connection's window is one for all its
 * streams, and a caller that does not read its answers would stall the others.
 */
export class Http2Pool implements PoolState {
  callsPerConnection: number = HTTP2_CALLS_USUAL;
  readonly #home: ConnectionHome;
  readonly #caller: Edge;
  readonly #clock: Clock;
  #connections: Http2Upstream[] = [];

  constructor(home: ConnectionHome, caller: Edge, clock: Clock) {
    this.#home = home;
    this.#caller = caller;
    this.#clock = clock;
  }

  get size(): number {
    return this.#connections.length;
  }

  /** One with room, made if need be; undefined when there are too many. */
  take(): Http2Upstream | undefined {
    for (const connection of this.#connections) if (connection.hasRoom) return connection;
    if (this.#connections.length >= HTTP2_CONNECTIONS_MAX) return undefined;
    const made = new Http2Upstream(this.#home, this.#caller, this.#clock, this);
    this.#connections.push(made);
    return made;
  }

  gone(upstream: Http2Upstream): void {
    this.#connections = this.#connections.filter((connection) => connection !== upstream);
  }

  tick(nowMs: number): void {
    for (const connection of this.#connections) connection.tick(nowMs);
  }

  retire(): void {
    for (const connection of this.#connections) connection.retire();
  }
}
