import type { Server, Socket } from "node:net";
import { ClientConnection } from "./client-connection.ts";
import { Detection } from "./detection.ts";
import { bind, descriptorOf, type Listener } from "./listener.ts";
import { countRefusal, type ListenerTarget, routeFrom } from "./listener-target.ts";
import { encodeRefusal } from "./refusal.ts";
import { Http2Connection } from "./http2-connection.ts";
import { clientAddress, type ConnectionOwner, type ServedConnection } from "./served.ts";
import type { Surroundings } from "./surroundings.ts";
import { Tunnel } from "./tunnel.ts";

/** Connections of the whole data plane. */
export interface ConnectionCount {
  open: number;
  readonly max: number;
  readonly perListenerMax: number;
}

/** Accepts connections for one target, up to the caps. */
export class RequestListener implements Listener, ConnectionOwner {
  target: ListenerTarget;
  draining = false;
  readonly connections: Set<ServedConnection> = new Set();
  readonly #around: Surroundings;
  readonly #count: ConnectionCount;
  #server: Server | undefined = undefined;

  private constructor(target: ListenerTarget, around: Surroundings, count: ConnectionCount) {
    this.target = target;
    this.#around = around;
    this.#count = count;
  }

  static async open(
    at: { readonly address: string; readonly port: number; readonly descriptor: number | undefined },
    target: ListenerTarget,
    around: Surroundings,
    count: ConnectionCount,
  ): Promise<RequestListener> {
    const listener = new RequestListener(target, around, count);
    listener.#server = await bind(at, (socket) => listener.#accept(socket));
    listener.#server.on("error", (error) =>
      around.log.error("listener", { at: target.name, error: error.message }),
    );
    return listener;
  }

  get name(): string {
    return this.target.name;
  }

  get descriptor(): number {
    return descriptorOf(this.#server!);
  }

  #accept(socket: Socket): void {
    if (this.target.sources?.knows(clientAddress(socket)) === false) {
      countRefusal(this.target, "unknown-caller");
      socket.on("error", () => {});
      socket.destroy();
      return;
    }
    if (this.connections.size >= this.#count.perListenerMax || this.#count.open >= this.#count.max) {
      countRefusal(this.target, "too-many-connections");
      const text = `too many connections are open on ${this.name}`;
      socket.on("error", () => {});
      socket.end(encodeRefusal(503, "too-many-connections", text, { toHead: false, close: true }), () =>
        socket.destroy(),
      );
      return;
    }
    this.#count.open++;
    this.target.tcp.opened();
    this.connections.add(this.#serve(socket));
  }

  /** What is declared wins; else the connection itself tells. */
  #serve(socket: Socket): ServedConnection {
    const around = this.#around;
    const route = routeFrom(this.target, clientAddress(socket));
    switch (route?.callee.protocol) {
      case "http":
        return new ClientConnection(socket, this, around);
      case "http2":
      case "grpc":
        return new Http2Connection(socket, this, around);
      case "tcp":
        return new Tunnel({ socket, owner: this, around, route });
      case "auto":
      case undefined:
        return new Detection(socket, this, around);
    }
  }

  connectionBecame(before: ServedConnection, after: ServedConnection): void {
    this.connections.delete(before);
    this.connections.add(after);
  }

  connectionClosed(connection: ServedConnection): void {
    this.target.tcp.closed();
    this.#count.open--;
    this.connections.delete(connection);
  }

  close(): void {
    this.draining = true;
    this.#server?.close();
    this.#server = undefined;
  }
}
