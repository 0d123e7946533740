import { gunzipSync, gzipSync } from "node:zlib";
import type { Codec } from "./method.ts";
import { GrpcError, Status } from "./status.ts";

/** A message's most bytes unless told otherwise: what other implementations take. */
export const MESSAGE_BYTES_MAX: number = 4 * 1024 * 1024;
const PREFIX_BYTES = 5;
/** A message as large as a usual packet gains nothing from compression. */
const COMPRESS_BYTES_MIN = 1024;
const EMPTY: Buffer = Buffer.alloc(0);

export type Encoding = "identity" | "gzip";

/** A message from a codec with its prefix; in place where the codec leaves room. */
export function encodeFramed<Message>(codec: Codec<Message>, message: Message, encoding: Encoding): Buffer {
  if (encoding !== "identity" || codec.encodeBehind === undefined) {
    return frameMessage(codec.encode(message), encoding);
  }
  const framed = codec.encodeBehind(message, PREFIX_BYTES);
  writePrefix(framed, 0, framed.length - PREFIX_BYTES);
  return framed;
}

function writePrefix(framed: Buffer, flag: number, length: number): void {
  framed[0] = flag;
  framed[1] = length >>> 24;
  framed[2] = length >>> 16;
  framed[3] = length >>> 8;
  framed[4] = length;
}

/** A message with its prefix: compressed or not, and how long. */
export function frameMessage(message: Uint8Array, encoding: Encoding = "identity"): Buffer {
  const compressed = encoding === "gzip" && message.length >= COMPRESS_BYTES_MIN;
  const body = compressed ? gzipSync(message) : message;
  const framed = Buffer.allocUnsafe(PREFIX_BYTES + body.length);
  writePrefix(framed, compressed ? 1 : 0, body.length);
  framed.set(body, PREFIX_BYTES);
  return framed;
}

/**
 * Cuts bytes into messages, however they come. Messages within one chunk are views of it; others are gathered once
 * their length is known to be allowed.
 */
export class MessageReader {
  encoding: string = "identity";
  readonly #bytesMax: number;
  /** The prefix so far: its first octet, the length in the others, and how many of them have come. */
  #flag = 0;
  #length = 0;
  #prefixBytes = 0;
  #body: Buffer | undefined = undefined;
  #bodyBytes = 0;
  #chunk: Buffer = EMPTY;
  #at = 0;

  constructor(bytesMax: number = MESSAGE_BYTES_MAX) {
    this.#bytesMax = bytesMax;
  }

  /** True between two messages. */
  get atStart(): boolean {
    return this.#prefixBytes === 0 && this.#at === this.#chunk.length;
  }

  feed(chunk: Buffer): void {
    this.#chunk = chunk; // `next` has taken all of the last one
    this.#at = 0;
  }

  /** The next message, or undefined until more is fed. Throws GrpcError. */
  next(): Buffer | undefined {
    while (this.#prefixBytes < PREFIX_BYTES) {
      if (this.#at === this.#chunk.length) return undefined;
      const octet = this.#chunk[this.#at++]!;
      if (this.#prefixBytes++ === 0) this.#flag = octet;
      else this.#length = this.#length * 256 + octet;
    }
    const length = this.#length;
    if (length > this.#bytesMax) {
      throw new GrpcError(
        Status.resourceExhausted,
        `a message of ${length} bytes is larger than ${this.#bytesMax}`,
      );
    }
    if (this.#body === undefined) {
      const end = this.#at + length;
      if (end <= this.#chunk.length) {
        const message = this.#chunk.subarray(this.#at, end);
        this.#at = end;
        return this.#finish(message);
      }
      this.#body = Buffer.allocUnsafe(length);
      this.#bodyBytes = 0;
    }
    const taken = this.#chunk.copy(this.#body, this.#bodyBytes, this.#at);
    this.#at += taken;
    this.#bodyBytes += taken;
    if (this.#bodyBytes < length) return undefined;
    const message = this.#body;
    this.#body = undefined;
    return this.#finish(message);
  }

  #finish(message: Buffer): Buffer {
    this.#prefixBytes = 0;
    this.#length = 0;
    if (this.#flag === 0) return message;
    if (this.#flag !== 1 || this.encoding === "identity") {
      throw new GrpcError(Status.internal, "a message is compressed, but no encoding was announced");
    }
    try {
      // The limit holds for what comes out: a small message may stand for a very large one.
      return gunzipSync(message, { maxOutputLength: this.#bytesMax });
    } catch (error) {
      const tooLarge = (error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE";
      throw tooLarge
        ? new GrpcError(
            Status.resourceExhausted,
            `a message is larger than ${this.#bytesMax} bytes decompressed`,
          )
        : new GrpcError(Status.internal, "a message cannot be decompressed");
    }
  }
}
