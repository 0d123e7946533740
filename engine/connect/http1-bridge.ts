import { MessageDecoder, Token } from "@plinth/http1";
import { ErrorCode, type Http2Stream, type StreamHandler } from "@plinth/http2";
import { Exchange } from "./exchange.ts";
import { Held } from "./fair/held.ts";
import type { Share } from "./fair/share.ts";
import type { Http2Connection } from "./http2-connection.ts";
import { refusalFields } from "./http2-refusal.ts";
import type { Callee } from "./callee.ts";
import type { Edge } from "./edge.ts";
import type { Policy } from "./policy.ts";
import { type RefusalCode, refusalBody } from "./refusal.ts";
import type { Requester } from "./requester.ts";
import type { Surroundings } from "./surroundings.ts";

/** Fields of HTTP/2 that HTTP/1 has no place for, or that are for this hop. */
const dropped = new Set(["te", "expect", "host", "connection", "transfer-encoding", "upgrade"]);
/** Fields of HTTP/1 that HTTP/2 forbids (RFC 9113 §8.2.2). */
const forbidden = new Set(["connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"]);
/** Characters a request target may have; a space or a control character would begin another request. */
const TARGET = /^[!-~]+$/;
const LAST_CHUNK: Buffer = Buffer.from("0\r\n\r\n");

/** Where a request goes, who is counted for it, and what holds for it. */
interface RoutedRequest {
  readonly callee: Callee;
  readonly edge: Edge;
  readonly policy: Policy;
}

/**
 * An HTTP/2 request for an instance that speaks HTTP/1: translated on the way there and back, and otherwise an
 * exchange like any other.
 */
export class Http1Bridge implements StreamHandler, Requester {
  readonly share: Share | undefined;
  readonly #client: Http2Stream;
  readonly #connection: Http2Connection;
  readonly #around: Surroundings;
  readonly #exchange: Exchange;
  readonly #decoder: MessageDecoder = new MessageDecoder({ kind: "response" });
  #chunked = false;
  #paused = false;
  #isOver = false;
  /** Body that came while the instance could take none; its window is not given back before. */
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  readonly #held: Held;
  #requestEnded = false;
  #movedMs: number;
  #answerEnded = false;

  constructor(client: Http2Stream, connection: Http2Connection, around: Surroundings) {
    this.share = connection.share;
    this.#held = new Held(connection.share);
    this.#client = client;
    this.#connection = connection;
    this.#around = around;
    this.#exchange = new Exchange(this, around);
    this.#movedMs = around.ticker.nowMs;
  }

  begin(asked: string[], endStream: boolean, { callee, edge, policy }: RoutedRequest): void {
    const exchange = this.#exchange;
    exchange.startedMs = this.#around.clock.monotonic();
    this.#requestEnded = endStream;
    const { seeing } = this.#around;
    const fields = seeing.active
      ? this.#connection.see(asked, false, edge, exchange.startedMs, exchange.tally)
      : asked;
    const head = this.#headOf(fields, endStream);
    if (head === undefined) {
      this.refuse(400, "bad-request", "malformed request: its path or host cannot be said in HTTP/1");
      return;
    }
    exchange.toHead = exchange.method === "HEAD";
    this.#decoder.toHead = exchange.toHead;
    exchange.requestDone = endStream;
    exchange.firstBytes = head;
    exchange.tally.sighting?.headAt(head.lastIndexOf("\r\ntraceparent: ", head.length, "latin1") + 15);
    edge.http2Requests++;
    exchange.dispatch(callee, edge, policy);
  }

  /** The request's head in HTTP/1. Cookies that were cut for compression are joined (RFC 9113 §8.2.3). */
  #headOf(fields: readonly string[], endStream: boolean): Buffer | undefined {
    let path = "";
    let host = "";
    let hasLength = false;
    const cookies: string[] = [];
    const lines: string[] = [];
    for (let index = 0; index < fields.length; index += 2) {
      const name = fields[index]!;
      const value = fields[index + 1]!;
      if (name === ":method") this.#exchange.method = value;
      else if (name === ":path") path = value;
      else if (name === ":authority" || (name === "host" && host === "")) host = value;
      else if (name === "cookie") cookies.push(value);
      else if (!name.startsWith(":") && !dropped.has(name)) {
        if (name === "content-length") hasLength = true;
        lines.push(`${name}: ${value}\r\n`);
      }
    }
    if (!TARGET.test(path) || (host !== "" && !TARGET.test(host))) return undefined;
    if (cookies.length > 0) lines.push(`cookie: ${cookies.join("; ")}\r\n`);
    this.#chunked = !endStream && !hasLength;
    if (this.#chunked) lines.push("transfer-encoding: chunked\r\n");
    const text = `${this.#exchange.method} ${path} HTTP/1.1\r\nhost: ${host}\r\n${lines.join("")}\r\n`;
    return Buffer.from(text, "latin1");
  }

  onHeaders(): void {}

  onInformational(): void {}

  onData(bytes: Buffer, endStream: boolean): void {
    this.#movedMs = this.#around.ticker.nowMs;
    this.#requestEnded = endStream;
    if (this.#isOver) {
      this.#client.consume(bytes.length);
      return;
    }
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
    this.#flush();
    this.#account();
  }

  /** What waits for either side, on the client's account; without room for it the request ends. */
  #account(): void {
    if (this.#isOver || this.#held.set(this.#waitingBytes + this.#client.queuedBytes)) return;
    const isAnswering = this.#exchange.answerBegun;
    this.#exchange.abort();
    if (isAnswering) this.broken();
    else
      this.refuse(503, "too-much-held", "too much of one client's data waits for those who do not take it");
  }

  /** Trailers of requests end here: HTTP/1 servers that read them are rare, and most count them as an error. */
  onTrailers(): void {
    this.#requestEnded = true;
    if (!this.#isOver) this.#flush();
  }

  onReset(): void {
    if (this.#isOver) return;
    this.#exchange.abort();
    this.#end();
  }

  onWritable(): void {
    if (this.#exchange.active) this.#exchange.requesterDrained();
    this.#account();
  }

  #flush(): void {
    if (this.#exchange.queued) this.#paused = true;
    if (this.#paused || this.#exchange.requestDone) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#waitingBytes = 0;
    let length = 0;
    const parts: Buffer[] = [];
    for (const bytes of waiting) {
      length += bytes.length;
      if (bytes.length === 0) continue;
      if (this.#chunked) parts.push(Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, CRLF);
      else parts.push(bytes);
    }
    if (this.#requestEnded && this.#chunked) parts.push(LAST_CHUNK);
    const body = parts.length === 0 ? undefined : parts.length === 1 ? parts[0] : Buffer.concat(parts);
    if (body !== undefined || this.#requestEnded) this.#exchange.sendBody(body, this.#requestEnded);
    this.#client.consume(length);
  }

  // What the exchange asks for.

  /** What is written may wait in the session. */
  get flushed(): boolean {
    return false;
  }

  write(bytes: Buffer): boolean {
    this.#movedMs = this.#around.ticker.nowMs;
    const decoder = this.#decoder;
    const client = this.#client;
    decoder.feed(bytes);
    let ready = true;
    for (;;) {
      const token = decoder.next();
      if (token === Token.head) {
        client.headers(this.#fieldsOf());
      } else if (token === Token.body) {
        ready = client.data(decoder.input.subarray(decoder.payloadStart, decoder.payloadEnd));
      } else if (token === Token.end) {
        if (decoder.head.status < 200) continue;
        this.#endAnswer();
        return ready;
      } else {
        return ready;
      }
    }
  }

  #fieldsOf(): string[] {
    const { head } = this.#decoder;
    const fields = [":status", String(head.status)];
    for (let index = 0; index < head.count; index += 1) {
      const name = head.name(index).toLowerCase();
      if (!forbidden.has(name)) fields.push(name, head.value(index));
    }
    return fields;
  }

  #endAnswer(): void {
    this.#answerEnded = true;
    this.#client.data(NOTHING, true);
  }

  cork(): void {}

  uncork(): void {}

  pauseRequest(): void {
    this.#paused = true;
  }

  resumeRequest(): void {
    this.#paused = false;
    if (!this.#isOver && !this.#exchange.requestDone) this.#flush();
  }

  wantsClose(): boolean {
    return false;
  }

  refuse(status: number, code: RefusalCode, text: string): void {
    const toHead = this.#exchange.method === "HEAD";
    this.#client.headers(refusalFields(status, code, text, false), toHead);
    if (!toHead) this.#client.data(refusalBody(text), true);
    this.#end();
  }

  answered(): void {
    if (!this.#answerEnded) {
      if (this.#decoder.finish() !== Token.end) {
        this.broken();
        return;
      }
      this.#endAnswer();
    }
    this.#end();
  }

  broken(): void {
    this.#client.reset(ErrorCode.internalError);
    this.#end();
  }

  becomeTunnel(): Buffer {
    throw new Error("upgrades are not asked for over HTTP/2");
  }

  tunnelEnded(): void {}

  tunnelClosed(): void {}

  touch(): void {
    this.#movedMs = this.#around.ticker.nowMs;
  }

  #end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    let length = 0;
    for (const bytes of this.#waiting.splice(0)) length += bytes.length;
    this.#client.consume(length);
    if (!this.#requestEnded) this.#client.reset(ErrorCode.noError); // the rest of its body is not needed (§8.1)
    this.#held.set(0);
    this.#connection.exchangeOver(this);
  }

  tick(nowMs: number): void {
    const exchange = this.#exchange;
    if (exchange.tick(nowMs) || exchange.queued) return;
    if (nowMs - this.#movedMs >= exchange.idleMs) exchange.timeOut();
  }
}

const CRLF: Buffer = Buffer.from("\r\n");
const NOTHING: Buffer = Buffer.alloc(0);
