import type { Server, Socket } from "node:net";
import type { Share } from "./fair/share.ts";
import { ClientConnection } from "./client-connection.ts";
import { Detection } from "./detection.ts";
import { bind, descriptorOf, type Listener } from "./listener.ts";
import { ACCEPT_UNITS } from "./limits.ts";
import { countRefusal, type ListenerTarget, type Route, routeFrom } from "./listener-target.ts";
import { encodeRefusal } from "./refusal.ts";
import { Http2Connection } from "./http2-connection.ts";
import { clientAddress, type ConnectionOwner, type ServedConnection } from "./served.ts";
import type { Surroundings } from "./surroundings.ts";
import { Tunnel } from "./tunnel.ts";
import { chargeTo } from "./wire.ts";

/** Accepts connections for one target, up to the caps. */
export class RequestListener implements Listener, ConnectionOwner {
  target: ListenerTarget;
  draining = false;
  readonly connections: Set<ServedConnection> = new Set();
  readonly #around: Surroundings;
  #server: Server | undefined = undefined;

  private constructor(target: ListenerTarget, around: Surroundings) {
    this.target = target;
    this.#around = around;
  }

  static async open(
    at: { readonly address: string; readonly port: number; readonly descriptor: number | undefined },
    target: ListenerTarget,
    around: Surroundings,
  ): Promise<RequestListener> {
    const listener = new RequestListener(target, around);
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
    const { target } = this;
    const address = clientAddress(socket);
    if (target.sources?.knows(address) === false) {
      countRefusal(target, "unknown-caller");
      socket.on("error", () => {});
      socket.destroy();
      return;
    }
    const route = routeFrom(target, address);
    const { fairness } = this.#around;
    const share = route?.edge.share ?? fairness.client(address);
    fairness.turns.charge(share, ACCEPT_UNITS);
    if (!share.connections.take(1)) {
      share.counts.refuse("connections");
      this.#refuse(socket, share);
      return;
    }
    chargeTo(socket, share);
    target.tcp.opened();
    this.connections.add(this.#serve(socket, route));
    socket.once("close", () => share.connections.add(-1));
  }

  /** In words as long as there is time for them: a flood is only reset. */
  #refuse(socket: Socket, { left, counts: { owner } }: Share): void {
    countRefusal(this.target, "too-many-connections");
    socket.on("error", () => {});
    if (left <= 0) {
      socket.resetAndDestroy();
      return;
    }
    const text = `${owner.service} has too many connections open, seen on ${this.name}`;
    socket.end(encodeRefusal(503, "too-many-connections", text, { toHead: false, close: true }), () =>
      socket.destroy(),
    );
  }

  /** What is declared wins; else the connection itself tells. */
  #serve(socket: Socket, route: Route | undefined): ServedConnection {
    const around = this.#around;
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
    this.connections.delete(connection);
  }

  close(): void {
    this.draining = true;
    this.#server?.close();
    this.#server = undefined;
  }
}
