import { Fault } from "@plinth/fault";
import { checkFields } from "./hpack/encoder.ts";

/** Whoever uses a stream. After `onReset`, or the end of both directions, nothing more is called. */
export interface StreamHandler {
  /** The head of the message: name, value, name, value …, pseudo-header fields first. */
  onHeaders(fields: string[], endStream: boolean): void;
  /** A response with a status of 1xx; the real one follows. */
  onInformational(fields: string[]): void;
  /** Content; a view that is valid for good. The window it took is given back by `consume`. */
  onData(bytes: Buffer, endStream: boolean): void;
  /** The end, with fields. */
  onTrailers(fields: string[]): void;
  /** The stream has ended before its time: `code` of `ErrorCode`, `cause` of `ResetCause`. */
  onReset(code: number, cause: number): void;
  /** After `data()` has answered false: more can be given. */
  onWritable(): void;
}

/** What a stream needs of its session. */
export interface StreamHome {
  sendHeaders(stream: Http2Stream, fields: readonly string[], endStream: boolean): void;
  sendData(stream: Http2Stream, bytes: Buffer, endStream: boolean): boolean;
  sendReset(stream: Http2Stream, code: number): void;
  giveBack(stream: Http2Stream, bytes: number): void;
}

/** One exchange. Its methods do nothing once it is closed. All fields but the handler belong to the session. */
export class Http2Stream {
  readonly id: number;
  handler: StreamHandler | undefined = undefined;
  readonly #home: StreamHome;

  sendWindow: number;
  receiveWindow: number;
  /** Received and not consumed; consumed and not yet told to the peer. */
  unconsumed = 0;
  consumed = 0;
  localEnded = false;
  remoteEnded = false;
  closed = false;
  /** A final head has been sent; has been received. */
  headSent = false;
  headReceived = false;
  /** What Content-Length announced and how much of it has come; -1 when nothing is to be checked. */
  contentLength = -1;
  contentBytes = 0;
  toHead = false;

  /** Data that waits for a window or the connection, and what follows it. */
  queue: Buffer[] = [];
  queueOffset = 0;
  queuedBytes = 0;
  endQueued = false;
  trailersQueued: readonly string[] | undefined = undefined;
  /** It is among those that may send. */
  ready = false;
  wantsWritable = false;
  /** Looks of `tick` at it since it could last send something of its queue. */
  stalledSinceMs = -1;

  constructor(id: number, home: StreamHome, sendWindow: number, receiveWindow: number) {
    this.id = id;
    this.#home = home;
    this.sendWindow = sendWindow;
    this.receiveWindow = receiveWindow;
  }

  /** Sends the head, or a server's informational response. Throws if a field cannot be sent. */
  headers(fields: readonly string[], endStream = false): void {
    if (this.closed) return;
    if (this.localEnded || this.endQueued || this.headSent) {
      throw new Fault("invalid", `Cannot send headers on stream ${this.id}: they have been sent`);
    }
    this.#home.sendHeaders(this, fields, endStream);
  }

  /** Sends content, which stays unchanged until it is sent. False means: no more until `onWritable`. */
  data(bytes: Buffer, endStream = false): boolean {
    if (this.closed) return true;
    if (this.localEnded || this.endQueued || !this.headSent) {
      throw new Fault("invalid", `Cannot send data on stream ${this.id}: before its head or after its end`);
    }
    return this.#home.sendData(this, bytes, endStream);
  }

  /** Ends with fields; behind all data. */
  trailers(fields: readonly string[]): void {
    if (this.closed) return;
    if (this.localEnded || this.endQueued || !this.headSent) {
      throw new Fault(
        "invalid",
        `Cannot send trailers on stream ${this.id}: before its head or after its end`,
      );
    }
    if (this.queuedBytes > 0 || this.ready) {
      checkFields(fields);
      this.endQueued = true;
      this.trailersQueued = fields;
      return;
    }
    this.#home.sendHeaders(this, fields, true);
  }

  /** Ends the stream at once in both directions; the handler hears nothing more. */
  reset(code: number): void {
    if (!this.closed) this.#home.sendReset(this, code);
  }

  /** Says that so many bytes of what `onData` gave are dealt with: the peer may send as many more. */
  consume(bytes: number): void {
    if (bytes > 0) this.#home.giveBack(this, bytes);
  }
}
