import { FRAME_BYTES_DEFAULT, WINDOW_BYTES_DEFAULT } from "./frame.ts";
import { FrameWriter } from "./frame-writer.ts";
import { HpackEncoder } from "./hpack/encoder.ts";
import type { Http2Stream } from "./stream.ts";

/** A stream's turn: then the next stream with data has one. */
const QUANTUM_BYTES = 16 * 1024;
/** Collected before the socket is given some: as much as it takes at once without waiting. */
const COLLECTED_BYTES_MAX = 128 * 1024;

export interface SenderHome {
  /** False: no more until `drained`. */
  write(bytes: Buffer): boolean;
  /** Calls `flush` once, at the end of this turn of the event loop or later. */
  schedule(flush: () => void): void;
  /** The stream's last frame has been written. */
  streamEnded(stream: Http2Stream): void;
}

/**
 * The way out: frames are collected and written once per turn. Data of streams that cannot go at once waits in their
 * queues, and they take turns by quanta. Invariant: while the peer does not read, only small frames are collected.
 */
export class Sender {
  readonly writer: FrameWriter = new FrameWriter();
  readonly encoder: HpackEncoder = new HpackEncoder();
  /** The connection's window, and the largest frame the peer takes. */
  window: number = WINDOW_BYTES_DEFAULT;
  frameBytesMax: number = FRAME_BYTES_DEFAULT;
  blocked = false;
  /** Bytes given to the socket since the session began. */
  writtenBytes = 0;
  /** DATA frames with content, ever. */
  dataFrames = 0;
  readonly #home: SenderHome;
  readonly #streamQueueBytesMax: number;
  readonly #flush: () => void;
  #scheduled = false;
  #ready: Http2Stream[] = [];
  #readyAt = 0;

  constructor(home: SenderHome, streamQueueBytesMax: number) {
    this.#home = home;
    this.#streamQueueBytesMax = streamQueueBytesMax;
    this.#flush = () => this.flush();
  }

  /** More than `bytesMax` wait for a peer that does not read, streams' data not counted. */
  isOverfull(bytesMax: number): boolean {
    return this.blocked && this.writer.pending > bytesMax;
  }

  /** Makes sure that what has been collected will be written. */
  touch(): void {
    if (this.#scheduled || this.blocked) return;
    this.#scheduled = true;
    this.#home.schedule(this.#flush);
  }

  headers(stream: Http2Stream, fields: readonly string[], endStream: boolean): void {
    this.writer.headers(stream.id, fields, endStream, this.encoder, this.frameBytesMax);
    this.touch();
  }

  data(stream: Http2Stream, bytes: Buffer, endStream: boolean): boolean {
    const length = bytes.length;
    if (
      stream.queuedBytes === 0 &&
      !stream.ready &&
      this.#readyAt === this.#ready.length &&
      !this.blocked &&
      length <= stream.sendWindow &&
      length <= this.window &&
      length <= this.frameBytesMax &&
      this.writer.pending < COLLECTED_BYTES_MAX
    ) {
      if (length === 0 && !endStream) return true;
      this.#frame(stream, bytes, 0, length, endStream);
      this.touch();
      return true;
    }
    if (length > 0) {
      stream.queue.push(bytes);
      stream.queuedBytes += length;
    }
    if (endStream) stream.endQueued = true;
    this.enqueue(stream);
    if (stream.queuedBytes < this.#streamQueueBytesMax) return true;
    stream.wantsWritable = true;
    return false;
  }

  /** Lets a stream take turns if it has something to send and a window for it. */
  enqueue(stream: Http2Stream): void {
    if (stream.ready || (stream.queuedBytes === 0 && !stream.endQueued)) return;
    if (stream.queuedBytes > 0 && stream.sendWindow <= 0) return;
    stream.ready = true;
    this.#ready.push(stream);
    if (this.window > 0 || stream.queuedBytes === 0) this.touch();
  }

  drained(): void {
    this.blocked = false;
    this.flush();
  }

  flush(): void {
    this.#scheduled = false;
    for (;;) {
      if (this.blocked) return;
      const more = this.#pump();
      this.#writeOut();
      if (!more) return;
    }
  }

  /** Writes what has been collected even to a socket that is slow: the last words of a connection. */
  flushAll(): void {
    this.#writeOut();
  }

  #writeOut(): void {
    const { writer } = this;
    if (writer.pending === 0) return;
    this.writtenBytes += writer.pending;
    const chunks = writer.take();
    for (let index = 0; index < chunks.length; index++) {
      if (!this.#home.write(chunks[index]!)) this.blocked = true;
    }
  }

  /** Collects data of streams in turn; true if there is more than fits now. */
  #pump(): boolean {
    while (this.#readyAt < this.#ready.length) {
      if (this.writer.pending >= COLLECTED_BYTES_MAX) return true;
      const stream = this.#ready[this.#readyAt]!;
      if (this.window <= 0 && stream.queuedBytes > 0 && !stream.closed) {
        if (!this.#endsWithoutData()) return false;
        continue;
      }
      this.#readyAt++;
      if (this.#readyAt === this.#ready.length) {
        this.#ready = [];
        this.#readyAt = 0;
      } else if (this.#readyAt > 1024) {
        this.#ready.splice(0, this.#readyAt);
        this.#readyAt = 0;
      }
      stream.ready = false;
      if (!stream.closed) this.#turn(stream);
    }
    return false;
  }

  /** Without a window, streams that only have to end may still do so: brings one to the front. */
  #endsWithoutData(): boolean {
    for (let index = this.#readyAt; index < this.#ready.length; index++) {
      const stream = this.#ready[index]!;
      if (stream.queuedBytes > 0 && !stream.closed) continue;
      this.#ready[index] = this.#ready[this.#readyAt]!;
      this.#ready[this.#readyAt] = stream;
      return true;
    }
    return false;
  }

  #turn(stream: Http2Stream): void {
    let quantum = QUANTUM_BYTES;
    while (quantum > 0 && stream.queuedBytes > 0 && stream.sendWindow > 0 && this.window > 0) {
      const head = stream.queue[0]!;
      const from = stream.queueOffset;
      const length = Math.min(
        head.length - from,
        quantum,
        stream.sendWindow,
        this.window,
        this.frameBytesMax,
      );
      quantum -= length;
      stream.queuedBytes -= length;
      if (from + length === head.length) {
        stream.queue.shift();
        stream.queueOffset = 0;
      } else {
        stream.queueOffset += length;
      }
      const ends = stream.queuedBytes === 0 && stream.endQueued && stream.trailersQueued === undefined;
      this.#frame(stream, head, from, from + length, ends);
    }
    stream.stalledSinceMs = -1;
    if (stream.queuedBytes > 0) {
      this.enqueue(stream);
    } else if (stream.endQueued && !stream.localEnded) {
      if (stream.trailersQueued === undefined) {
        this.#frame(stream, EMPTY, 0, 0, true);
      } else {
        this.writer.headers(stream.id, stream.trailersQueued, true, this.encoder, this.frameBytesMax);
        this.#home.streamEnded(stream);
      }
    }
    if (stream.wantsWritable && stream.queuedBytes <= this.#streamQueueBytesMax / 2 && !stream.closed) {
      stream.wantsWritable = false;
      stream.handler?.onWritable();
    }
  }

  #frame(stream: Http2Stream, bytes: Buffer, from: number, to: number, endStream: boolean): void {
    const length = to - from;
    stream.sendWindow -= length;
    this.window -= length;
    if (length > 0) this.dataFrames++;
    this.writer.data(stream.id, bytes, from, to, endStream);
    if (endStream) this.#home.streamEnded(stream);
  }
}

const EMPTY = Buffer.alloc(0);
