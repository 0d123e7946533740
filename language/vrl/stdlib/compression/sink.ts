/** Bytes that grow at their end, and copy from what is there already. */
export class ByteSink {
  #bytes: Uint8Array<ArrayBuffer> = new Uint8Array(256);
  #length = 0;
  /** Copies reach back to here. */
  #start = 0;

  get length(): number {
    return this.#length;
  }

  push(byte: number): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = byte;
  }

  append(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** What is there already can be copied no more. */
  forget(): void {
    this.#start = this.#length;
  }

  /** Repeats what is `offset` bytes back, which may run into what it writes. False: there is not so much. */
  copy(offset: number, length: number): boolean {
    if (offset > this.#length - this.#start) return false;
    this.#reserve(length);
    const from = this.#length - offset;
    if (offset >= length) this.#bytes.copyWithin(this.#length, from, from + length);
    else
      for (let index = 0; index < length; index++)
        this.#bytes[this.#length + index] = this.#bytes[from + index]!;
    this.#length += length;
    return true;
  }

  bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  #reserve(length: number): void {
    const needed = this.#length + length;
    if (needed <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(needed, 2 * this.#bytes.length));
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
  }
}
