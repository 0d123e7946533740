import { COMPLETE, FieldLine, MORE as NEED, WRONG } from "./field-line.ts";
import { Head } from "./head.ts";
import { HeaderKind, headerKind } from "./header-kind.ts";
import { parseHead } from "./head-parser.ts";
import { latin1 } from "./latin1.ts";
import { defaultLimits, type Limits } from "./limits.ts";
import { CR, EXTENSION, hexDigit, HTAB, LF, octets, SEMICOLON, SP } from "./octets.ts";
import type { Problem } from "./problem.ts";

/** What `next` found. */
export const Token = {
  /** Nothing until more bytes are fed. */
  more: 0,
  /** A head, in `head`. */
  head: 1,
  /** Body bytes: `rawStart..rawEnd` of `input` as framed, and in them `payloadStart..payloadEnd` of content. */
  body: 2,
  /** The message is complete; what follows is the next one. */
  end: 3,
  /** Not HTTP/1.1 as we accept it: `problem` says why. Final. */
  fault: 4,
} as const;

const State = {
  head: 0,
  length: 1,
  chunkSize: 2,
  chunkData: 3,
  chunkEnd: 4,
  trailer: 5,
  untilClose: 6,
  end: 7,
  fault: 8,
} as const;

const CHUNK_SIZE_DIGITS_MAX = 13; // 52 bits: what a double holds exactly
const EMPTY: Buffer = Buffer.alloc(0);

export interface DecoderOptions {
  readonly kind: "request" | "response";
  /** Default: `defaultLimits`. */
  readonly limits?: Limits;
}

const trailerLine = new FieldLine();

/**
 * Turns bytes into heads and body ranges, however the bytes are cut. Invariant: the sequence of tokens, joined
 * where they touch, depends on the bytes alone. Only a line that straddles two chunks is copied; the limits bound
 * that cost. Budget: under 1 µs for a usual head. Benchmark: http1.
 */
export class MessageDecoder {
  readonly head: Head;
  /** The bytes that ranges refer to; changes with `feed`. */
  input: Buffer = EMPTY;
  rawStart = 0;
  rawEnd = 0;
  payloadStart = 0;
  payloadEnd = 0;
  problem: Problem | undefined = undefined;
  /** The trailers of the message that ended last. */
  trailers: readonly (readonly [name: string, value: string])[] = [];
  /** For responses: the request was HEAD, so that no body follows. The user of the decoder sets it. */
  toHead = false;

  readonly #isRequest: boolean;
  readonly #limits: Limits;
  #position = 0;
  #state: number = State.head;
  #remaining = 0;
  #extensionBytes = 0;
  #trailerBytes = 0;
  #trailerLines: [string, string][] | undefined = undefined;

  constructor(options: DecoderOptions) {
    this.#isRequest = options.kind === "request";
    this.#limits = options.limits ?? defaultLimits;
    this.head = new Head();
  }

  /** Bytes fed and not yet part of a token. */
  get pending(): number {
    return this.input.length - this.#position;
  }

  /** True between two messages. */
  get atStart(): boolean {
    return this.#state === State.head;
  }

  /** True when the message's body ends where the connection does. */
  get untilClose(): boolean {
    return this.#state === State.untilClose;
  }

  /** Gives more bytes; the chunk is kept, not copied, until its tokens have been taken. */
  feed(chunk: Buffer): void {
    if (this.#position === this.input.length) this.input = chunk;
    else this.input = Buffer.concat([this.input.subarray(this.#position), chunk]);
    this.#position = 0;
  }

  /** What has not been parsed, for a connection that stops being HTTP; leaves the decoder empty. */
  takeRest(): Buffer {
    const rest = this.input.subarray(this.#position);
    this.input = EMPTY;
    this.#position = 0;
    return rest;
  }

  /** Tells that no more bytes come: an end for a body delimited by it, else a fault if within a message. */
  finish(): number {
    if (this.#state === State.untilClose) {
      this.#state = State.head;
      return Token.end;
    }
    if (this.#state === State.head && this.pending === 0) return Token.more;
    if (this.#state === State.end) return Token.end;
    return this.#fault("truncated");
  }

  next(): number {
    switch (this.#state) {
      case State.head:
        return this.#nextHead();
      case State.length:
      case State.chunkData:
        return this.#nextCounted();
      case State.chunkSize:
        return this.#nextChunkSize();
      case State.chunkEnd:
        return this.#nextChunkEnd();
      case State.trailer:
        return this.#nextTrailer();
      case State.untilClose:
        if (this.#position === this.input.length) return Token.more;
        return this.#body(this.input.length, this.#position, this.input.length);
      case State.end:
        this.#state = State.head;
        return Token.end;
      default:
        return Token.fault;
    }
  }

  #nextHead(): number {
    const head = this.head;
    if (this.#position === this.input.length) return Token.more;
    if (head.length !== 0 || head.problem !== undefined) head.reset();
    head.buffer = this.input;
    head.start = this.#position;
    const outcome = parseHead(head, this.#isRequest, this.input.length, this.#limits);
    if (outcome === NEED) return Token.more;
    if (outcome === WRONG) return this.#fault(head.problem!);
    this.#position += head.length;
    this.#frame(head);
    return Token.head;
  }

  /** Decides how long the body is (RFC 9112 §6.3). */
  #frame(head: Head): void {
    if (this.trailers.length > 0) this.trailers = [];
    if (
      !this.#isRequest &&
      (this.toHead || head.status < 200 || head.status === 204 || head.status === 304)
    ) {
      this.#state = State.end;
    } else if (head.chunked) {
      this.#state = State.chunkSize;
      this.#extensionBytes = 0;
      this.#trailerBytes = 0;
      this.#trailerLines = undefined;
    } else if (head.contentLength > 0) {
      this.#state = State.length;
      this.#remaining = head.contentLength;
    } else if (head.contentLength === 0 || this.#isRequest) {
      this.#state = State.end;
    } else {
      this.#state = State.untilClose;
    }
  }

  #nextCounted(): number {
    const position = this.#position;
    const available = this.input.length - position;
    if (available === 0) return Token.more;
    const taken = available < this.#remaining ? available : this.#remaining;
    this.#remaining -= taken;
    if (this.#remaining === 0) {
      this.#state = this.#state === State.length ? State.end : State.chunkEnd;
    }
    return this.#body(position + taken, position, position + taken);
  }

  #nextChunkSize(): number {
    const input = this.input;
    const limit = input.length;
    let at = this.#position;
    let size = 0;
    for (; at < limit; at++) {
      const digit = hexDigit(input[at]!);
      if (digit < 0) break;
      if (at - this.#position === CHUNK_SIZE_DIGITS_MAX) return this.#fault("chunk-size");
      size = size * 16 + digit;
    }
    if (at === limit) return Token.more;
    if (at === this.#position) return this.#fault("chunk-size");
    let extensionBytes = 0;
    if (input[at] === SEMICOLON) {
      const from = at;
      const most = this.#limits.chunkExtensionBytesMax - this.#extensionBytes;
      while (at < limit && (octets[input[at]!]! & EXTENSION) !== 0) {
        if (at - from >= most) return this.#fault("chunk-extensions-too-large");
        at++;
      }
      if (at === limit) return Token.more;
      if (input[at] !== CR && input[at] !== LF) return this.#fault("chunk-extension");
      extensionBytes = at - from;
    }
    if (input[at] === LF) return this.#fault("bare-lf");
    if (input[at] !== CR) return this.#fault("chunk-size");
    if (at + 1 === limit) return Token.more;
    if (input[at + 1] !== LF) return this.#fault("bare-cr");
    this.#extensionBytes += extensionBytes;
    this.#remaining = size;
    this.#state = size === 0 ? State.trailer : State.chunkData;
    return this.#body(at + 2, at + 2, at + 2);
  }

  #nextChunkEnd(): number {
    const at = this.#position;
    if (at === this.input.length) return Token.more;
    if (this.input[at] !== CR) return this.#fault("chunk-end");
    if (at + 1 === this.input.length) return Token.more;
    if (this.input[at + 1] !== LF) return this.#fault("chunk-end");
    this.#state = State.chunkSize;
    return this.#body(at + 2, at + 2, at + 2);
  }

  #nextTrailer(): number {
    const input = this.input;
    const at = this.#position;
    if (at === input.length) return Token.more;
    const code = input[at]!;
    if (code === CR) {
      if (at + 1 === input.length) return Token.more;
      if (input[at + 1] !== LF) return this.#fault("bare-cr");
      if (this.#trailerLines !== undefined) this.trailers = this.#trailerLines;
      this.#state = State.end;
      return this.#body(at + 2, at + 2, at + 2);
    }
    if (code === LF) return this.#fault("bare-lf");
    if (code === SP || code === HTAB) return this.#fault("header-fold");
    const lines = (this.#trailerLines ??= []);
    if (lines.length === this.#limits.trailersMax) return this.#fault("trailers-too-large");
    const bound = at + this.#limits.trailerBytesMax - this.#trailerBytes;
    const outcome = trailerLine.scan(input, at, input.length, bound);
    if (outcome === NEED) return Token.more;
    if (outcome !== COMPLETE) {
      const tooLarge = trailerLine.problem === "header-too-long";
      return this.#fault(tooLarge ? "trailers-too-large" : trailerLine.problem!);
    }
    // Framing, routing and connection headers mean something only before the body (RFC 9110 §6.5.1).
    if (headerKind(input, at, trailerLine.nameEnd - at) !== HeaderKind.other) return this.#fault("trailer");
    lines.push([
      latin1(input, at, trailerLine.nameEnd),
      latin1(input, trailerLine.valueStart, trailerLine.valueEnd),
    ]);
    this.#trailerBytes += trailerLine.next - at;
    return this.#body(trailerLine.next, trailerLine.next, trailerLine.next);
  }

  #body(rawEnd: number, payloadStart: number, payloadEnd: number): number {
    this.rawStart = this.#position;
    this.rawEnd = rawEnd;
    this.payloadStart = payloadStart;
    this.payloadEnd = payloadEnd;
    this.#position = rawEnd;
    return Token.body;
  }

  #fault(problem: Problem): number {
    this.problem = problem;
    this.#state = State.fault;
    return Token.fault;
  }
}
