/**
 * Memory for rewritten heads: cut from one large buffer, because a buffer per head costs more than the copy.
 * What was cut is never reused, so it may be kept; a kept cut keeps its slab.
 */
const SLAB_BYTES = 64 * 1024;

export class Slab {
  buffer: Buffer = Buffer.allocUnsafeSlow(SLAB_BYTES);
  /** Where the next cut begins; writers move it on. */
  used = 0;

  /** Makes room for `bytes` in `buffer` from `used` on. */
  reserve(bytes: number): void {
    if (this.used + bytes <= this.buffer.length) return;
    this.buffer = Buffer.allocUnsafeSlow(bytes > SLAB_BYTES ? bytes : SLAB_BYTES);
    this.used = 0;
  }

  copy(source: Buffer, from: number, to: number): void {
    this.used += source.copy(this.buffer, this.used, from, to);
  }

  text(ascii: string): void {
    this.used += this.buffer.write(ascii, this.used, "latin1");
  }

  /** The end of a line: two stores cost less than a call into the runtime. */
  endLine(): void {
    this.buffer[this.used++] = 13;
    this.buffer[this.used++] = 10;
  }

  /** The cut from `from` to here. */
  cut(from: number): Buffer {
    return this.buffer.subarray(from, this.used);
  }
}
