import type { Socket } from "node:net";
import { readServerName } from "@plinth/tls";
import { ClientConnection } from "./client-connection.ts";
import { detect, isLikelyRequest, Spoken } from "./detect.ts";
import { Http2Connection } from "./http2-connection.ts";
import type { Share } from "./fair/share.ts";
import type { InstanceEndpoint } from "./instance-endpoint.ts";
import {
  DETECT_BYTES_MAX,
  DETECT_MS,
  DRAIN_IDLE_MS,
  HEAD_TIMEOUT_MS,
  IDLE_TIMEOUT_MS,
  SILENCE_MS,
} from "./limits.ts";
import { countRefusal, isByHost, type Route, routeFrom, routeTo } from "./listener-target.ts";
import { clientAddress, type ConnectionOwner, type ServedConnection } from "./served.ts";
import type { Surroundings } from "./surroundings.ts";
import { Tunnel } from "./tunnel.ts";
import type { ConnectionUser, UpstreamConnection } from "./upstream-connection.ts";
import { readBytes, shareOf } from "./wire.ts";

/**
 * A connection of which nobody knows yet what it speaks. Client bytes decide as soon as they can. When the client is
 * silent an instance is connected to as well, and whoever speaks first decides: so protocols whose server begins
 * work without being declared, and a browser that connects ahead of its request is not taken for one of them.
 */
export class Detection implements ServedConnection, ConnectionUser {
  readonly busy = false;
  readonly share: Share | undefined;
  readonly #socket: Socket;
  readonly #owner: ConnectionOwner;
  readonly #around: Surroundings;
  readonly #sinceMs: number;
  #bytes: Buffer = nothing;
  #ended = false;
  #endpoint: InstanceEndpoint | undefined = undefined;
  #connection: UpstreamConnection | undefined = undefined;
  #cancel: () => void;

  constructor(socket: Socket, owner: ConnectionOwner, around: Surroundings) {
    this.share = shareOf(socket);
    this.#socket = socket;
    this.#owner = owner;
    this.#around = around;
    this.#sinceMs = around.ticker.nowMs;
    this.#cancel = isByHost(owner.target)
      ? ignore
      : around.clock.schedule(SILENCE_MS, () => this.#askInstance());
    readBytes(socket, (chunk) => this.#onData(chunk));
    socket.on("end", this.#onEnd);
    socket.on("error", ignore); // "close" follows
    socket.on("close", this.#onClose);
  }

  #onData(chunk: Buffer): boolean {
    this.#owner.target.tcp.readBytes += chunk.length;
    if (this.#bytes.length === 0) {
      this.#cancel();
      this.#cancel = this.#around.clock.schedule(DETECT_MS, () => this.#timeOut());
      this.#bytes = chunk;
    } else {
      this.#bytes = Buffer.concat([this.#bytes, chunk]);
    }
    this.#look();
    return true;
  }

  #look(): void {
    const spoken = detect(this.#bytes);
    if (spoken === Spoken.undecided && this.#bytes.length < DETECT_BYTES_MAX) return;
    const byHost = isByHost(this.#owner.target);
    if (spoken === Spoken.tls && byHost) this.#lookForName();
    else if (spoken === Spoken.http2) this.#becomeHttp(Http2Connection);
    else if (spoken === Spoken.http1 || byHost) this.#becomeHttp();
    else this.#becomeTunnel(undefined);
  }

  /** Behind the ingress, the name in a TLS hello takes the place of a Host header. */
  #lookForName(): void {
    const found = readServerName(this.#bytes);
    if (found.kind === "incomplete" && this.#bytes.length < DETECT_BYTES_MAX) return;
    const { target } = this.#owner;
    const route = found.kind === "found" ? routeTo(target, found.name) : undefined;
    if (route === undefined || route.callee.protocol === "http") this.#refuse("unknown-host");
    else this.#tunnelTo(route, undefined);
  }

  #timeOut(): void {
    if (isByHost(this.#owner.target)) return; // a head that takes longer has a timeout of its own
    if (detect(this.#bytes) === Spoken.undecided && isLikelyRequest(this.#bytes)) this.#becomeHttp();
    else this.#becomeTunnel(undefined);
  }

  #refuse(code: string): void {
    countRefusal(this.#owner.target, code);
    this.#socket.resetAndDestroy();
  }

  /** Nobody has spoken: connects to an instance and listens whether it does. The timer and the tick may both ask. */
  #askInstance(): void {
    if (this.#connection !== undefined) return;
    const route = this.#route;
    const endpoint = route?.callee.pick(this.#around.ticker.nowMs, undefined);
    if (route === undefined || endpoint === undefined || this.#ended) return;
    this.#endpoint = endpoint;
    endpoint.begin();
    this.#connection = endpoint.connect(this, route.edge);
  }

  get #route(): Route | undefined {
    return routeFrom(this.#owner.target, clientAddress(this.#socket));
  }

  upstreamConnected(): void {}

  upstreamData(chunk: Buffer): void {
    this.#becomeTunnel(chunk);
  }

  /** The instance ends without a word; so may programs that only look whether a port is open. */
  upstreamEnded(): void {
    this.#becomeTunnel(undefined);
    // The tunnel has not heard the end: it came before it was there.
    this.#socket.end();
  }

  upstreamDrained(): void {}

  upstreamClosed(): void {
    this.#connection = undefined;
    this.#leave();
  }

  /** What the client has not decided is for the instance; without an end it would wait for ever. */
  readonly #onEnd = (): void => {
    this.#ended = true;
    if (this.#bytes.length === 0 && this.#connection === undefined) this.#socket.destroy();
    else if (isByHost(this.#owner.target)) this.#becomeHttp();
    else this.#becomeTunnel(undefined);
  };

  readonly #onClose = (): void => {
    this.#settle();
    this.#dropInstance();
    this.#owner.connectionClosed(this);
  };

  #becomeHttp(Connection: typeof ClientConnection | typeof Http2Connection = ClientConnection): void {
    this.#settle();
    this.#dropInstance();
    const next = new Connection(this.#socket, this.#owner, this.#around);
    this.#owner.connectionBecame(this, next);
    next.begin(this.#bytes, this.#ended);
  }

  #becomeTunnel(spoken: Buffer | undefined): void {
    const route = this.#route;
    if (route === undefined) this.#refuse("unknown-host");
    else this.#tunnelTo(route, spoken);
  }

  #tunnelTo(route: Route, spoken: Buffer | undefined): void {
    this.#settle();
    const endpoint = this.#endpoint;
    const connection = this.#connection;
    this.#endpoint = undefined;
    this.#connection = undefined;
    const next = new Tunnel({
      socket: this.#socket,
      owner: this.#owner,
      around: this.#around,
      route,
      first: this.#bytes,
      ended: this.#ended,
      ...(endpoint === undefined || connection === undefined
        ? {}
        : { asked: { endpoint, connection, spoken } }),
    });
    this.#owner.connectionBecame(this, next);
  }

  /** Takes our own ears off the socket. */
  #settle(): void {
    this.#cancel();
    this.#socket.off("end", this.#onEnd);
    this.#socket.off("close", this.#onClose);
  }

  #dropInstance(): void {
    this.#connection?.discard();
    this.#connection = undefined;
    this.#leave();
  }

  #leave(): void {
    this.#endpoint?.finish();
    this.#endpoint = undefined;
  }

  /** Of a connection without a word the instance's patience decides; without an instance, that of idle clients. */
  tick(nowMs: number): void {
    const idleMs = nowMs - this.#sinceMs;
    const { target, draining } = this.#owner;
    // It has not spoken, so nothing is lost with it; the next tick asks another.
    if (this.#endpoint?.removed === true) this.#dropInstance();
    else if (this.#connection !== undefined) {
      if (draining || idleMs >= IDLE_TIMEOUT_MS) this.#becomeTunnel(undefined);
    } else if (idleMs >= (draining ? DRAIN_IDLE_MS : isByHost(target) ? HEAD_TIMEOUT_MS : IDLE_TIMEOUT_MS)) {
      this.#socket.destroy();
    } else if (!isByHost(target) && this.#bytes.length === 0 && idleMs >= SILENCE_MS) {
      this.#askInstance(); // none was ready before
    }
  }

  destroy(): void {
    this.#socket.destroy();
  }
}

const nothing: Buffer = Buffer.alloc(0);

function ignore(): void {}
