import type { Socket } from "node:net";
import type { Waiter } from "./callee.ts";
import type { Share } from "./fair/share.ts";
import type { InstanceEndpoint } from "./instance-endpoint.ts";
import { CONNECT_ATTEMPTS_MAX, CONNECT_TIMEOUT_MS, TUNNEL_IDLE_MS } from "./limits.ts";
import { countRefusal, type Route } from "./listener-target.ts";
import { clientAddress, type ConnectionOwner, type ServedConnection } from "./served.ts";
import { spent } from "./read-buffers.ts";
import type { Sighting } from "./seeing/sighting.ts";
import type { Surroundings } from "./surroundings.ts";
import type { ConnectionUser, UpstreamConnection } from "./upstream-connection.ts";
import { readBytes, readOn, shareOf, writeBytes } from "./wire.ts";

export interface TunnelOptions {
  readonly socket: Socket;
  readonly owner: ConnectionOwner;
  readonly around: Surroundings;
  readonly route: Route;
  /** What the client has sent already, and whether it has ended. */
  readonly first?: Buffer;
  readonly ended?: boolean;
  /** An instance that was asked whether it speaks first, and what it said. */
  readonly asked?: {
    readonly endpoint: InstanceEndpoint;
    readonly connection: UpstreamConnection;
    readonly spoken: Buffer | undefined;
  };
}

const Phase = { waiting: 0, connecting: 1, open: 2, closed: 3 } as const;

/**
 * One opaque connection to an instance: bytes both ways, with back-pressure; each direction ends by itself, so that
 * half-closing programs work. It waits for an instance as requests do. Client bytes are kept only until connected.
 */
export class Tunnel implements ServedConnection, ConnectionUser, Waiter {
  readonly share: Share | undefined;
  readonly #socket: Socket;
  readonly #owner: ConnectionOwner;
  readonly #around: Surroundings;
  readonly #route: Route;
  #phase: number = Phase.waiting;
  #first: Buffer;
  #ended: boolean;
  #endpoint: InstanceEndpoint | undefined = undefined;
  #connection: UpstreamConnection | undefined = undefined;
  #connectAttempts = 0;
  #paused = false;
  readonly #sinceMs: number;
  #connectingSinceMs = 0;
  #movedMs: number;
  #sighting: Sighting | undefined;
  #readBytes = 0;
  #writeBytes = 0;
  #error = "";

  constructor(options: TunnelOptions) {
    const { socket, owner, around, route, asked } = options;
    this.share = shareOf(socket);
    this.#socket = socket;
    this.#owner = owner;
    this.#around = around;
    this.#route = route;
    this.#first = options.first ?? nothing;
    this.#ended = options.ended ?? false;
    this.#sinceMs = around.clock.monotonic();
    this.#movedMs = around.ticker.nowMs;
    route.edge.tcpOpen++;
    route.edge.opaque.opened();
    this.#sighting = around.seeing.watched ? this.#see() : undefined;
    if (this.#first.length > 0) this.#countRead(this.#first.length);
    readBytes(socket, (chunk) => this.#onData(chunk));
    socket.on("end", () => this.#onEnd());
    socket.on("drain", () => this.#connection?.resume());
    socket.on("error", ignore); // "close" follows
    socket.on("close", (broken: boolean) => this.#onClose(broken));
    if (asked === undefined) {
      this.#choose(undefined);
      return;
    }
    this.#endpoint = asked.endpoint;
    this.#connection = asked.connection;
    asked.endpoint.countLink(route.edge);
    asked.connection.user = this;
    if (!asked.connection.connected) {
      this.#phase = Phase.connecting;
      this.#connectingSinceMs = around.ticker.nowMs;
      return;
    }
    this.#open();
    if (asked.spoken !== undefined) this.upstreamData(asked.spoken);
  }

  #see(): Sighting | undefined {
    return this.#around.seeing.begin(
      this.#route.edge,
      {
        protocol: "TCP",
        client: `${clientAddress(this.#socket)}:${this.#socket.remotePort ?? 0}`,
        method: "",
        authority: "",
        path: "",
        referer: "",
        userAgent: "",
        fromOutside: this.#owner.target.ingress,
        startedMs: this.#sinceMs,
      },
      undefined,
    );
  }

  #countRead(bytes: number): void {
    this.#readBytes += bytes;
    this.#route.edge.opaque.readBytes += bytes;
  }

  get busy(): boolean {
    return this.#phase !== Phase.closed;
  }

  #choose(avoid: InstanceEndpoint | undefined): void {
    const { callee } = this.#route;
    const nowMs = this.#around.ticker.nowMs;
    const endpoint = callee.pick(nowMs, avoid);
    if (endpoint === undefined) {
      this.#wait();
      return;
    }
    this.#phase = Phase.connecting;
    this.#connectingSinceMs = nowMs;
    this.#endpoint = endpoint;
    endpoint.begin(this.#route.edge);
    this.#connection = endpoint.connect(this, this.#route.edge);
  }

  #wait(): void {
    const { callee } = this.#route;
    const waitedMs = this.#around.clock.monotonic() - this.#sinceMs;
    if (waitedMs >= callee.holdMs) {
      this.#refuse(callee.emptyRefusal("").code);
      return;
    }
    const refusal = callee.admit(this, this.#sinceMs, this.#around.ticker.nowMs);
    if (refusal === undefined) this.#phase = Phase.waiting;
    else this.#refuse(refusal.code);
  }

  /** Without a protocol there are no words to refuse with: the client sees a reset. */
  #refuse(code: string): void {
    countRefusal(this.#owner.target, code);
    this.#error = code;
    this.#socket.resetAndDestroy();
  }

  wake(): void {
    this.#connectAttempts = 0;
    this.#choose(undefined);
  }

  #onData(chunk: Buffer): boolean {
    this.#owner.target.tcp.readBytes += chunk.length;
    this.#countRead(chunk.length);
    this.#movedMs = this.#around.ticker.nowMs;
    if (this.#phase === Phase.open) {
      if (!this.#connection!.write(chunk)) this.#paused = true;
      else if (this.#connection!.flushed) spent(chunk);
    } else {
      this.#first = this.#first.length === 0 ? chunk : Buffer.concat([this.#first, chunk]);
      this.#paused = true; // one read is kept; the rest waits in the kernel
    }
    return !this.#paused;
  }

  #resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    readOn(this.#socket);
  }

  #open(): void {
    const connection = this.#connection!;
    this.#phase = Phase.open;
    this.#sighting?.at(this.#endpoint);
    const first = this.#first;
    this.#first = nothing;
    const ready = first.length === 0 || connection.write(first);
    if (this.#ended) connection.end();
    else if (ready) this.#resume();
    else this.#paused = true;
  }

  upstreamConnected(): void {
    const nowMs = this.#around.clock.monotonic();
    this.#endpoint!.answered(nowMs - this.#connectingSinceMs, nowMs);
    this.#open();
    this.#route.callee.wakeAll();
  }

  upstreamData(chunk: Buffer): void {
    this.#movedMs = this.#around.ticker.nowMs;
    this.#owner.target.tcp.writeBytes += chunk.length;
    this.#writeBytes += chunk.length;
    this.#route.edge.opaque.writeBytes += chunk.length;
    if (!writeBytes(this.#socket, chunk)) this.#connection!.pause();
    else if (this.#socket.writableLength === 0) spent(chunk);
  }

  upstreamEnded(): void {
    this.#socket.end();
  }

  upstreamDrained(): void {
    this.#resume();
  }

  upstreamClosed(error: NodeJS.ErrnoException | undefined): void {
    this.#connection = undefined;
    if (this.#phase === Phase.connecting) {
      this.#connectFailed();
      return;
    }
    this.#leave();
    if (error === undefined) {
      this.#socket.end();
      return;
    }
    this.#error = "upstream-closed";
    this.#socket.resetAndDestroy();
  }

  #connectFailed(): void {
    const endpoint = this.#endpoint!;
    endpoint.failed(this.#around.ticker.nowMs, this.#around.random);
    this.#leave();
    this.#connectAttempts++;
    const { callee } = this.#route;
    if (this.#connectAttempts < CONNECT_ATTEMPTS_MAX && callee.endpoints.length > 1) this.#choose(endpoint);
    else this.#wait();
  }

  #onEnd(): void {
    this.#ended = true;
    if (this.#phase === Phase.open) this.#connection?.end();
  }

  #onClose(broken: boolean): void {
    if (this.#phase === Phase.waiting) this.#route.callee.stopWaiting(this);
    const connection = this.#connection;
    if (connection !== undefined && this.#phase === Phase.open && !broken) {
      // The client has ended both ways: what is still on its way to the instance may arrive.
      connection.user = undefined;
      connection.end();
    } else {
      this.#endpoint?.ejection.abandonProbe();
      if (connection?.connected === true) connection.reset();
      else connection?.discard();
    }
    this.#connection = undefined;
    this.#leave();
    this.#phase = Phase.closed;
    this.#route.edge.tcpOpen--;
    this.#route.edge.opaque.closed();
    this.#tell();
    this.#owner.connectionClosed(this);
  }

  #tell(): void {
    const sighting = this.#sighting;
    if (sighting === undefined) return;
    sighting.readBytes = this.#readBytes;
    sighting.writeBytes = this.#writeBytes;
    sighting.ended(this.#error);
  }

  #leave(): void {
    this.#endpoint?.finish();
    this.#endpoint = undefined;
  }

  tick(nowMs: number): void {
    if (this.#phase === Phase.waiting && nowMs - this.#sinceMs >= this.#route.callee.holdMs) {
      this.#route.callee.stopWaiting(this);
      this.#refuse("no-instance");
    } else if (this.#phase === Phase.connecting && nowMs - this.#connectingSinceMs >= CONNECT_TIMEOUT_MS) {
      this.#connection?.discard();
      this.#connection = undefined;
      this.#connectFailed();
    } else if (this.#phase === Phase.open && nowMs - this.#movedMs >= TUNNEL_IDLE_MS) {
      this.#socket.destroy();
    }
  }

  destroy(): void {
    this.#socket.destroy();
  }
}

const nothing: Buffer = Buffer.alloc(0);

function ignore(): void {}
