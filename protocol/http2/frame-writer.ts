import { Flag, FRAME_HEAD_BYTES, FrameType } from "./frame.ts";
import { HpackEncoder } from "./hpack/encoder.ts";

const SLAB_BYTES = 64 * 1024;
/** Payloads from here on go as they are: beside their cost a copy's is not small any more. */
const COPY_BYTES_MAX = 16 * 1024;

/**
 * Collects frames into few buffers. They are cut from slabs that are never reused, so a socket may keep them.
 * Invariant: `pending` is what `take` will give. Benchmark: grpc.
 */
export class FrameWriter {
  /** Bytes written since the last `take`. */
  pending = 0;
  #slab: Buffer = Buffer.allocUnsafeSlow(SLAB_BYTES);
  #cutFrom = 0;
  #used = 0;
  #chunks: Buffer[] = [];

  /** What has been written, in order. */
  take(): Buffer[] {
    this.#cut();
    const chunks = this.#chunks;
    this.#chunks = [];
    this.pending = 0;
    return chunks;
  }

  bytes(bytes: Buffer): void {
    this.#reserve(bytes.length);
    this.#used += bytes.copy(this.#slab, this.#used);
    this.pending += bytes.length;
  }

  data(streamId: number, payload: Buffer, from: number, to: number, endStream: boolean): void {
    const length = to - from;
    const copied = length < COPY_BYTES_MAX;
    this.#reserve(copied ? FRAME_HEAD_BYTES + length : FRAME_HEAD_BYTES);
    this.#head(length, FrameType.data, endStream ? Flag.endStream : 0, streamId);
    if (copied) {
      if (length > 0) this.#used += payload.copy(this.#slab, this.#used, from, to);
    } else {
      this.#cut();
      this.#chunks.push(payload.subarray(from, to));
    }
    this.pending += length;
  }

  /** HEADERS and, beyond `frameBytesMax`, CONTINUATION. */
  headers(
    streamId: number,
    fields: readonly string[],
    endStream: boolean,
    encoder: HpackEncoder,
    frameBytesMax: number,
  ): void {
    this.#reserve(FRAME_HEAD_BYTES + HpackEncoder.bound(fields));
    const from = this.#used + FRAME_HEAD_BYTES;
    const to = encoder.encode(fields, this.#slab, from);
    const length = to - from;
    const endFlag = endStream ? Flag.endStream : 0;
    if (length <= frameBytesMax) {
      this.#head(length, FrameType.headers, Flag.endHeaders | endFlag, streamId);
      this.#used = to;
      this.pending += length;
      return;
    }
    const block = Buffer.from(this.#slab.subarray(from, to));
    for (let at = 0; at < length; at += frameBytesMax) {
      const end = Math.min(at + frameBytesMax, length);
      const flags = (end === length ? Flag.endHeaders : 0) | (at === 0 ? endFlag : 0);
      this.#reserve(FRAME_HEAD_BYTES + end - at);
      this.#head(end - at, at === 0 ? FrameType.headers : FrameType.continuation, flags, streamId);
      this.#used += block.copy(this.#slab, this.#used, at, end);
      this.pending += end - at;
    }
  }

  rstStream(streamId: number, code: number): void {
    this.#reserve(FRAME_HEAD_BYTES + 4);
    this.#head(4, FrameType.rstStream, 0, streamId);
    this.#word(code);
  }

  windowUpdate(streamId: number, increment: number): void {
    this.#reserve(FRAME_HEAD_BYTES + 4);
    this.#head(4, FrameType.windowUpdate, 0, streamId);
    this.#word(increment);
  }

  /** Settings as id, value, id, value … */
  settings(pairs: readonly number[]): void {
    const length = pairs.length * 3;
    this.#reserve(FRAME_HEAD_BYTES + length);
    this.#head(length, FrameType.settings, 0, 0);
    for (let index = 0; index < pairs.length; index += 2) {
      this.#used = this.#slab.writeUInt16BE(pairs[index]!, this.#used);
      this.pending += 2;
      this.#word(pairs[index + 1]!);
    }
  }

  settingsAck(): void {
    this.#reserve(FRAME_HEAD_BYTES);
    this.#head(0, FrameType.settings, Flag.ack, 0);
  }

  /** The eight octets at `from`. */
  ping(ack: boolean, octets: Buffer, from: number): void {
    this.#reserve(FRAME_HEAD_BYTES + 8);
    this.#head(8, FrameType.ping, ack ? Flag.ack : 0, 0);
    this.#used += octets.copy(this.#slab, this.#used, from, from + 8);
    this.pending += 8;
  }

  goaway(lastStreamId: number, code: number, reason: string): void {
    const text = Buffer.from(reason, "latin1");
    this.#reserve(FRAME_HEAD_BYTES + 8 + text.length);
    this.#head(8 + text.length, FrameType.goaway, 0, 0);
    this.#word(lastStreamId);
    this.#word(code);
    this.bytes(text);
  }

  #head(length: number, type: number, flags: number, streamId: number): void {
    const slab = this.#slab;
    const at = this.#used;
    slab[at] = length >>> 16;
    slab[at + 1] = length >>> 8;
    slab[at + 2] = length;
    slab[at + 3] = type;
    slab[at + 4] = flags;
    slab[at + 5] = streamId >>> 24;
    slab[at + 6] = streamId >>> 16;
    slab[at + 7] = streamId >>> 8;
    slab[at + 8] = streamId;
    this.#used = at + FRAME_HEAD_BYTES;
    this.pending += FRAME_HEAD_BYTES;
  }

  #word(value: number): void {
    const slab = this.#slab;
    const at = this.#used;
    slab[at] = value >>> 24;
    slab[at + 1] = value >>> 16;
    slab[at + 2] = value >>> 8;
    slab[at + 3] = value;
    this.#used = at + 4;
    this.pending += 4;
  }

  #reserve(bytes: number): void {
    if (this.#used + bytes <= this.#slab.length) return;
    this.#cut();
    this.#slab = Buffer.allocUnsafeSlow(bytes > SLAB_BYTES ? bytes : SLAB_BYTES);
    this.#cutFrom = 0;
    this.#used = 0;
  }

  #cut(): void {
    if (this.#cutFrom === this.#used) return;
    this.#chunks.push(this.#slab.subarray(this.#cutFrom, this.#used));
    this.#cutFrom = this.#used;
  }
}
