import { createSocket, type RemoteInfo, type Socket as UdpSocket } from "node:dgram";
import { once } from "node:events";
import type { Server, Socket } from "node:net";
import type { Clock } from "@plinth/clock";
import { messageOf } from "@plinth/fault";
import type { Log } from "@plinth/log";
import { bind, descriptorOf, type Listener } from "../listener.ts";
import type { Snapshot } from "../snapshot.ts";
import { encodeError, encodeTruncated } from "./answer.ts";
import {
  QUERY_BYTES_MAX,
  TCP_CONNECTIONS_MAX,
  TCP_CONNECTIONS_PER_CALLER_MAX,
  TCP_IDLE_MS,
} from "./limits.ts";
import type { NameCounts } from "./name-counts.ts";
import { readQuery } from "./query.ts";
import { type EgressGate, NameResolver } from "./resolver.ts";

export interface NameServerOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly counts: NameCounts;
  readonly gate: EgressGate | undefined;
}

/** Answers instances, and nobody else, on UDP and TCP (RFC 7766). */
export class NameServer implements Listener {
  readonly name: string;
  readonly #options: NameServerOptions;
  readonly #resolver: NameResolver;
  readonly #connections: Map<Socket, string> = new Map();
  #udp: UdpSocket | undefined = undefined;
  #tcp: Server | undefined = undefined;

  private constructor(name: string, snapshot: Snapshot, options: NameServerOptions) {
    this.name = name;
    this.#options = options;
    this.#resolver = new NameResolver(snapshot, options);
  }

  static async open(
    at: { readonly address: string; readonly port: number; readonly descriptor: number | undefined },
    name: string,
    snapshot: Snapshot,
    options: NameServerOptions,
  ): Promise<NameServer> {
    const server = new NameServer(name, snapshot, options);
    const failed = (error: Error): void => options.log.error("name server", { error: error.message });
    // A proxy that takes over binds beside the old one: a datagram lost between the two is asked again.
    const udp = createSocket({ type: "udp4", reusePort: true });
    try {
      udp.bind({ address: at.address, port: at.port, exclusive: true });
      await once(udp, "listening");
      server.#tcp = await bind(at, (socket) => server.#accept(socket));
    } catch (error) {
      udp.close();
      throw error;
    }
    server.#udp = udp;
    udp.on("error", failed);
    server.#tcp.on("error", failed);
    udp.on("message", (packet, from) => void server.#onDatagram(packet, from));
    return server;
  }

  get descriptor(): number {
    return descriptorOf(this.#tcp!);
  }

  update(snapshot: Snapshot): void {
    this.#resolver.update(snapshot);
  }

  async #onDatagram(packet: Buffer, from: RemoteInfo): Promise<void> {
    const answer = await this.#answer(packet, from.address, "udp");
    if (answer === undefined || this.#udp === undefined) return;
    this.#udp.send(answer, from.port, from.address, (error) => {
      if (error !== null) this.#options.log.debug("cannot answer", { error: messageOf(error) });
    });
  }

  /** Undefined: no answer at all. */
  async #answer(packet: Buffer, from: string, transport: "udp" | "tcp"): Promise<Buffer | undefined> {
    const caller = this.#resolver.caller(from);
    if (caller === undefined) {
      this.#options.counts.strangers++;
      return undefined;
    }
    if (packet.length > QUERY_BYTES_MAX) return undefined;
    const query = readQuery(packet);
    if (query === undefined) return undefined;
    if (typeof query === "number") return encodeError(packet, query);
    const answer = await this.#resolver.resolve(query, caller, transport);
    return transport === "udp" && answer.length > query.udpBytesMax ? encodeTruncated(query) : answer;
  }

  #accept(socket: Socket): void {
    const from = (socket.remoteAddress ?? "").replace(/^::ffff:/, "");
    socket.on("error", () => {}); // "close" follows
    if (this.#resolver.caller(from) === undefined) {
      this.#options.counts.strangers++;
      socket.destroy();
      return;
    }
    const own = [...this.#connections.values()].filter((address) => address === from).length;
    if (this.#connections.size >= TCP_CONNECTIONS_MAX || own >= TCP_CONNECTIONS_PER_CALLER_MAX) {
      socket.destroy();
      return;
    }
    this.#connections.set(socket, from);
    socket.on("close", () => this.#connections.delete(socket));
    socket.setTimeout(TCP_IDLE_MS, () => socket.destroy());
    this.#serve(socket, from).catch(() => socket.destroy());
  }

  /** One question after another; while one is being answered nothing more is read. */
  async #serve(socket: Socket, from: string): Promise<void> {
    let rest: Buffer = Buffer.alloc(0);
    for await (const chunk of socket as AsyncIterable<Buffer>) {
      rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      while (rest.length >= 2) {
        const length = rest.readUInt16BE(0);
        if (length > QUERY_BYTES_MAX) throw new Error("no question is that long");
        if (rest.length < 2 + length) break;
        const answer = await this.#answer(rest.subarray(2, 2 + length), from, "tcp");
        rest = rest.subarray(2 + length);
        if (answer === undefined) throw new Error("not to be answered");
        const prefix = Buffer.alloc(2);
        prefix.writeUInt16BE(answer.length);
        if (!socket.write(Buffer.concat([prefix, answer]))) await once(socket, "drain");
      }
    }
    socket.end();
  }

  close(): void {
    this.#udp?.close();
    this.#udp = undefined;
    this.#tcp?.close();
    for (const socket of this.#connections.keys()) socket.destroy();
    this.#resolver.close();
  }
}
