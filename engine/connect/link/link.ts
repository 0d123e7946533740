import { connect, type ConnectionOptions, type TLSSocket } from "node:tls";
import { Fault } from "@plinth/fault";
import type { Http2Stream, StreamHandler } from "@plinth/http2";
import { LINK_IDLE_MS, LINK_OPEN_MS, LINK_STREAMS_MAX } from "../limits.ts";
import type { Share } from "../fair/share.ts";
import type { Surroundings } from "../surroundings.ts";
import { LinkEnd, type LinkHolder } from "./link-end.ts";

/** Whoever waits for a link to come about. */
export interface LinkWaiter {
  linkReady(link: Link): void;
  linkFailed(why: string): void;
}

/** One TLS connection to another host's proxy, as one identity to one service; each stream is a connection. */
export class Link implements LinkHolder {
  /** What our side was verified by when the link was made. */
  readonly stamp: string;
  /** The other side has spoken: it takes streams. */
  ready = false;
  readonly #around: Surroundings;
  readonly #socket: TLSSocket;
  readonly #onGone: (link: Link) => void;
  readonly #waiting: Set<LinkWaiter> = new Set();
  readonly #sinceMs: number;
  #end: LinkEnd | undefined = undefined;
  #idleSinceMs: number;
  #retired = false;
  #gone = false;
  #problem = "closed";

  constructor(options: {
    readonly at: { readonly address: string; readonly port: number };
    readonly tls: ConnectionOptions;
    readonly stamp: string;
    readonly share: Share | undefined;
    readonly around: Surroundings;
    readonly onGone: (link: Link) => void;
  }) {
    const { at, tls, share, around } = options;
    this.stamp = options.stamp;
    this.#around = around;
    this.#onGone = options.onGone;
    this.#sinceMs = around.clock.monotonic();
    this.#idleSinceMs = this.#sinceMs;
    const socket = connect({ ...tls, host: at.address, port: at.port, ALPNProtocols: ["h2"] });
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on("secureConnect", () => {
      if (socket.alpnProtocol === "h2") {
        this.#end = new LinkEnd({ kind: "client", socket, share, around, holder: this });
      } else this.#fail("the peer does not speak for links");
    });
    socket.on("error", (error: NodeJS.ErrnoException) => {
      this.#problem = error instanceof Fault ? error.message : (error.code ?? error.message);
    });
    socket.on("close", () => this.#onClose());
  }

  /** By our word or the other side's, no more is to begin on it. */
  get retired(): boolean {
    return this.#retired || this.#gone || this.#end?.session.peerClosing === true;
  }

  /** True while it takes another stream. */
  get hasRoom(): boolean {
    if (this.retired) return false;
    if (!this.ready) return this.#waiting.size < LINK_STREAMS_MAX;
    return this.#end!.session.capacity > this.#waiting.size;
  }

  wait(waiter: LinkWaiter): void {
    this.#waiting.add(waiter);
  }

  stopWaiting(waiter: LinkWaiter): void {
    this.#waiting.delete(waiter);
  }

  /** A connection to an instance (RFC 9113 §8.5); undefined when there is no room after all. */
  open(instance: string, handler: StreamHandler): Http2Stream | undefined {
    return this.#end!.session.request([":method", "CONNECT", ":authority", instance], false, handler);
  }

  linkHeard(): void {
    if (this.ready) return;
    this.ready = true; // a server's first frame is its settings (RFC 9113 §3.4)
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const waiter of waiting) waiter.linkReady(this);
    if (this.#retired) this.#end!.session.close();
  }

  onStream(): StreamHandler {
    throw new Error("a client's session has no incoming streams");
  }

  linkEnded(): void {
    this.#leave();
  }

  /** No new streams; it ends with the last of those under way. */
  retire(): void {
    if (this.#retired) return;
    this.#retired = true;
    if (this.ready) this.#end!.session.close();
    else if (this.#waiting.size === 0) this.#socket.destroy();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  tick(nowMs: number): void {
    if (!this.ready) {
      if (nowMs - this.#sinceMs >= LINK_OPEN_MS) this.#fail(`no answer within ${LINK_OPEN_MS / 1_000} s`);
      return;
    }
    const end = this.#end!;
    if (!end.tick(nowMs)) {
      this.#around.log.warn("a peer gives no sign of life", { peer: this.#socket.remoteAddress });
      return;
    }
    if (end.session.streams.size > 0) this.#idleSinceMs = nowMs;
    else if (nowMs - this.#idleSinceMs >= LINK_IDLE_MS) this.retire();
  }

  #fail(problem: string): void {
    this.#problem = problem;
    this.#socket.destroy();
    this.#onClose();
  }

  #onClose(): void {
    this.#leave();
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const waiter of waiting) waiter.linkFailed(this.#problem);
  }

  #leave(): void {
    if (this.#gone) return;
    this.#gone = true;
    this.#onGone(this);
  }
}
