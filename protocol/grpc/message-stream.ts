import { type Http2Stream, ResetCause } from "@plinth/http2";
import { encodeFramed, type Encoding, MessageReader } from "./framing.ts";
import type { Codec } from "./method.ts";
import { GrpcError, Status, statusOfReset } from "./status.ts";

/** What is wrong with a call of one message that has more. */
export function tooMany(): GrpcError {
  return new GrpcError(Status.unimplemented, "more than one message came");
}

/**
 * Messages on one stream: those that come, as an iterable for one reader, and those that go. Back-pressure: while
 * messages wait to be read, no window is given back; `send` waits while the stream takes no more.
 */
export class MessageStream<Received, Sent> implements AsyncIterable<Received> {
  stream: Http2Stream | undefined = undefined;
  readonly reader: MessageReader;
  sendEncoding: Encoding = "identity";
  readonly #receive: Codec<Received>;
  readonly #send: Codec<Sent>;
  #waiting: Buffer[] = [];
  #heldBytes = 0;
  #ended = false;
  #error: GrpcError | undefined = undefined;
  #wakeReader: (() => void) | undefined = undefined;
  #wakeWriter: (() => void) | undefined = undefined;
  #writable = true;

  constructor(receive: Codec<Received>, send: Codec<Sent>, messageBytesMax: number | undefined) {
    this.#receive = receive;
    this.#send = send;
    this.reader = new MessageReader(messageBytesMax);
  }

  /** Messages that have come and have not been taken. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Content has come; answers what is wrong with it. */
  push(bytes: Buffer): GrpcError | undefined {
    try {
      this.reader.feed(bytes);
      for (let message = this.reader.next(); message !== undefined; message = this.reader.next()) {
        this.#waiting.push(message);
      }
    } catch (error) {
      return error as GrpcError;
    }
    this.#heldBytes += bytes.length;
    if (this.#waiting.length === 0) this.#giveBack();
    else this.#wake();
    return undefined;
  }

  /** No more comes; with an error, what has not been read yet is dropped. */
  end(error?: GrpcError): void {
    if (this.#ended && error === undefined) return;
    this.#ended = true;
    this.#error ??= error;
    if (error !== undefined) this.#waiting = [];
    this.#wake();
    this.writable();
  }

  reset(code: number, cause: number): GrpcError {
    const status = statusOfReset(code, cause);
    const lost = cause === ResetCause.connection;
    const error = new GrpcError(
      status,
      lost ? "the connection was lost" : `the stream was reset with code ${code}`,
      [],
      cause === ResetCause.unprocessed,
    );
    this.end(error);
    return error;
  }

  writable(): void {
    this.#writable = true;
    this.#wakeWriter?.();
    this.#wakeWriter = undefined;
  }

  /** Whether `send` would send at once. */
  get isWritable(): boolean {
    return this.#writable;
  }

  /** Sends a message; resolves when more can be sent. */
  async send(message: Sent): Promise<void> {
    while (!this.#writable && this.#error === undefined) {
      await new Promise<void>((resolve) => (this.#wakeWriter = resolve));
    }
    this.sendNow(message);
  }

  /** Sends a message that no other follows: it may wait in the stream's queue. */
  sendNow(message: Sent): void {
    if (this.#error !== undefined) throw this.#error;
    const { stream } = this;
    if (stream === undefined || stream.closed) throw new GrpcError(Status.cancelled, "the call has ended");
    this.#writable = stream.data(encodeFramed(this.#send, message, this.sendEncoding));
  }

  async *[Symbol.asyncIterator](): AsyncIterator<Received> {
    for (;;) {
      const message = this.#waiting.shift();
      if (message !== undefined) {
        if (this.#waiting.length === 0) this.#giveBack();
        yield this.#receive.decode(message);
      } else if (this.#error !== undefined) throw this.#error;
      else if (this.#ended) return;
      else await new Promise<void>((resolve) => (this.#wakeReader = resolve));
    }
  }

  /** The only message, once its sender has ended; a call of another number of them is an error. */
  async only(): Promise<Received> {
    while (!this.#ended && this.#waiting.length <= 1) {
      await new Promise<void>((resolve) => (this.#wakeReader = resolve));
    }
    return this.takeOnly();
  }

  /** The same when the sender has ended. */
  takeOnly(): Received {
    if (this.#error !== undefined) throw this.#error;
    const count = this.#waiting.length;
    if (count > 1) throw tooMany();
    if (count === 0) throw new GrpcError(Status.unimplemented, "no message came");
    const [message] = this.#waiting;
    this.#waiting = [];
    this.#giveBack();
    return this.#receive.decode(message!);
  }

  #giveBack(): void {
    this.stream?.consume(this.#heldBytes);
    this.#heldBytes = 0;
  }

  #wake(): void {
    this.#wakeReader?.();
    this.#wakeReader = undefined;
  }
}
