import { ErrorCode, ResetCause } from "./error-code.ts";
import type { FloodGuard } from "./flood-guard.ts";
import { End, Graves } from "./graves.ts";
import type { Limits } from "./limits.ts";
import { OpenStreams } from "./open-streams.ts";
import type { Sender } from "./sender.ts";
import type { Http2Stream, StreamHome } from "./stream.ts";

export interface TableHome {
  /** A stream has gone. */
  streamRemoved(): void;
  fail(code: number, reason: string): void;
}

/** The streams of a session: how they end, and the windows in which their data comes. */
export class StreamTable implements StreamHome {
  readonly streams: OpenStreams = new OpenStreams();
  readonly graves: Graves = new Graves();
  /** What the peer may still send on the connection. */
  receiveWindow: number;
  readonly #home: TableHome;
  readonly #isServer: boolean;
  readonly #sender: Sender;
  readonly #limits: Limits;
  readonly #guard: FloodGuard;
  #consumed = 0;

  constructor(home: TableHome, isServer: boolean, sender: Sender, limits: Limits, guard: FloodGuard) {
    this.#home = home;
    this.#isServer = isServer;
    this.#sender = sender;
    this.#limits = limits;
    this.#guard = guard;
    this.receiveWindow = limits.connectionWindowBytes;
  }

  sendHeaders(stream: Http2Stream, fields: readonly string[], endStream: boolean): void {
    this.#sender.headers(stream, fields, endStream);
    const informational = this.#isServer && !stream.headSent && fields[1]!.charCodeAt(0) === 0x31;
    if (!informational) stream.headSent = true;
    if (endStream) this.localEnd(stream);
  }

  sendData(stream: Http2Stream, bytes: Buffer, endStream: boolean): boolean {
    return this.#sender.data(stream, bytes, endStream);
  }

  sendReset(stream: Http2Stream, code: number): void {
    this.#sender.writer.rstStream(stream.id, code);
    this.#sender.touch();
    this.remove(stream, End.byUs);
  }

  giveBack(stream: Http2Stream, bytes: number): void {
    const count = bytes < stream.unconsumed ? bytes : stream.unconsumed;
    if (stream.closed || count === 0) return;
    stream.unconsumed -= count;
    this.giveBackToConnection(count);
    if (stream.remoteEnded) return;
    stream.consumed += count;
    if (stream.consumed * 2 < this.#limits.streamWindowBytes) return;
    stream.receiveWindow += stream.consumed;
    this.#sender.writer.windowUpdate(stream.id, stream.consumed);
    stream.consumed = 0;
    this.#sender.touch();
  }

  giveBackToConnection(bytes: number): void {
    this.#consumed += bytes;
    // Half of the window may never come together while slow streams hold more than that: the others go on with the rest.
    const isLittle = this.#consumed * 2 < this.#limits.connectionWindowBytes;
    if (isLittle && this.#consumed < this.receiveWindow) return;
    this.receiveWindow += this.#consumed;
    this.#sender.writer.windowUpdate(0, this.#consumed);
    this.#consumed = 0;
    this.#sender.touch();
  }

  /** Our last frame of the stream has been written. */
  localEnd(stream: Http2Stream): void {
    stream.localEnded = true;
    if (stream.remoteEnded) this.complete(stream);
  }

  /** Both directions have ended in order. */
  complete(stream: Http2Stream): void {
    if (stream.closed) return;
    this.#guard.resets.giveBack(1);
    this.remove(stream, End.inOrder);
  }

  remove(stream: Http2Stream, end: number): void {
    stream.closed = true;
    this.graves.bury(stream.id, end);
    this.streams.delete(stream.id);
    if (stream.unconsumed > 0) {
      this.giveBackToConnection(stream.unconsumed);
      stream.unconsumed = 0;
    }
    stream.queue = [];
    stream.queuedBytes = 0;
    this.#home.streamRemoved();
  }

  /** All at once, as the connection has ended. */
  drop(code: number, cause: number): void {
    const open = this.streams.all();
    this.streams.clear();
    for (const stream of open) {
      stream.closed = true;
      stream.queue = [];
      stream.queuedBytes = 0;
    }
    for (const stream of open) stream.handler?.onReset(code, cause);
  }

  /** The peer has broken a rule on one stream. It counts as a reset: a peer could live on provoking them. */
  streamError(stream: Http2Stream, code: number): void {
    if (stream.closed) return;
    this.sendReset(stream, code);
    stream.handler?.onReset(code, ResetCause.rule);
    this.countReset();
  }

  /** The same for a stream that is not, or no longer, there. */
  refuse(streamId: number, code: number): void {
    this.graves.bury(streamId, End.byUs);
    this.#sender.writer.rstStream(streamId, code);
    this.#sender.touch();
    this.countReset();
  }

  countReset(): void {
    if (!this.#guard.resets.take()) {
      this.#home.fail(ErrorCode.enhanceYourCalm, "too many streams were reset");
    }
  }
}
