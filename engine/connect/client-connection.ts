import type { Socket } from "node:net";
import { hostName, MessageDecoder, problemStatus, problemText, Token } from "@plinth/http1";
import type { Edge } from "./edge.ts";
import { Held } from "./fair/held.ts";
import type { Share } from "./fair/share.ts";
import type { Deferred } from "./fair/turns.ts";
import { Exchange } from "./exchange.ts";
import {
  DRAIN_IDLE_MS,
  HALF_CLOSED_IDLE_MS,
  HEAD_TIMEOUT_MS,
  IDLE_TIMEOUT_MS,
  LINGER_MS,
  PIPELINED_AT_ONCE,
  REQUEST_BODY_IDLE_MS,
  TUNNEL_IDLE_MS,
} from "./limits.ts";
import { countRefusal, isByHost, type Route, routeFrom, routeTo } from "./listener-target.ts";
import { encodeRefusal, type RefusalCode } from "./refusal.ts";
import { spent } from "./read-buffers.ts";
import type { Requester } from "./requester.ts";
import { originOf, joins, type RequestRewrite, requestNeedsRewrite, rewriteRequest } from "./rewrite.ts";
import type { Trace } from "./seeing/trace.ts";
import { clientAddress, type ConnectionOwner, type ServedConnection } from "./served.ts";
import type { Surroundings } from "./surroundings.ts";
import { passesUpgrade } from "./upgrade.ts";
import { readBytes, readOn, shareOf, writeBytes } from "./wire.ts";

const State = {
  /** Between requests. */
  idle: 0,
  /** Some bytes of a head have arrived. */
  head: 1,
  exchange: 2,
  tunnel: 3,
  /** Answered for the last time; what still arrives is thrown away. */
  linger: 4,
  closed: 5,
} as const;

/**
 * One client's connection: reads requests one after another, hands each to its exchange, and writes answers in
 * order. Invariants: one request at a time is under way, later ones wait unread; after a refusal that leaves
 * unread bytes the connection ends, since those bytes have no known frame. Handlers are bound once per connection.
 */
export class ClientConnection implements Requester, ServedConnection, Deferred {
  readonly share: Share | undefined;
  readonly #socket: Socket;
  readonly #owner: ConnectionOwner;
  readonly #around: Surroundings;
  readonly #decoder: MessageDecoder = new MessageDecoder({ kind: "request" });
  readonly #exchange: Exchange;
  /** The address the client dials from. */
  readonly #client: string;
  readonly #rewrite: RequestRewrite & { upgrade: boolean };
  #state: number = State.idle;
  /** When something last moved, and when the state began. */
  #movedMs: number;
  #stateMs: number;
  /** The client asked for the connection's end after the request under way. */
  #close = false;
  #paused = false;
  #ended = false;
  #reading = false;
  /** It is put off to read more of a head. */
  #isWaitingToRead = false;
  #edge: Edge | undefined = undefined;
  /** Bytes of a request that is not whole yet. */
  readonly #held: Held;

  constructor(socket: Socket, owner: ConnectionOwner, around: Surroundings) {
    this.share = shareOf(socket);
    this.#held = new Held(this.share);
    this.#socket = socket;
    this.#owner = owner;
    this.#around = around;
    this.#exchange = new Exchange(this, around);
    this.#movedMs = around.ticker.nowMs;
    this.#stateMs = this.#movedMs;
    const { target } = owner;
    this.#client = clientAddress(socket);
    this.#rewrite = {
      origin: target.ingress ? originOf(this.#client) : undefined,
      host: target.name,
      upgrade: false,
      traceLine: undefined,
      dropsTrace: "nothing",
      traceAt: 0,
    };
    readBytes(socket, (chunk) => this.#onData(chunk));
    socket.on("end", () => this.#onEnd());
    socket.on("drain", () => this.#onDrain());
    socket.on("error", ignore); // "close" follows and tells the rest
    socket.on("close", (broken) => this.#onClose(broken));
  }

  /** Goes on where it was detected what is spoken: with what the client has sent by then. */
  begin(bytes: Buffer, ended: boolean): void {
    this.#decoder.feed(bytes);
    this.#read();
    if (ended) this.#onEnd();
  }

  get busy(): boolean {
    return this.#state === State.exchange || this.#state === State.tunnel;
  }

  #enter(state: number): void {
    this.#state = state;
    this.#stateMs = this.#around.ticker.nowMs;
    this.#movedMs = this.#stateMs;
  }

  #onData(chunk: Buffer): boolean {
    this.#owner.target.tcp.readBytes += chunk.length;
    this.#movedMs = this.#around.ticker.nowMs;
    if (this.#state === State.tunnel) {
      if (!this.#exchange.tunnelWrite(chunk)) this.pauseRequest();
      else if (this.#exchange.bodyGone) spent(chunk);
    } else if (this.#state !== State.linger) {
      const isBody = this.#state === State.exchange && !this.#exchange.requestDone;
      this.#decoder.feed(chunk);
      this.#read();
      if (isBody && this.#decoder.pending === 0 && this.#exchange.bodyGone) spent(chunk);
    }
    return !this.#paused;
  }

  /** Goes through what has arrived, as far as the request under way allows. Answers made at once come back here. */
  #read(): void {
    if (this.#reading) return;
    this.#reading = true;
    this.#readOn();
    this.#reading = false;
  }

  #readOn(): void {
    const decoder = this.#decoder;
    let begun = 0;
    while (this.#state <= State.exchange) {
      if (this.#state === State.exchange) {
        if (!this.#exchange.requestDone) {
          if (this.#exchange.queued) this.pauseRequest();
          else this.#readBody();
        } else if (decoder.pending > 0) {
          this.pauseRequest(); // the next request waits its turn
        }
        if (this.busy) return;
        continue;
      }
      if (this.#socket.writableNeedDrain) {
        // A client that asks without reading its answers gets no more of them.
        this.pauseRequest();
        return;
      }
      if (begun === PIPELINED_AT_ONCE && this.share !== undefined) {
        this.pauseRequest();
        this.share.turns.defer(this.share, this);
        return;
      }
      const token = decoder.next();
      if (token === Token.head) {
        begun++;
        this.#begin();
      } else if (token === Token.fault) {
        this.#exchange.toHead = false;
        this.#refuseMalformed();
      } else {
        const trickles = this.#state === State.head;
        if (this.#state === State.idle && decoder.pending > 0) this.#enter(State.head);
        if (!this.#held.set(decoder.pending)) {
          this.#refuseEarly(
            503,
            "too-much-held",
            "too many bytes of one client's requests are not whole yet",
          );
          return;
        }
        if (this.#ended) this.#finish();
        else if (trickles && this.share !== undefined) this.#readInTurn(this.share);
        else this.resumeRequest();
        return;
      }
    }
  }

  /** A head that comes in bits: a thousand such clients would else be looked at before anybody else is. */
  #readInTurn(share: Share): void {
    this.pauseRequest();
    if (this.#isWaitingToRead) return;
    this.#isWaitingToRead = true;
    share.turns.defer(share, this);
  }

  /** After others had their turn: reads on, or goes on with requests that came in one read. */
  proceed(): number {
    if (this.#isWaitingToRead) {
      this.#isWaitingToRead = false;
      if (this.#state <= State.head) this.resumeRequest(); // an exchange says itself when it wants more
      return 1;
    }
    this.#read();
    return PIPELINED_AT_ONCE;
  }

  /** A head is there: routes it and gives it, with what came of its body, to the exchange. */
  #begin(): void {
    const decoder = this.#decoder;
    const head = decoder.head;
    const exchange = this.#exchange;
    exchange.startedMs = this.#around.clock.monotonic();
    exchange.method = head.method;
    exchange.toHead = head.method === "HEAD";
    exchange.clientMinor = head.minor;
    exchange.awaitsContinue = head.expectContinue;
    this.#close = head.close;
    this.#enter(State.exchange);

    const route = this.#route();
    if (route === undefined) return;
    const { callee } = route;
    const chosen = callee.routes?.ofHead(head);
    const edge = chosen === undefined ? route.edge : route.edge.onRoute(chosen.name);
    let bodyEnd = head.start + head.length;
    let token: number = decoder.next();
    while (token === Token.body) {
      bodyEnd = decoder.rawEnd;
      token = decoder.next();
    }
    if (token === Token.fault) {
      this.#refuseMalformed();
      return;
    }
    exchange.requestDone = token === Token.end;
    exchange.wantsUpgrade = passesUpgrade(head);
    this.#rewrite.upgrade = exchange.wantsUpgrade;
    this.#rewrite.traceLine = undefined;
    const trace = this.#around.seeing.active ? this.#see(edge) : undefined;
    exchange.firstBody = undefined;
    if (!requestNeedsRewrite(head, this.#rewrite)) {
      const whole = head.start === 0 && bodyEnd === head.buffer.length;
      exchange.firstBytes = whole ? head.buffer : head.buffer.subarray(head.start, bodyEnd);
    } else {
      exchange.firstBytes = rewriteRequest(head, bodyEnd, this.#rewrite);
      trace?.headerAt(this.#rewrite.traceAt);
      if (!joins(head, bodyEnd)) exchange.firstBody = head.buffer.subarray(head.start + head.length, bodyEnd);
    }
    if (this.#edge !== route.edge) this.#countOpen(route.edge);
    exchange.dispatch(callee, edge, chosen === undefined ? callee.policy : chosen.policy);
  }

  /** Shows the request to those who watch, and keeps its trace context. */
  #see(edge: Edge): Trace | undefined {
    const { head } = this.#decoder;
    const { seeing } = this.#around;
    const trace = seeing.tracer?.http1(head, this.#rewrite);
    if (!seeing.watched && trace === undefined) return undefined;
    const { method, startedMs, tally } = this.#exchange;
    const isLogged = seeing.accessLog !== undefined;
    const begin = {
      protocol: "HTTP/1.1",
      client: `${this.#client}:${this.#socket.remotePort ?? 0}`,
      method,
      authority: head.hostIndex < 0 ? "" : head.value(head.hostIndex),
      path: head.target,
      referer: (isLogged && head.find("referer")) || "",
      userAgent: (isLogged && head.find("user-agent")) || "",
      fromOutside: this.#owner.target.ingress,
      startedMs,
    } as const;
    tally.sighting = seeing.begin(edge, begin, trace);
    return trace;
  }

  #countOpen(edge: Edge | undefined): void {
    if (this.#edge !== undefined) this.#edge.tcpOpen--;
    this.#edge = edge;
    if (edge !== undefined) edge.tcpOpen++;
  }

  #route(): Route | undefined {
    const head = this.#decoder.head;
    const { target } = this.#owner;
    if (head.method === "TRACE") {
      // It would show a script what headers the ways to an instance add.
      this.#refuseEarly(405, "method-unsupported", "TRACE is not passed on");
      return undefined;
    }
    if (head.method === "CONNECT") {
      this.#refuseEarly(
        405,
        "connect-unsupported",
        `CONNECT ${head.target}: tunnels are not offered on ${target.name}`,
      );
      return undefined;
    }
    if (!isByHost(target)) {
      const found = routeFrom(target, this.#client);
      // It was an instance's address when it connected.
      if (found === undefined)
        this.#refuseEarly(403, "unknown-caller", `${this.#client} is no instance's address any more`);
      return found;
    }
    const name = head.hostIndex < 0 ? "" : hostName(head.value(head.hostIndex));
    const route = routeTo(target, name);
    if (route !== undefined) return route;
    const known = [...target.hosts.keys()];
    const hosts = known.length > 8 ? `${known.slice(0, 8).join(", ")} and others` : known.join(", ");
    const offered = known.length === 0 ? "it knows no hosts" : `it knows ${hosts}`;
    this.#refuseEarly(404, "unknown-host", `no service for host "${name}" on ${target.name}: ${offered}`);
    return undefined;
  }

  #readBody(): void {
    const decoder = this.#decoder;
    let from = -1;
    let to = -1;
    for (;;) {
      const token = decoder.next();
      if (token === Token.body) {
        if (from < 0) from = decoder.rawStart;
        to = decoder.rawEnd;
        continue;
      }
      if (token === Token.fault) {
        this.#bodyMalformed();
        return;
      }
      const bytes = from < 0 ? undefined : decoder.input.subarray(from, to);
      this.#exchange.sendBody(bytes, token === Token.end);
      return;
    }
  }

  /** The instance has part of this request already: it must not take it for a whole one. */
  #bodyMalformed(): void {
    const answered = this.#exchange.answerBegun;
    this.#exchange.abort();
    if (answered) this.broken();
    else this.#refuseMalformed();
  }

  #refuseMalformed(): void {
    const problem = this.#decoder.problem!;
    this.#refuseEarly(problemStatus(problem), "bad-request", `malformed request: ${problemText(problem)}`);
  }

  /** Refuses before any edge is known to count it. */
  #refuseEarly(status: number, code: RefusalCode, text: string): void {
    countRefusal(this.#owner.target, code);
    this.#close = true;
    this.refuse(status, code, text);
  }

  refuse(status: number, code: RefusalCode, text: string): void {
    if (!this.#exchange.requestDone) this.#close = true;
    const close = this.wantsClose();
    this.write(encodeRefusal(status, code, text, { toHead: this.#exchange.toHead, close }));
    this.#next(close);
  }

  answered(): void {
    this.#next(this.#exchange.closes || !this.#exchange.requestDone);
  }

  /** After an answer: the connection's end, or its next request. */
  #next(close: boolean): void {
    if (close || (this.#ended && this.#decoder.pending === 0)) {
      this.#finish();
      return;
    }
    this.#enter(State.idle);
    if (this.#decoder.pending > 0) this.#read();
    else this.resumeRequest();
  }

  /** Ends the connection so that the client gets all that was written. */
  #finish(): void {
    this.#enter(State.linger);
    this.#socket.end();
    this.resumeRequest();
  }

  #onEnd(): void {
    this.#ended = true;
    if (this.#state === State.tunnel) this.#exchange.tunnelEnd();
    else if (this.#state === State.idle) this.#finish();
    else if (this.#state === State.head || (this.#state === State.exchange && !this.#exchange.requestDone)) {
      this.#socket.destroy();
    }
  }

  #onDrain(): void {
    if (this.#exchange.active) this.#exchange.requesterDrained();
    else if (this.#state === State.idle) this.#read();
  }

  #onClose(broken: boolean): void {
    const wasTunnel = this.#state === State.tunnel;
    this.#state = State.closed;
    if (this.#exchange.active) {
      if (wasTunnel && !broken) this.#exchange.leaveTunnel();
      else this.#exchange.abort();
    }
    this.#held.set(0);
    this.#countOpen(undefined);
    this.#owner.connectionClosed(this);
  }

  /** Checks this connection's timeouts; called every tick. */
  tick(nowMs: number): void {
    const idleMs = nowMs - this.#movedMs;
    switch (this.#state) {
      case State.idle:
        if (idleMs >= (this.#owner.draining ? DRAIN_IDLE_MS : IDLE_TIMEOUT_MS)) this.#finish();
        break;
      case State.head:
        if (nowMs - this.#stateMs >= HEAD_TIMEOUT_MS) {
          this.#exchange.toHead = false;
          this.#refuseEarly(
            408,
            "request-timeout",
            `the head did not arrive within ${HEAD_TIMEOUT_MS / 1_000} s`,
          );
        }
        break;
      case State.exchange:
        this.#tickExchange(nowMs, idleMs);
        break;
      case State.tunnel:
        if (idleMs >= TUNNEL_IDLE_MS) this.#socket.destroy();
        break;
      case State.linger:
        if (nowMs - this.#stateMs >= LINGER_MS && this.#socket.writableLength === 0) this.#socket.destroy();
        else if (idleMs >= IDLE_TIMEOUT_MS) this.#socket.destroy();
        break;
      default:
    }
  }

  #tickExchange(nowMs: number, idleMs: number): void {
    const exchange = this.#exchange;
    if (exchange.tick(nowMs) || exchange.queued) return;
    if (!exchange.requestDone && !this.#paused && idleMs >= REQUEST_BODY_IDLE_MS) {
      const begun = exchange.answerBegun;
      exchange.abort();
      if (begun) this.broken();
      else {
        const seconds = REQUEST_BODY_IDLE_MS / 1_000;
        this.#refuseEarly(408, "request-timeout", `the body stopped arriving for ${seconds} s`);
      }
    } else if (idleMs >= (this.#ended ? HALF_CLOSED_IDLE_MS : exchange.idleMs)) {
      exchange.timeOut();
    }
  }

  // What the exchange asks of this connection.

  write(bytes: Buffer): boolean {
    this.#owner.target.tcp.writeBytes += bytes.length;
    return writeBytes(this.#socket, bytes);
  }

  get flushed(): boolean {
    return this.#socket.writableLength === 0;
  }

  cork(): void {
    this.#socket.cork();
  }

  uncork(): void {
    this.#socket.uncork();
  }

  pauseRequest(): void {
    this.#paused = true; // one more read may come
  }

  resumeRequest(): void {
    if (!this.#paused) return;
    this.#paused = false;
    readOn(this.#socket);
    if (this.#state === State.exchange && !this.#exchange.requestDone && this.#decoder.pending > 0)
      this.#read();
  }

  wantsClose(): boolean {
    return this.#close || this.#owner.draining;
  }

  broken(): void {
    this.#socket.destroy();
  }

  becomeTunnel(): Buffer {
    this.#enter(State.tunnel);
    this.resumeRequest();
    return this.#decoder.takeRest();
  }

  tunnelEnded(): void {
    this.#socket.end();
  }

  tunnelClosed(broken: boolean): void {
    if (broken) this.#socket.destroy();
    else this.#finish();
  }

  touch(): void {
    this.#movedMs = this.#around.ticker.nowMs;
  }

  /** Ends it now, whatever is under way. */
  destroy(): void {
    this.#socket.destroy();
  }
}

function ignore(): void {}
