import type { Socket } from "node:net";
import { type Clock, systemClock } from "@plinth/clock";
import { Http2Session } from "./session.ts";
import type { SessionOptions, SessionOwner } from "./session-owner.ts";
import type { Limits } from "./limits.ts";
import type { Http2Stream, StreamHandler } from "./stream.ts";

/** How often limits per second and timeouts are looked at. */
const TICK_MS = 1_000;
/** Time for a peer to read our last words, and to close its end. */
const LINGER_MS = 2_000;

/** What happens on a connection; every one may be left out. */
export interface ConnectionEvents {
  onStream?(stream: Http2Stream): StreamHandler;
  onGoaway?(lastStreamId: number, code: number): void;
  onCapacity?(): void;
  onEnd?(code: number, reason: string): void;
}

export interface ConnectionOptions {
  readonly limits?: Partial<Limits>;
  readonly extendedConnect?: boolean;
  readonly clock?: Clock;
}

const waiting: (() => void)[] = [];
function flushAll(): void {
  // Flushing may make others flush, which then belongs to the next turn.
  const flushes = waiting.splice(0);
  for (let index = 0; index < flushes.length; index++) flushes[index]!();
}

/** Calls `flush` when all that this turn of the event loop has read is dealt with. */
export function atEndOfTurn(flush: () => void): void {
  if (waiting.push(flush) === 1) setImmediate(flushAll);
}

class SocketOwner implements SessionOwner {
  readonly #socket: Socket;
  readonly #events: ConnectionEvents;
  readonly #clock: Clock;
  #cancelTick: () => void = () => {};

  constructor(socket: Socket, events: ConnectionEvents, clock: Clock) {
    this.#socket = socket;
    this.#events = events;
    this.#clock = clock;
  }

  attach(session: Http2Session): void {
    const socket = this.#socket;
    socket.on("data", (chunk: Buffer) => session.receive(chunk));
    socket.on("drain", () => session.drained());
    socket.on("end", () => session.disconnected());
    socket.on("error", () => {});
    socket.on("close", () => {
      this.#cancelTick();
      session.disconnected();
    });
    const tick = (): void => {
      session.tick(this.#clock.monotonic());
      if (!session.ended) this.#cancelTick = this.#clock.schedule(TICK_MS, tick);
    };
    tick();
  }

  write(bytes: Buffer): boolean {
    return this.#socket.write(bytes);
  }

  schedule(flush: () => void): void {
    atEndOfTurn(flush);
  }

  onStream(stream: Http2Stream): StreamHandler {
    return this.#events.onStream!(stream);
  }

  onGoaway(lastStreamId: number, code: number): void {
    this.#events.onGoaway?.(lastStreamId, code);
  }

  onCapacity(): void {
    this.#events.onCapacity?.();
  }

  onEnd(code: number, reason: string): void {
    this.#cancelTick();
    const socket = this.#socket;
    if (!socket.destroyed) {
      socket.end();
      const cancel = this.#clock.schedule(LINGER_MS, () => socket.destroy());
      socket.once("close", cancel);
      socket.resume();
    }
    this.#events.onEnd?.(code, reason);
  }
}

function open(
  kind: SessionOptions["kind"],
  socket: Socket,
  events: ConnectionEvents,
  options: ConnectionOptions,
): Http2Session {
  const owner = new SocketOwner(socket, events, options.clock ?? systemClock);
  const session = new Http2Session({
    kind,
    owner,
    ...(options.limits === undefined ? {} : { limits: options.limits }),
    ...(options.extendedConnect === undefined ? {} : { extendedConnect: options.extendedConnect }),
  });
  if ("setNoDelay" in socket) socket.setNoDelay(true);
  owner.attach(session);
  return session;
}

/** Speaks HTTP/2 as a server on a connected socket of node:net or node:tls; `onStream` is needed. */
export function serve(
  socket: Socket,
  events: ConnectionEvents & Required<Pick<ConnectionEvents, "onStream">>,
  options: ConnectionOptions = {},
): Http2Session {
  return open("server", socket, events, options);
}

/** Speaks HTTP/2 as a client on a socket, which may still be connecting. */
export function connect(
  socket: Socket,
  events: ConnectionEvents = {},
  options: ConnectionOptions = {},
): Http2Session {
  return open("client", socket, events, options);
}
