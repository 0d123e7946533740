import type { TLSSocket } from "node:tls";
import type { Http2Stream, StreamHandler } from "@plinth/http2";
import type { Share } from "../fair/share.ts";
import { ACCEPT_UNITS, LINK_IDLE_MS } from "../limits.ts";
import type { LocalInstance } from "../snapshot.ts";
import type { Surroundings } from "../surroundings.ts";
import { LinkEnd, type LinkHolder } from "./link-end.ts";
import type { PeerTraffic } from "./peer-counts.ts";
import { type Admission, PeerStream, type PeerStreamHome, type Refusal } from "./peer-stream.ts";

/** What a link from another host needs of the listener that took it. */
export interface PeerConnectionHome {
  instance(name: string): LocalInstance | undefined;
  refused(reason: string): void;
  connectionClosed(connection: PeerConnection): void;
}

/** A link that another host has made, to one service here, by a caller whose certificate says who it is. */
export class PeerConnection implements LinkHolder, PeerStreamHome {
  readonly callerId: string;
  /** What our own side was verified by. */
  readonly stamp: string;
  readonly streams: Set<PeerStream> = new Set();
  readonly #traffic: PeerTraffic;
  readonly #share: Share;
  readonly #socket: TLSSocket;
  readonly #around: Surroundings;
  readonly #home: PeerConnectionHome;
  readonly #end: LinkEnd;
  #idleSinceMs: number;

  constructor(options: {
    readonly socket: TLSSocket;
    readonly stamp: string;
    readonly traffic: PeerTraffic;
    readonly share: Share;
    readonly around: Surroundings;
    readonly home: PeerConnectionHome;
  }) {
    const { socket, around, traffic, share } = options;
    this.#share = share;
    share.connections.add(1); // its streams come on top, each with a connection to an instance
    this.callerId = traffic.callerId;
    this.stamp = options.stamp;
    this.#traffic = traffic;
    this.#socket = socket;
    this.#around = around;
    this.#home = options.home;
    this.#idleSinceMs = around.ticker.nowMs;
    this.#end = new LinkEnd({ kind: "server", socket, share, around, holder: this });
  }

  get callee(): { readonly app: string; readonly service: string } {
    return this.#traffic;
  }

  linkHeard(): void {}

  onStream(stream: Http2Stream): StreamHandler {
    // A read may hold hundreds of requests: what they cost is missing for what comes next.
    this.#around.fairness.turns.charge(this.#share, ACCEPT_UNITS);
    const made = new PeerStream(stream, this, this.#around.ticker.nowMs);
    this.streams.add(made);
    return made;
  }

  admit(fields: readonly string[]): Admission | Refusal {
    if (fields[0] !== ":method" || fields[1] !== "CONNECT") return { status: 405, reason: "not-connect" };
    const name = fields[fields.indexOf(":authority") + 1]!;
    const instance = this.#home.instance(name);
    if (instance === undefined) return { status: 503, reason: "no-instance" };
    const { app, service } = this.#traffic;
    // The certificate that the caller has checked is this service's, and what it may call hangs on that.
    if (instance.app !== app || instance.service !== service) return { status: 404, reason: "wrong-service" };
    if (!this.#share.connections.take(1)) {
      this.#share.counts.refuse("connections");
      return { status: 503, reason: "too-many-connections" };
    }
    return { name, instance, traffic: this.#traffic, share: this.#share };
  }

  refused(reason: string): void {
    this.#home.refused(reason);
  }

  closed(stream: PeerStream): void {
    this.streams.delete(stream);
  }

  linkEnded(): void {
    this.#share.connections.add(-1);
    this.#home.connectionClosed(this);
  }

  /** No new streams; it ends with the last of those under way. */
  retire(): void {
    this.#end.session.close();
  }

  tick(nowMs: number): void {
    if (!this.#end.tick(nowMs)) {
      this.#around.log.warn("a peer gives no sign of life", { peer: this.callerId });
      return;
    }
    for (const stream of this.streams) stream.tick(nowMs);
    if (this.#end.session.streams.size > 0) this.#idleSinceMs = nowMs;
    else if (nowMs - this.#idleSinceMs >= 2 * LINK_IDLE_MS) this.retire();
  }

  destroy(): void {
    this.#socket.destroy();
  }
}
