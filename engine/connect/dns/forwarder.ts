import { randomInt } from "node:crypto";
import { createSocket } from "node:dgram";
import { connect, isIPv6 } from "node:net";
import type { Clock } from "@plinth/clock";
import { socketAddressOf } from "../snapshot.ts";
import {
  MESSAGE_BYTES_MAX,
  OUTSTANDING_MAX,
  OUTSTANDING_PER_CALLER_MAX,
  UPSTREAM_TIMEOUT_MS,
  UPSTREAMS_TRIED_MAX,
} from "./limits.ts";
import { isAnswerTo, type Query } from "./query.ts";

type Finish = (answer: Buffer | undefined) => void;

/**
 * Asks the host's resolvers. Every question has a socket of its own, so that its source port is as random as its id
 * and only the resolver asked can answer (RFC 5452 section 9).
 */
export class Forwarder {
  readonly #clock: Clock;
  readonly #ended: AbortController = new AbortController();
  readonly #outstanding: Map<string, number> = new Map();
  #total = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The answer under the query's own id; undefined when no resolver gave any, or too many questions are open. */
  async ask(
    query: Query,
    caller: string,
    upstreams: readonly string[],
    transport: "udp" | "tcp",
  ): Promise<Buffer | undefined> {
    const own = this.#outstanding.get(caller) ?? 0;
    if (own >= OUTSTANDING_PER_CALLER_MAX || this.#total >= OUTSTANDING_MAX) return undefined;
    this.#outstanding.set(caller, own + 1);
    this.#total++;
    try {
      for (const upstream of upstreams.slice(0, UPSTREAMS_TRIED_MAX)) {
        const answer = await this.#askOne(query, upstream, transport);
        if (answer === undefined) continue;
        query.packet.copy(answer, 0, 0, 2);
        return answer;
      }
      return undefined;
    } finally {
      this.#total--;
      const left = this.#outstanding.get(caller)! - 1;
      if (left === 0) this.#outstanding.delete(caller);
      else this.#outstanding.set(caller, left);
    }
  }

  /** Gives up all that is open. */
  close(): void {
    this.#ended.abort();
  }

  #askOne(query: Query, upstream: string, transport: "udp" | "tcp"): Promise<Buffer | undefined> {
    const id = randomInt(65_536);
    const packet = Buffer.from(query.packet);
    packet.writeUInt16BE(id, 0);
    const { signal } = this.#ended;
    if (signal.aborted) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      let closed = false;
      const finish: Finish = (answer) => {
        if (closed) return;
        closed = true;
        cancel();
        signal.removeEventListener("abort", giveUp);
        close();
        resolve(answer);
      };
      const giveUp = (): void => finish(undefined);
      const cancel = this.#clock.schedule(UPSTREAM_TIMEOUT_MS, giveUp);
      signal.addEventListener("abort", giveUp, { once: true });
      const isOurs = (answer: Buffer): boolean => isAnswerTo(query, id, answer);
      const start = transport === "udp" ? askByUdp : askByTcp;
      const close = start(socketAddressOf(upstream), packet, isOurs, finish);
    });
  }
}

type Ask = (
  to: { readonly address: string; readonly port: number },
  packet: Buffer,
  isOurs: (answer: Buffer) => boolean,
  finish: Finish,
) => () => void;

const askByUdp: Ask = (to, packet, isOurs, finish) => {
  const socket = createSocket(isIPv6(to.address) ? "udp6" : "udp4");
  let open = true;
  // A forged answer is passed over, not believed: the right one may still come.
  socket.on("message", (message) => {
    if (isOurs(message)) finish(message);
  });
  socket.on("error", () => finish(undefined));
  socket.connect(to.port, to.address, () => {
    if (open) socket.send(packet, (error) => error !== null && finish(undefined));
  });
  return () => {
    open = false;
    try {
      socket.close();
    } catch {
      // It never got as far as being open.
    }
  };
};

const askByTcp: Ask = (to, packet, isOurs, finish) => {
  const socket = connect({ host: to.address, port: to.port });
  let received: Buffer = Buffer.alloc(0);
  const length = Buffer.alloc(2);
  length.writeUInt16BE(packet.length);
  socket.on("connect", () => socket.write(Buffer.concat([length, packet])));
  socket.on("error", () => finish(undefined));
  socket.on("close", () => finish(undefined));
  socket.on("data", (chunk: Buffer) => {
    received = Buffer.concat([received, chunk]);
    if (received.length > MESSAGE_BYTES_MAX + 2) finish(undefined);
    if (received.length < 2 || received.length < 2 + received.readUInt16BE(0)) return;
    const answer = received.subarray(2, 2 + received.readUInt16BE(0));
    finish(isOurs(answer) ? answer : undefined);
  });
  return () => socket.destroy();
};
