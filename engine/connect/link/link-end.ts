import type { TLSSocket } from "node:tls";
import {
  atEndOfTurn,
  Http2Session,
  type Http2Stream,
  type Rate,
  type Rates,
  type SessionOwner,
  type StreamHandler,
} from "@plinth/http2";
import {
  LINGER_MS,
  LINK_STREAM_WINDOW_BYTES,
  LINK_STREAMS_MAX,
  LINK_WINDOW_BYTES,
  TUNNEL_IDLE_MS,
} from "../limits.ts";
import type { Share } from "../fair/share.ts";
import type { Surroundings } from "../surroundings.ts";
import { chargeTo, readBytes } from "../wire.ts";
import { Pulse } from "./pulse.ts";

/** A link carries the clients of a whole service: when many go at once, so do their streams, and data for them. */
const many: Rate = { burst: 10_000, perSecond: 2_000 };
const rates: Partial<Rates> = { resets: many, ignored: many };

/** Whoever holds an end of a link. */
export interface LinkHolder {
  /** Bytes have come from the other end. */
  linkHeard(): void;
  onStream(stream: Http2Stream): StreamHandler;
  /** No stream is open any more and none can be opened. */
  linkEnded(): void;
}

/** One end of a link: HTTP/2 on a socket that knows who is at the other end, with a pulse. */
export class LinkEnd implements SessionOwner {
  readonly session: Http2Session;
  readonly #socket: TLSSocket;
  readonly #around: Surroundings;
  readonly #holder: LinkHolder;
  readonly #pulse: Pulse;
  #flushSession: () => void = nothing;

  constructor(options: {
    readonly kind: "client" | "server";
    readonly socket: TLSSocket;
    /** On whose account its reads are. */
    readonly share: Share | undefined;
    readonly around: Surroundings;
    readonly holder: LinkHolder;
  }) {
    const { kind, socket, share, around, holder } = options;
    this.#socket = socket;
    this.#around = around;
    this.#holder = holder;
    this.session = new Http2Session({
      kind,
      owner: this,
      rates,
      limits: {
        streamsMax: LINK_STREAMS_MAX,
        streamWindowBytes: LINK_STREAM_WINDOW_BYTES,
        connectionWindowBytes: LINK_WINDOW_BYTES,
        // Streams may be unread for as long as tunnels: who is gone is noticed by PING.
        stallTimeoutMs: TUNNEL_IDLE_MS,
      },
    });
    this.#pulse = new Pulse(around.ticker.nowMs, () => this.session.ping());
    chargeTo(socket, share);
    readBytes(socket, (chunk) => this.#onData(chunk));
    // What came with the handshake's last bytes.
    const early = socket.read() as Buffer | null;
    if (early !== null) setImmediate(() => this.#onData(early));
    socket.on("drain", () => {
      this.#pulse.heard(around.ticker.nowMs);
      this.#corked(() => this.session.drained());
    });
    socket.on("end", () => this.session.disconnected());
    socket.on("close", () => this.session.disconnected());
  }

  #onData(chunk: Buffer): boolean {
    this.#pulse.heard(this.#around.ticker.nowMs);
    this.session.receive(chunk);
    this.#holder.linkHeard();
    return true; // windows hold the other end back
  }

  /** False when the other end gives no sign of life: its streams have failed. */
  tick(nowMs: number): boolean {
    const { session } = this;
    session.tick(nowMs);
    if (session.ended || !this.#pulse.tick(nowMs, session.streams.size > 0)) return true;
    this.#socket.destroy();
    session.disconnected();
    return false;
  }

  write(bytes: Buffer): boolean {
    return this.#socket.write(bytes);
  }

  schedule(flush: () => void): void {
    this.#flushSession = flush;
    atEndOfTurn(this.#flush);
  }

  readonly #flush = (): void => this.#corked(this.#flushSession);

  /** Frames that are written together are encrypted together. */
  #corked(deed: () => void): void {
    this.#socket.cork();
    deed();
    this.#socket.uncork();
  }

  onStream(stream: Http2Stream): StreamHandler {
    return this.#holder.onStream(stream);
  }

  onGoaway(): void {}

  onCapacity(): void {}

  onEnd(code: number, reason: string): void {
    if (code !== 0) this.#around.log.warn("ends a link", { code, reason });
    const socket = this.#socket;
    if (!socket.destroyed) {
      socket.end();
      socket.once(
        "close",
        this.#around.clock.schedule(LINGER_MS, () => socket.destroy()),
      );
    }
    this.#holder.linkEnded();
  }
}

function nothing(): void {}
