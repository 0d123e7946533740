import type { Server, Socket } from "node:net";
import { createServer as createTlsServer, type Server as TlsServer, type TLSSocket } from "node:tls";
import { HANDSHAKE_TIMEOUT_MS, HANDSHAKE_UNITS, LINKS_IN_MAX, LINKS_PER_IDENTITY_MAX } from "../limits.ts";
import type { Share } from "../fair/share.ts";
import { bind, descriptorOf, type Listener } from "../listener.ts";
import { type LocalInstance, type PeerDoor, socketName } from "../snapshot.ts";
import { clientAddress } from "../served.ts";
import type { Surroundings } from "../surroundings.ts";
import { reasonOf } from "./handshake-failure.ts";
import { Handshakes } from "./handshakes.ts";
import { PeerConnection, type PeerConnectionHome } from "./peer-connection.ts";
import type { PeerCounts } from "./peer-counts.ts";
import type { PeerIdentity, PeerSecurity } from "./peer-security.ts";

type ServiceIdentity = Extract<PeerIdentity, { kind: "service" }>;

/**
 * Takes links from other hosts: TLS 1.3 with certificates on both sides, one of ours for each service that has
 * instances here. Without any certificate every handshake is refused.
 */
export class PeerListener implements Listener, PeerConnectionHome {
  readonly name: string;
  readonly connections: Set<PeerConnection> = new Set();
  readonly #around: Surroundings;
  readonly #security: PeerSecurity;
  readonly #counts: PeerCounts;
  #door: PeerDoor;
  /** Those that have instances here, by `app.service`. */
  #services: Map<string, ServiceIdentity> = new Map();
  /** The same by the name that clients ask for; empty while there are no certificates. */
  #byName: Map<string, ServiceIdentity> = new Map();
  /** It listens nowhere: connections are handed to it, and another takes its place at every change. */
  #tls: TlsServer | undefined = undefined;
  #server: Server | undefined = undefined;
  readonly #handshakes: Handshakes = new Handshakes((socket) => this.#greet(socket));
  readonly #byIdentity: Map<string, number> = new Map();

  private constructor(door: PeerDoor, around: Surroundings, security: PeerSecurity, counts: PeerCounts) {
    this.name = socketName(door);
    this.#door = door;
    this.#around = around;
    this.#security = security;
    this.#counts = counts;
    this.update(door);
  }

  static async open(
    door: PeerDoor,
    descriptor: number | undefined,
    around: Surroundings,
    security: PeerSecurity,
    counts: PeerCounts,
  ): Promise<PeerListener> {
    const listener = new PeerListener(door, around, security, counts);
    const { address, port } = door;
    listener.#server = await bind({ address, port, descriptor }, (socket) => listener.#accept(socket));
    listener.#server.on("error", (error) =>
      around.log.error("listener", { at: listener.name, error: error.message }),
    );
    return listener;
  }

  get descriptor(): number {
    return descriptorOf(this.#server!);
  }

  /** Takes over where instances are now. */
  update(door: PeerDoor): void {
    this.#door = door;
    const services = new Map<string, ServiceIdentity>();
    for (const { app, service } of Object.values(door.instances)) {
      services.set(`${app}.${service}`, { kind: "service", app, service });
    }
    const names = [...services.keys()].toSorted().join();
    const same = names === [...this.#services.keys()].toSorted().join();
    this.#services = services;
    if (!same) this.#secure();
  }

  /** Certificates or trust have changed: links that were made by others take no new streams. */
  refresh(): void {
    this.#secure();
    for (const connection of this.connections) {
      const identity = { kind: "service", ...connection.callee } as const;
      if (connection.stamp !== this.#security.stampOf(identity)) connection.retire();
    }
  }

  #secure(): void {
    const services = [...this.#services.values()];
    const options = this.#security.listenerOptions(services);
    if (options === undefined) {
      this.#tls = undefined;
      this.#byName = new Map();
      return;
    }
    this.#byName = new Map(services.map((each) => [this.#security.serverName(each), each]));
    this.#tls = createTlsServer({
      ...options,
      ALPNProtocols: ["h2"],
      handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
    });
    this.#tls.on("secureConnection", (socket) => this.#take(socket));
    this.#tls.on("tlsClientError", (error: NodeJS.ErrnoException, socket) => {
      this.#counts.refuse(reasonOf(error, socket));
      socket.destroy();
    });
  }

  #accept(socket: Socket): void {
    socket.on("error", ignore); // "close" follows
    if (this.#tls === undefined) this.#refuse(socket, "no-certificate-of-ours");
    else if (this.connections.size >= LINKS_IN_MAX) this.#refuse(socket, "too-many-links");
    else if (!this.#handshakes.add(socket)) this.#refuse(socket, "too-many-handshakes");
  }

  #refuse(socket: Socket, reason: string): void {
    this.#counts.refuse(reason);
    socket.destroy();
  }

  /** A handshake is dear: it begins with its first bytes, when it is the turn of where they come from. */
  #greet(socket: Socket): void {
    const { clock, fairness } = this.#around;
    const share = fairness.peer(clientAddress(socket));
    const cancel = clock.schedule(HANDSHAKE_TIMEOUT_MS, () => this.#refuse(socket, "handshake-timeout"));
    socket.on("close", cancel);
    socket.once("readable", () => {
      fairness.turns.defer(share, {
        proceed: () => {
          cancel();
          if (!socket.destroyed) this.#shake(socket);
          return HANDSHAKE_UNITS;
        },
      });
    });
  }

  #shake(socket: Socket): void {
    if (this.#tls === undefined) this.#refuse(socket, "no-certificate-of-ours");
    else this.#tls.emit("connection", socket);
  }

  /** A handshake has succeeded, by OpenSSL's word; now by ours. */
  #take(socket: TLSSocket): void {
    socket.on("error", ignore);
    this.#handshakes.succeeded(socket);
    const verdict = this.#security.callerOf(socket);
    const asked = (socket as { servername?: string | false }).servername;
    const service = typeof asked === "string" ? this.#byName.get(asked) : undefined;
    const refusal = !verdict.accepted
      ? verdict.reason
      : service === undefined
        ? "unknown-name"
        : socket.alpnProtocol !== "h2"
          ? "unknown-protocol"
          : (this.#byIdentity.get(verdict.id) ?? 0) >= LINKS_PER_IDENTITY_MAX
            ? "too-many-links"
            : undefined;
    if (!verdict.accepted || service === undefined || refusal !== undefined) {
      this.#refuse(socket, refusal ?? "unknown-name");
      return;
    }
    this.#byIdentity.set(verdict.id, (this.#byIdentity.get(verdict.id) ?? 0) + 1);
    this.#counts.links.opened();
    this.connections.add(
      new PeerConnection({
        socket,
        stamp: this.#security.stampOf(service),
        traffic: this.#counts.traffic(verdict.id, service),
        share: this.#shareOf(verdict.identity),
        around: this.#around,
        home: this,
      }),
    );
  }

  /** A caller is the same workload wherever it runs; what comes from outside is on its host's account. */
  #shareOf(caller: PeerIdentity): Share {
    const { fairness } = this.#around;
    return caller.kind === "host"
      ? fairness.client(`host ${caller.name}`)
      : fairness.caller(caller.app, caller.service);
  }

  instance(name: string): LocalInstance | undefined {
    const { instances } = this.#door;
    return Object.hasOwn(instances, name) ? instances[name] : undefined;
  }

  refused(reason: string): void {
    this.#counts.refuse(reason);
  }

  connectionClosed(connection: PeerConnection): void {
    if (!this.connections.delete(connection)) return;
    this.#counts.links.closed();
    const left = this.#byIdentity.get(connection.callerId)! - 1;
    if (left === 0) this.#byIdentity.delete(connection.callerId);
    else this.#byIdentity.set(connection.callerId, left);
  }

  tick(nowMs: number): void {
    for (const connection of this.connections) connection.tick(nowMs);
  }

  /** Takes no new links, nor new streams on those there are. */
  close(): void {
    this.#server?.close();
    this.#server = undefined;
    for (const connection of this.connections) connection.retire();
  }

  destroy(): void {
    this.close();
    this.#handshakes.destroy();
    for (const connection of this.connections) connection.destroy();
  }
}

function ignore(): void {}
