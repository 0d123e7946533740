import type { Socket } from "node:net";
import {
  atEndOfTurn,
  Http2Session,
  type Http2Stream,
  type SessionOwner,
  type StreamHandler,
} from "@plinth/http2";
import type { Share } from "./fair/share.ts";
import { fieldValue } from "@plinth/grpc";
import type { Http1Bridge } from "./http1-bridge.ts";
import { Http2Exchange } from "./http2-exchange.ts";
import { IDLE_TIMEOUT_MS, LINGER_MS } from "./limits.ts";
import { isByHost, type Route, routeFrom, routeTo } from "./listener-target.ts";
import type { Edge } from "./edge.ts";
import type { Tally } from "./seeing/tally.ts";
import { clientAddress, type ConnectionOwner, type ServedConnection } from "./served.ts";
import type { Surroundings } from "./surroundings.ts";
import { readBytes, shareOf, writeBytes } from "./wire.ts";

/** One client's HTTP/2 connection: every stream is an exchange of its own. */
export class Http2Connection implements ServedConnection, SessionOwner {
  readonly exchanges: Set<Http2Exchange | Http1Bridge> = new Set();
  /** The client's address, for what ingress tells instances. */
  readonly client: string;
  readonly share: Share | undefined;
  readonly #session: Http2Session;
  readonly #socket: Socket;
  readonly #owner: ConnectionOwner;
  readonly #around: Surroundings;
  #idleSinceMs: number;

  constructor(socket: Socket, owner: ConnectionOwner, around: Surroundings) {
    this.#socket = socket;
    this.#owner = owner;
    this.#around = around;
    this.#idleSinceMs = around.ticker.nowMs;
    this.client = clientAddress(socket);
    this.share = shareOf(socket);
    this.#session = new Http2Session({ kind: "server", owner: this });
    readBytes(socket, (chunk) => {
      owner.target.tcp.readBytes += chunk.length;
      this.#session.receive(chunk);
      return true; // windows hold clients back
    });
    socket.on("drain", () => this.#session.drained());
    socket.on("end", () => this.#session.disconnected());
    socket.on("error", ignore); // "close" follows
    socket.on("close", () => this.#onClose());
  }

  /** Takes what the client has sent before it was known what it speaks. */
  begin(bytes: Buffer, ended: boolean): void {
    this.#session.receive(bytes);
    if (ended) this.#session.disconnected();
  }

  get busy(): boolean {
    return this.exchanges.size > 0;
  }

  get target(): ConnectionOwner["target"] {
    return this.#owner.target;
  }

  /** The route for a host name; on listeners within the mesh there is one for all. */
  route(host: string): Route | undefined {
    const { target } = this.#owner;
    return isByHost(target) ? routeTo(target, host) : routeFrom(target, this.client);
  }

  /**
   * Shows a request to those who watch, and keeps its trace context. Answers the fields to send on.
   */
  see(fields: string[], isGrpc: boolean, edge: Edge, startedMs: number, tally: Tally): string[] {
    const { seeing } = this.#around;
    const traced = seeing.tracer?.http2(fields, this.target.ingress);
    if (seeing.watched || traced?.trace !== undefined) {
      const isLogged = seeing.accessLog !== undefined;
      const begin = {
        protocol: isGrpc ? "gRPC" : "HTTP/2",
        client: `${this.client}:${this.#socket.remotePort ?? 0}`,
        method: fieldValue(fields, ":method") ?? "",
        authority: fieldValue(fields, ":authority") ?? fieldValue(fields, "host") ?? "",
        path: fieldValue(fields, ":path") ?? "",
        referer: (isLogged && fieldValue(fields, "referer")) || "",
        userAgent: (isLogged && fieldValue(fields, "user-agent")) || "",
        fromOutside: this.target.ingress,
        startedMs,
      } as const;
      tally.sighting = seeing.begin(edge, begin, traced?.trace);
    }
    return traced?.fields ?? fields;
  }

  write(bytes: Buffer): boolean {
    this.#owner.target.tcp.writeBytes += bytes.length;
    return writeBytes(this.#socket, bytes);
  }

  schedule(flush: () => void): void {
    atEndOfTurn(flush);
  }

  onStream(stream: Http2Stream): StreamHandler {
    const { share } = this;
    const isOverfull = share !== undefined && !share.streams.admits(1);
    if (isOverfull) share.counts.refuse("streams");
    share?.streams.add(1);
    // A read may hold hundreds of heads: what they cost is missing for what comes next.
    if (share !== undefined) this.#around.fairness.turns.charge(share, 1);
    const exchange = new Http2Exchange(stream, this, this.#around, isOverfull);
    this.exchanges.add(exchange);
    return exchange;
  }

  exchangeOver(exchange: Http2Exchange | Http1Bridge): void {
    if (this.exchanges.delete(exchange)) this.share?.streams.add(-1);
  }

  onGoaway(): void {}

  onCapacity(): void {}

  onEnd(code: number, reason: string): void {
    if (code !== 0)
      this.#around.log.debug("ends an HTTP/2 connection", { client: this.client, code, reason });
    this.#socket.end();
    this.#around.clock.schedule(LINGER_MS, () => this.#socket.destroy());
  }

  #onClose(): void {
    this.#session.disconnected();
    this.#owner.connectionClosed(this);
  }

  tick(nowMs: number): void {
    this.#session.tick(nowMs);
    for (const exchange of this.exchanges) exchange.tick(nowMs);
    if (this.busy) this.#idleSinceMs = nowMs;
    if (this.#session.closing || this.#session.ended) return;
    if (this.#owner.draining || nowMs - this.#idleSinceMs >= IDLE_TIMEOUT_MS) this.#session.close();
  }

  destroy(): void {
    this.#socket.destroy();
  }
}

function ignore(): void {}
