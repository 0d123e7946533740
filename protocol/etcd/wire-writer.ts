/** Small messages share one buffer of this size: an allocation for some hundred of them. */
const SLAB_BYTES = 64 * 1024;
/** More than a varint, its tag, or both take. */
const VARINT_BYTES_MAX = 10;
/** Up to here a loop costs less than a call into the runtime. */
const LOOP_CHARACTERS_MAX = 48;
const LENGTH_DELIMITED = 2;
/** One number of 64 bits, and its halves. */
const halved = new BigUint64Array(1);
const halves = new Uint32Array(halved.buffer);
/** Which of them is the low one: it depends on the machine. */
halved[0] = 1n;
const LOW: number = halves[0] === 1 ? 0 : 1;

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

  /** The bytes since the last `finish` or `abandon`, behind `room` octets of any content. */
  finish(room: number): Buffer {
    if (this.#at < room) this.#grow(room);
    this.#at -= room;
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
    // Cut by memory, since arithmetic would make new numbers.
    halved[0] = value;
    this.#varint(halves[LOW]!, halves[1 - LOW]!);
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
    if (length > LOOP_CHARACTERS_MAX) this.#slab.write(value, this.#at, length, "latin1");
    else for (let index = 0; index < length; index++) this.#slab[this.#at + index] = value.charCodeAt(index);
    this.uint32(length);
  }

  utf8(value: string): void {
    this.bytes(Buffer.from(value));
  }

  // Whole fields: nothing for what is zero or empty.

  int64Field(number: number, value: number): void {
    if (value === 0) return;
    this.int64(value);
    this.uint32(number << 3);
  }

  bigint64Field(number: number, value: bigint): void {
    if (value === 0n) return;
    this.bigint64(value);
    this.uint32(number << 3);
  }

  bytesField(number: number, value: Uint8Array): void {
    if (value.length === 0) return;
    this.bytes(value);
    this.uint32((number << 3) | LENGTH_DELIMITED);
  }

  latin1Field(number: number, value: string): void {
    if (value === "") return;
    this.latin1(value);
    this.uint32((number << 3) | LENGTH_DELIMITED);
  }

  utf8Field(number: number, value: string): void {
    if (value === "") return;
    this.utf8(value);
    this.uint32((number << 3) | LENGTH_DELIMITED);
  }

  /** The length and tag of a nested message that was written since `mark`. */
  nest(number: number, mark: number): void {
    this.uint32(this.mark() - mark);
    this.tag(number, LENGTH_DELIMITED);
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
