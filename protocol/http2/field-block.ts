/** A field block in several frames. Its octets are copied: a view would keep a whole read for a few of them. */
export class FieldBlock {
  /** The stream it is for; 0 while there is none. */
  streamId = 0;
  flags = 0;
  selfDependent = false;
  bytes = 0;
  #fragments: Buffer[] = [];

  get frames(): number {
    return this.#fragments.length;
  }

  begin(streamId: number, flags: number, selfDependent: boolean): void {
    this.streamId = streamId;
    this.flags = flags;
    this.selfDependent = selfDependent;
  }

  add(input: Buffer, start: number, end: number): void {
    this.#fragments.push(Buffer.from(input.subarray(start, end)));
    this.bytes += end - start;
  }

  take(): Buffer {
    const block = Buffer.concat(this.#fragments);
    this.#fragments = [];
    this.bytes = 0;
    this.streamId = 0;
    return block;
  }
}
