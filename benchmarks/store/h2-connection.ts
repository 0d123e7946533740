import { connect, type Socket } from "node:net";
import { HpackDecoder, HpackEncoder, PREFACE } from "@plinth/http2";

const FRAME_HEAD_BYTES = 9;
const MESSAGE_PREFIX_BYTES = 5;
const Frame = {
  data: 0,
  headers: 1,
  rstStream: 3,
  settings: 4,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
} as const;
const END_STREAM = 0x1;
const ACK = 0x1;
const END_HEADERS = 0x4;
/** What a peer takes before it has said more (RFC 9113 §6.5.2). */
const FRAME_BYTES_MAX = 16_384;
const WINDOW_BYTES_DEFAULT = 65_535;
/** An answer larger than this waits for a WINDOW_UPDATE: four of the largest measured here fit. */
const STREAM_WINDOW_BYTES = 1 << 20;
const CONNECTION_WINDOW_BYTES = 16 << 20;
const SLAB_BYTES = 256 * 1024;
const EMPTY = Buffer.alloc(0);

/** One exchange: unary calls use theirs again and again. */
export class Call {
  /** Its owner's number for it. */
  readonly slot: number;
  /** What it asks about, by number. */
  key = 0;
  streamId = 0;
  startedMs = 0;
  /** Keep the answer's message. */
  isSampled = false;
  /** Of a sampled call, or of one that gets a stream of messages: bytes so far, prefix included. */
  body: Buffer = EMPTY;
  /** Bytes of messages so far, prefixes included. */
  bytes = 0;
  /** Received and not given back yet. */
  unacknowledged = 0;
  sendWindow = 0;

  constructor(slot: number) {
    this.slot = slot;
  }
}

/** What a call sends. */
export interface Template {
  /** With gRPC's prefix. */
  readonly framed: Buffer;
  /** Makes its copy at `at` the message about a key. */
  fill(buffer: Buffer, at: number, key: number): void;
}

export interface ConnectionEvents {
  /** Calls can be made. */
  onReady(): void;
  /** A call has ended with status OK and a message; its body is there if it was sampled. */
  onAnswer(call: Call): void;
  /** One of a stream's messages, without its prefix; valid during the call. */
  onMessage(call: Call, message: Buffer): void;
  /** Whatever goes wrong ends the measurement. */
  onFailure(reason: string): void;
}

export interface ConnectionOptions {
  readonly host: string;
  readonly port: number;
  /** Every call's, as a usual client has one connection to a server but calls a method at a time here. */
  readonly path: string;
  readonly events: ConnectionEvents;
}

/**
 * An HTTP/2 client that knows as much of the protocol as gRPC servers use, and costs about a microsecond a call, so
 * that it is not what is measured. Heads are encoded once: each later one is a few indexes into the table. Answers'
 * heads are decoded when they are not indexes only; otherwise what their octets mean is remembered until the table
 * changes. Frames are written once per chunk read.
 */
export class H2Connection {
  readonly #socket: Socket;
  readonly #events: ConnectionEvents;
  readonly #decoder: HpackDecoder = new HpackDecoder({ listBytesMax: 64 * 1024, fieldsMax: 128 });
  /** Of blocks of indexes only: the gRPC status in them, or -1. Holds until the table changes. */
  readonly #known: Map<number, number> = new Map();
  readonly #calls: Map<number, Call> = new Map();
  readonly #laterHead: Buffer;
  #head: Buffer;
  /** Open streams that get any number of messages. */
  readonly #streaming: Set<number> = new Set();
  #nextStreamId = 1;
  #rest: Buffer = EMPTY;
  #slab: Buffer = Buffer.allocUnsafeSlow(SLAB_BYTES);
  #cutFrom = 0;
  #used = 0;
  #isReading = false;
  #isReady = false;
  #sendWindow = WINDOW_BYTES_DEFAULT;
  #streamSendWindow = WINDOW_BYTES_DEFAULT;
  #unacknowledged = 0;
  /** Sends that the connection's window has no room for. */
  #waiting: (() => void)[] = [];
  #isClosed = false;

  constructor({ host, port, path, events }: ConnectionOptions) {
    this.#events = events;
    const fields = [":method", "POST", ":scheme", "http", ":path", path, ":authority", `${host}:${port}`];
    fields.push("content-type", "application/grpc", "user-agent", "plinth-bench", "te", "trailers");
    const encoder = new HpackEncoder();
    const encode = (): Buffer => {
      const block = Buffer.alloc(HpackEncoder.bound(fields));
      return block.subarray(0, encoder.encode(fields, block, 0));
    };
    this.#head = encode();
    this.#laterHead = encode();
    this.#socket = connect({ host, port, noDelay: true });
    this.#socket.on("data", (chunk: Buffer) => this.#onChunk(chunk));
    this.#socket.on("error", (error) => this.#fail(error.message));
    this.#socket.on("close", () => this.#fail("the connection was closed"));
    this.#greet();
  }

  /** Begins a unary call about its key. */
  unary(call: Call, template: Template): void {
    this.#open(call);
    this.#data(call, template, true);
  }

  /** Begins a call that takes and gets streams of messages. */
  stream(call: Call): void {
    this.#open(call);
    this.#streaming.add(call.streamId);
    this.#flushUnlessReading();
  }

  /** One more message on a call begun by `stream`. */
  send(call: Call, template: Template): void {
    this.#data(call, template, false);
  }

  close(): void {
    this.#isClosed = true;
    this.#socket.destroy();
  }

  #fail(reason: string): void {
    if (this.#isClosed) return;
    this.close();
    this.#events.onFailure(reason);
  }

  #greet(): void {
    const greeting = Buffer.alloc(FRAME_HEAD_BYTES + 6 + FRAME_HEAD_BYTES + 4);
    writeHead(greeting, 0, 6, Frame.settings, 0, 0);
    greeting.writeUInt16BE(4, 9); // SETTINGS_INITIAL_WINDOW_SIZE
    greeting.writeUInt32BE(STREAM_WINDOW_BYTES, 11);
    writeHead(greeting, 15, 4, Frame.windowUpdate, 0, 0);
    greeting.writeUInt32BE(CONNECTION_WINDOW_BYTES - WINDOW_BYTES_DEFAULT, 24);
    this.#socket.write(Buffer.concat([PREFACE, greeting]));
  }

  #open(call: Call): void {
    call.streamId = this.#nextStreamId;
    call.bytes = 0;
    call.unacknowledged = 0;
    call.body = EMPTY;
    call.sendWindow = this.#streamSendWindow;
    this.#nextStreamId += 2;
    this.#calls.set(call.streamId, call);
    const head = this.#head;
    this.#head = this.#laterHead;
    const at = this.#reserve(FRAME_HEAD_BYTES + head.length);
    writeHead(this.#slab, at, head.length, Frame.headers, END_HEADERS, call.streamId);
    head.copy(this.#slab, at + FRAME_HEAD_BYTES);
  }

  #data(call: Call, template: Template, end: boolean): void {
    const { length } = template.framed;
    if (length > FRAME_BYTES_MAX || length > call.sendWindow) {
      return this.#fail(`a message of ${length} bytes is more than a frame or the stream's window takes`);
    }
    if (length > this.#sendWindow) {
      this.#waiting.push(() => this.#data(call, template, end));
      return this.#flushUnlessReading();
    }
    this.#sendWindow -= length;
    call.sendWindow -= length;
    const at = this.#reserve(FRAME_HEAD_BYTES + length);
    writeHead(this.#slab, at, length, Frame.data, end ? END_STREAM : 0, call.streamId);
    template.framed.copy(this.#slab, at + FRAME_HEAD_BYTES);
    template.fill(this.#slab, at + FRAME_HEAD_BYTES, call.key);
    this.#flushUnlessReading();
  }

  #reserve(bytes: number): number {
    if (this.#used + bytes > this.#slab.length) {
      this.#flush();
      this.#slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
      this.#cutFrom = 0;
      this.#used = 0;
    }
    const at = this.#used;
    this.#used += bytes;
    return at;
  }

  #flushUnlessReading(): void {
    if (!this.#isReading) this.#flush();
  }

  #flush(): void {
    if (this.#cutFrom === this.#used || this.#isClosed) return;
    this.#socket.write(this.#slab.subarray(this.#cutFrom, this.#used));
    this.#cutFrom = this.#used;
  }

  #onChunk(chunk: Buffer): void {
    const input = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    let at = 0;
    this.#isReading = true;
    while (at + FRAME_HEAD_BYTES <= input.length && !this.#isClosed) {
      const length = (input[at]! << 16) | (input[at + 1]! << 8) | input[at + 2]!;
      const start = at + FRAME_HEAD_BYTES;
      if (start + length > input.length) break;
      const streamId = input.readUInt32BE(at + 5) & 0x7fff_ffff;
      this.#onFrame(input[at + 3]!, input[at + 4]!, streamId, input, start, start + length);
      at = start + length;
    }
    this.#rest = at === input.length ? EMPTY : input.subarray(at);
    this.#isReading = false;
    this.#flush();
  }

  #onFrame(type: number, flags: number, streamId: number, input: Buffer, start: number, end: number): void {
    switch (type) {
      case Frame.data:
        return this.#onData(flags, streamId, input, start, end);
      case Frame.headers:
        return this.#onHeaders(flags, streamId, input, start, end);
      case Frame.settings:
        return this.#onSettings(flags, input, start, end);
      case Frame.windowUpdate:
        return this.#onWindowUpdate(streamId, input.readUInt32BE(start));
      case Frame.ping:
        return this.#onPing(flags, input, start);
      case Frame.rstStream:
        return this.#fail(`a stream was reset with code ${input.readUInt32BE(start)}`);
      case Frame.goaway:
        return this.#fail(`GOAWAY with code ${input.readUInt32BE(start + 4)}`);
      default:
        return this.#fail(`a frame of type ${type} is not expected`);
    }
  }

  #onData(flags: number, streamId: number, input: Buffer, start: number, end: number): void {
    const call = this.#calls.get(streamId);
    if (call === undefined || (flags & ~END_STREAM) !== 0) return this.#fail("DATA that was not expected");
    if ((flags & END_STREAM) !== 0) return this.#fail("an answer without trailers");
    const length = end - start;
    call.bytes += length;
    this.#unacknowledged += length;
    call.unacknowledged += length;
    if (this.#unacknowledged * 2 > CONNECTION_WINDOW_BYTES) {
      this.#windowUpdate(0, this.#unacknowledged);
      this.#unacknowledged = 0;
    }
    if (call.unacknowledged * 2 > STREAM_WINDOW_BYTES) {
      this.#windowUpdate(streamId, call.unacknowledged);
      call.unacknowledged = 0;
    }
    const isStreaming = this.#streaming.has(streamId);
    if (!call.isSampled && !isStreaming) return;
    const piece = input.subarray(start, end);
    call.body = call.body.length === 0 ? piece : Buffer.concat([call.body, piece]);
    if (isStreaming) this.#messages(call);
  }

  #messages(call: Call): void {
    const { body } = call;
    let at = 0;
    while (at + MESSAGE_PREFIX_BYTES <= body.length) {
      const next = at + MESSAGE_PREFIX_BYTES + body.readUInt32BE(at + 1);
      if (next > body.length) break;
      this.#events.onMessage(call, body.subarray(at + MESSAGE_PREFIX_BYTES, next));
      at = next;
    }
    call.body = body.subarray(at);
  }

  #windowUpdate(streamId: number, increment: number): void {
    const at = this.#reserve(FRAME_HEAD_BYTES + 4);
    writeHead(this.#slab, at, 4, Frame.windowUpdate, 0, streamId);
    this.#slab.writeUInt32BE(increment, at + FRAME_HEAD_BYTES);
  }

  #onHeaders(flags: number, streamId: number, input: Buffer, start: number, end: number): void {
    if ((flags & ~END_STREAM) !== END_HEADERS) return this.#fail("a head that is padded or continued");
    const status = this.#statusOf(input, start, end);
    if (status === undefined) return;
    if ((flags & END_STREAM) === 0) return;
    const call = this.#calls.get(streamId);
    if (call === undefined) return this.#fail("a head on a stream that was not opened");
    if (status !== 0) return this.#fail(`a call ended with gRPC status ${status}`);
    if (call.bytes < MESSAGE_PREFIX_BYTES) return this.#fail("an answer without a message");
    this.#calls.delete(streamId);
    this.#events.onAnswer(call);
  }

  /** The gRPC status in a block, -1 without; undefined where it cannot be read. */
  #statusOf(input: Buffer, start: number, end: number): number | undefined {
    // Up to four indexes of one octet each, packed into a number; 0 stands for any other block.
    let packed = 0;
    if (end - start <= 4) {
      for (let at = start; at < end; at++) {
        const octet = input[at]!;
        packed = octet < 0x80 || octet === 0xff ? NaN : packed * 256 + octet;
      }
    }
    if (packed > 0) {
      const known = this.#known.get(packed);
      if (known !== undefined) return known;
    } else this.#known.clear();
    if (!this.#decoder.decode(input, start, end)) {
      this.#fail("a head cannot be decoded");
      return undefined;
    }
    const { fields } = this.#decoder;
    const at = fields.indexOf("grpc-status");
    const status = at < 0 ? -1 : Number(fields[at + 1]);
    const message = fields.indexOf("grpc-message");
    if (status > 0 && message >= 0) {
      this.#fail(`a call ended with gRPC status ${status}: ${fields[message + 1]}`);
      return undefined;
    }
    if (packed > 0) this.#known.set(packed, status);
    return status;
  }

  #onSettings(flags: number, input: Buffer, start: number, end: number): void {
    if ((flags & ACK) !== 0) return;
    for (let at = start; at < end; at += 6) {
      const value = input.readUInt32BE(at + 2);
      const id = input.readUInt16BE(at);
      if (id === 1 && value < 4096) return this.#fail("the server's table for fields is smaller than usual");
      if (id === 4) {
        for (const call of this.#calls.values()) call.sendWindow += value - this.#streamSendWindow;
        this.#streamSendWindow = value;
      }
    }
    writeHead(this.#slab, this.#reserve(FRAME_HEAD_BYTES), 0, Frame.settings, ACK, 0);
    if (this.#isReady) return;
    this.#isReady = true;
    this.#events.onReady();
  }

  #onWindowUpdate(streamId: number, increment: number): void {
    if (streamId !== 0) {
      const call = this.#calls.get(streamId);
      if (call !== undefined) call.sendWindow += increment;
      return;
    }
    this.#sendWindow += increment;
    for (const send of this.#waiting.splice(0)) send();
  }

  #onPing(flags: number, input: Buffer, start: number): void {
    if ((flags & ACK) !== 0) return;
    const at = this.#reserve(FRAME_HEAD_BYTES + 8);
    writeHead(this.#slab, at, 8, Frame.ping, ACK, 0);
    input.copy(this.#slab, at + FRAME_HEAD_BYTES, start, start + 8);
  }
}

export function writeHead(
  buffer: Buffer,
  at: number,
  length: number,
  type: number,
  flags: number,
  streamId: number,
): void {
  buffer[at] = length >>> 16;
  buffer[at + 1] = length >>> 8;
  buffer[at + 2] = length;
  buffer[at + 3] = type;
  buffer[at + 4] = flags;
  buffer[at + 5] = streamId >>> 24;
  buffer[at + 6] = streamId >>> 16;
  buffer[at + 7] = streamId >>> 8;
  buffer[at + 8] = streamId;
}

/** A message with gRPC's prefix: not compressed, and how long. */
export function framed(message: Uint8Array): Buffer {
  const frame = Buffer.alloc(MESSAGE_PREFIX_BYTES + message.length);
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, MESSAGE_PREFIX_BYTES);
  return frame;
}

/** The message of a sampled call that has been answered; throws where it is not exactly one. */
export function messageOf({ body }: Call): Buffer {
  const length = body.readUInt32BE(1);
  if (body[0] !== 0 || body.length !== MESSAGE_PREFIX_BYTES + length) throw new Error("not one message");
  return body.subarray(MESSAGE_PREFIX_BYTES);
}
