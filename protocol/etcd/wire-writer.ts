/** Small messages share one buffer of this size: an allocation for some hundred of them. */
const SLAB_BYTES = 64 * 1024;
/** More than a varint, its tag, or both take. */
const VARINT_BYTES_MAX = 10;

/**
 * Writes a message from its end to its start, so that the length of what is nested is known when it is to be written,
 * in one pass. Fields must come in falling order. What `finish` gives is a view that is never written to again.
 */
export class WireWriter {
  #slab: Buffer = Buffer.allocUnsafeSlow(SLAB_BYTES);
  /** The message is between these two. */
  #at: number = SLAB_BYTES;
  #end: number = SLAB_BYTES;

  /** Where the writer stands, for `nest`. */
  mark(): number {
    return this.#end - this.#at;
  }

  /** The bytes since the last `finish` or `abandon`. */
  finish(): Buffer {
    const message = this.#slab.subarray(this.#at, this.#end);
    this.#end = this.#at;
    return message;
  }

  /** Forgets a message that could not be written to its start. */
  abandon(): void {
    this.#at = this.#end;
  }

  tag(number: number, wireType: number): void {
    this.uint32((number << 3) | wireType);
  }

  uint32(value: number): void {
    if (value < 0x80) {
      if (this.#at === 0) this.#grow(1);
      this.#slab[--this.#at] = value;
      return;
    }
    this.#varint(value >>> 0, 0);
  }

  /** An integer of at most 53 bits. */
  int64(value: number): void {
    if (value >= 0 && value < 0x80) return this.uint32(value);
    const high = Math.floor(value / 2 ** 32);
    this.#varint(value >>> 0, high >>> 0);
  }

  /** An int64 or a uint64. */
  bigint64(value: bigint): void {
    this.#varint(Number(value & 0xffff_ffffn), Number((value >> 32n) & 0xffff_ffffn));
  }

  bytes(value: Uint8Array): void {
    const { length } = value;
    if (this.#at < length + VARINT_BYTES_MAX) this.#grow(length + VARINT_BYTES_MAX);
    this.#at -= length;
    this.#slab.set(value, this.#at);
    this.uint32(length);
  }

  latin1(value: string): void {
    const { length } = value;
    if (this.#at < length + VARINT_BYTES_MAX) this.#grow(length + VARINT_BYTES_MAX);
    this.#at -= length;
    this.#slab.write(value, this.#at, length, "latin1");
    this.uint32(length);
  }

  utf8(value: string): void {
    this.bytes(Buffer.from(value));
  }

  /** The length and tag of a nested message that was written since `mark`. */
  nest(number: number, mark: number): void {
    this.uint32(this.mark() - mark);
    this.tag(number, 2);
  }

  #varint(low: number, high: number): void {
    let bytes = 1;
    let restLow = low;
    let restHigh = high;
    while (restHigh !== 0 || restLow >= 0x80) {
      restLow = ((restLow >>> 7) | (restHigh << 25)) >>> 0;
      restHigh >>>= 7;
      bytes++;
    }
    if (this.#at < VARINT_BYTES_MAX) this.#grow(VARINT_BYTES_MAX);
    this.#at -= bytes;
    let at = this.#at;
    restLow = low;
    restHigh = high;
    while (restHigh !== 0 || restLow >= 0x80) {
      this.#slab[at++] = (restLow & 0x7f) | 0x80;
      restLow = ((restLow >>> 7) | (restHigh << 25)) >>> 0;
      restHigh >>>= 7;
    }
    this.#slab[at] = restLow;
  }

  /** Moves the message under way to the end of a larger buffer; those that are finished keep the old one. */
  #grow(room: number): void {
    const written = this.#end - this.#at;
    const size = Math.max(SLAB_BYTES, 2 * (written + room));
    const slab = Buffer.allocUnsafeSlow(size);
    this.#slab.copy(slab, size - written, this.#at, this.#end);
    this.#slab = slab;
    this.#at = size - written;
    this.#end = size;
  }
}
