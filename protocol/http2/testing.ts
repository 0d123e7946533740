/** A session without a socket: frames in, what its handlers heard and what it answered out. */
import { FRAME_HEAD_BYTES, PREFACE } from "./frame.ts";
import { HpackDecoder } from "./hpack/decoder.ts";
import { HpackEncoder } from "./hpack/encoder.ts";
import type { Limits } from "./limits.ts";
import { Http2Session } from "./session.ts";
import type { SessionOwner } from "./session-owner.ts";
import type { Http2Stream, StreamHandler } from "./stream.ts";

/** The bytes of one frame. */
export function frame(
  type: number,
  flags: number,
  streamId: number,
  payload: Uint8Array | string = "",
): Buffer {
  const body = typeof payload === "string" ? Buffer.from(payload.replaceAll(" ", ""), "hex") : payload;
  const head = Buffer.alloc(FRAME_HEAD_BYTES);
  head.writeUIntBE(body.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(streamId, 5);
  return Buffer.concat([head, body]);
}

/** A field block that uses no dynamic table, so that it can be sent on its own. */
export function fieldBlock(...fields: string[]): Buffer {
  const encoder = new HpackEncoder();
  encoder.resize(0);
  const output = Buffer.alloc(HpackEncoder.bound(fields));
  const end = encoder.encode(fields, output, 0);
  return output.subarray(1, end); // without the table's new size
}

export const REQUEST: readonly string[] = [
  ":method",
  "GET",
  ":scheme",
  "http",
  ":path",
  "/",
  ":authority",
  "a",
];
export const EMPTY_SETTINGS: Buffer = frame(4, 0, 0);

/** What a client sends before its first request. */
export function greeting(): Buffer {
  return Buffer.concat([PREFACE, EMPTY_SETTINGS, frame(4, 1, 0)]);
}

export interface ProbeOptions {
  /** Streams whose data nobody takes. Default: none. */
  readonly unread?: readonly number[];
  readonly kind?: "client" | "server";
  readonly limits?: Partial<Limits>;
  readonly extendedConnect?: boolean;
  /** Answers each request when it is complete. Default: yes. */
  readonly answers?: boolean;
}

/** A frame that the session has sent: "GOAWAY 1", "RST_STREAM 3 5" … */
function describe(
  bytes: Buffer,
  type: number,
  flags: number,
  streamId: number,
  decoder: HpackDecoder,
): string {
  switch (type) {
    case 0:
      return `DATA ${streamId} ${bytes.length}${flags & 1 ? " end" : ""}`;
    case 1:
      decoder.decode(bytes, 0, bytes.length);
      return `HEADERS ${streamId} ${decoder.fields.join(" ")}${flags & 1 ? " end" : ""}`;
    case 3:
      return `RST_STREAM ${streamId} ${bytes.readUInt32BE(0)}`;
    case 4:
      return flags & 1 ? "SETTINGS ack" : "SETTINGS";
    case 6:
      return `PING ${flags & 1 ? "ack " : ""}${bytes.toString("hex")}`;
    case 7:
      return `GOAWAY ${bytes.readUInt32BE(4)} last ${bytes.readUInt32BE(0)}`;
    case 8:
      return `WINDOW_UPDATE ${streamId} ${bytes.readUInt32BE(0)}`;
    default:
      return `frame ${type}`;
  }
}

export class Probe implements SessionOwner {
  readonly session: Http2Session;
  /** What handlers and owner heard; pieces of data that touch are joined. */
  readonly events: string[] = [];
  readonly streams: Http2Stream[] = [];
  /** False: the connection takes no more, until `drain`. */
  open = true;
  readonly #answers: boolean;
  readonly #unread: readonly number[];
  readonly #flushes: (() => void)[] = [];
  readonly #decoder: HpackDecoder = new HpackDecoder({ listBytesMax: 1 << 20, fieldsMax: 1000 });
  #output: Buffer = Buffer.alloc(0);

  constructor(options: ProbeOptions = {}) {
    this.#answers = options.answers !== false;
    this.#unread = options.unread ?? [];
    this.session = new Http2Session({
      kind: options.kind ?? "server",
      owner: this,
      limits: options.limits ?? {},
      extendedConnect: options.extendedConnect === true,
    });
  }

  /** Feeds bytes, in pieces of `sizes` in turn, and lets the turn end; answers what has been sent since. */
  feed(bytes: Buffer, sizes: readonly number[] = [bytes.length || 1]): string[] {
    for (let at = 0, index = 0; at < bytes.length; index++) {
      const size = sizes[index % sizes.length]!;
      this.session.receive(Buffer.from(bytes.subarray(at, at + size)));
      at += size;
    }
    return this.sent();
  }

  /** Ends the turn; answers the frames sent since the last look. */
  sent(): string[] {
    while (this.#flushes.length > 0) this.#flushes.shift()!();
    let output = this.#output;
    if (output.subarray(0, PREFACE.length).equals(PREFACE)) output = output.subarray(PREFACE.length);
    const frames: string[] = [];
    while (output.length >= FRAME_HEAD_BYTES) {
      const end = FRAME_HEAD_BYTES + output.readUIntBE(0, 3);
      if (end > output.length) break;
      const payload = output.subarray(FRAME_HEAD_BYTES, end);
      frames.push(describe(payload, output[3]!, output[4]!, output.readUInt32BE(5), this.#decoder));
      output = output.subarray(end);
    }
    this.#output = output;
    return frames;
  }

  drain(): string[] {
    this.open = true;
    this.session.drained();
    return this.sent();
  }

  write(bytes: Buffer): boolean {
    this.#output = Buffer.concat([this.#output, bytes]);
    return this.open;
  }

  schedule(flush: () => void): void {
    this.#flushes.push(flush);
  }

  onStream(stream: Http2Stream): StreamHandler {
    return this.handler(stream.id, stream);
  }

  onGoaway(lastStreamId: number, code: number): void {
    this.events.push(`goaway ${lastStreamId} ${code}`);
  }

  onCapacity(): void {}

  onEnd(code: number): void {
    this.events.push(`end ${code}`);
  }

  /** A handler that writes down what it hears. A server's answers when the request is complete. */
  handler(id: number, stream?: Http2Stream): StreamHandler {
    const { events } = this;
    if (stream !== undefined) this.streams.push(stream);
    const complete = (): void => {
      if (this.#answers) stream?.headers([":status", "200"], true);
    };
    return {
      onHeaders: (fields, endStream) => {
        events.push(`${id} headers ${fields.join(" ")}${endStream ? " end" : ""}`);
        if (endStream) complete();
      },
      onInformational: (fields) => events.push(`${id} informational ${fields.join(" ")}`),
      onData: (bytes, endStream) => {
        if (!this.#unread.includes(id)) stream?.consume(bytes.length);
        const last = events.at(-1);
        const text = bytes.toString("latin1") + (endStream ? "<end>" : "");
        if (last?.startsWith(`${id} data `)) events[events.length - 1] = last + text;
        else events.push(`${id} data ${text}`);
        if (endStream) complete();
      },
      onTrailers: (fields) => {
        events.push(`${id} trailers ${fields.join(" ")}`);
        complete();
      },
      onReset: (code, cause) => events.push(`${id} reset ${code} cause ${cause}`),
      onWritable: () => events.push(`${id} writable`),
    };
  }
}
