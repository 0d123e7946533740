import { sealFrame } from "./log-frame.ts";
import { encodeHeader, SEGMENT_HEADER_BYTES } from "./log-segment.ts";
import { SEGMENT_FILL_BYTES, SEGMENTS_MAX } from "./limits.ts";
import type { LogDisk, LogDiskFile } from "./log-disk.ts";
import type { RecoveredLog } from "./log-recovery.ts";

/** Written where a file of the log is made: overwriting costs a disk less than making a file longer. */
const ZEROS = Buffer.alloc(SEGMENT_FILL_BYTES);

/** A file and its use. */
interface Segment {
  readonly name: string;
  readonly file: LogDiskFile;
  size: number;
  salt: number;
  /** Where the next frame goes. */
  end: number;
  /** Sequence number of the last frame. */
  last: number;
}

/** Where a frame is. */
export interface FramePlace {
  readonly name: string;
  readonly salt: number;
  readonly from: number;
  readonly to: number;
}

/**
 * A ring of files, each used again once a checkpoint holds all of it. Invariants: one frame is written at a time, the
 * next only after its sync; a file that a write failed in gets no more frames, and the header of the next says where it
 * ends, so that what is left of the failed one never counts.
 */
export class WriteAheadLog implements AsyncDisposable {
  readonly #disk: LogDisk;
  readonly #store: Uint8Array;
  readonly #segmentBytes: number;
  /** Of the last commit that is on disk. */
  sequence: number;
  #number: number;
  #current: Segment | undefined;
  readonly #filled: Segment[] = [];
  readonly #free: Segment[] = [];
  #next: Promise<Segment> | undefined;
  /** Files have numbers below this as names. */
  #made = 0;
  /** Bytes of all files. */
  bytes = 0;

  constructor(disk: LogDisk, store: Uint8Array, recovered: RecoveredLog, segmentBytes: number) {
    this.#disk = disk;
    this.#store = store;
    this.sequence = recovered.sequence;
    this.#number = recovered.number;
    this.#segmentBytes = segmentBytes;
  }

  /** Takes a file that holds nothing any more but what is in the checkpoint. */
  async reuse(name: string): Promise<void> {
    const file = await this.#disk.open(name);
    const size = await file.size();
    this.bytes += size;
    this.#made = Math.max(this.#made, Number.parseInt(name, 10) + 1);
    this.#free.push({ name, file, size, salt: 0, end: 0, last: 0 });
  }

  /** Writes a frame numbered `sequence + 1`; after a failure `mend` must succeed before the next. */
  async append(frame: Buffer): Promise<FramePlace> {
    let segment = this.#current;
    if (segment === undefined || (segment.end + frame.length > this.#segmentBytes && segment.last > 0)) {
      segment = await this.#begin();
    }
    sealFrame(frame, segment.salt);
    const from = segment.end;
    try {
      await segment.file.write(frame, from);
    } catch (error) {
      this.#leave();
      throw error;
    }
    segment.end = from + frame.length;
    if (segment.end > segment.size) {
      this.bytes += segment.end - segment.size;
      segment.size = segment.end;
    }
    this.sequence += 1;
    segment.last = this.sequence;
    if (segment.end > this.#segmentBytes / 2) this.#prepare();
    return { name: segment.name, salt: segment.salt, from, to: segment.end };
  }

  /** Makes it certain that nothing of a frame that failed comes back. */
  async mend(): Promise<void> {
    if (this.#current === undefined) await this.#begin();
  }

  /** A checkpoint holds all up to `sequence`: files with no more than that are free. */
  release(sequence: number): void {
    while (this.#filled.length > 0 && this.#filled[0]!.last <= sequence) {
      this.#free.push(this.#filled.shift()!);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const next = await this.#next?.catch(() => undefined);
    this.#leave();
    const segments = [...this.#filled, ...this.#free];
    if (next !== undefined) segments.push(next);
    await Promise.all(segments.map(({ file }) => file.close()));
  }

  /** Puts the current file among those that wait for a checkpoint. */
  #leave(): void {
    if (this.#current !== undefined) this.#filled.push(this.#current);
    this.#current = undefined;
  }

  /** Goes on in the next file, whose header says that the one before ends with the last frame that is synced. */
  async #begin(): Promise<Segment> {
    this.#prepare();
    const segment = await this.#next!.finally(() => {
      this.#next = undefined;
    });
    const { bytes, salt } = encodeHeader(this.#store, this.#number, this.sequence + 1);
    this.#number += 1;
    segment.salt = salt;
    segment.end = SEGMENT_HEADER_BYTES;
    segment.last = 0;
    try {
      await segment.file.write(bytes, 0);
    } catch (error) {
      this.#leave();
      this.#free.push(segment);
      throw error;
    }
    this.#leave();
    this.#current = segment;
    return segment;
  }

  #prepare(): void {
    if (this.#next !== undefined) return;
    const free = this.#free.shift();
    this.#next = free === undefined ? this.#make() : Promise.resolve(free);
    // Who begins the segment is told.
    this.#next.catch(() => {});
  }

  async #make(): Promise<Segment> {
    if (this.#made >= SEGMENTS_MAX) throw new RangeError(`the log has ${SEGMENTS_MAX} files`);
    const name = `${this.#made}.log`;
    const file = await this.#disk.open(name);
    try {
      for (let at = 0; at < this.#segmentBytes; at += ZEROS.length) {
        await file.write(ZEROS.subarray(0, this.#segmentBytes - at), at);
      }
      await this.#disk.sync();
    } catch (error) {
      await file.close();
      // Where that fails, too, it is made anew under the same name.
      await this.#disk.remove(name).catch(() => {});
      throw error;
    }
    this.#made += 1;
    this.bytes += this.#segmentBytes;
    return { name, file, size: this.#segmentBytes, salt: 0, end: 0, last: 0 };
  }
}
