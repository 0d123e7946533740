import { GrpcError, Status } from "@plinth/grpc";

/** Wire types of protobuf that are in use; groups (3 and 4) are not. */
export const WireType = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;

/**
 * Messages within messages. A transaction costs two; etcd's limit on operations (128, which nesting eats up) refuses
 * long before this. It bounds the stack that a hostile request takes.
 */
const NESTING_MAX = 1000;
const TWO_TO_32 = 2 ** 32;
/** Field numbers go to 2^29 - 1; the other bits of a tag are the wire type. */
const TAG_MAX = 2 ** 32 - 1;

/** Node's and Bun's own method behind `toString("latin1")`, without the look-up of the encoding's name. */
interface Latin1Octets {
  latin1Slice(from: number, to: number): string;
}

function latin1Of(bytes: Buffer, from: number, to: number): string {
  return (bytes as unknown as Latin1Octets).latin1Slice(from, to);
}

function malformed(what: string): GrpcError {
  return new GrpcError(Status.internal, `grpc: error unmarshalling request: ${what}`);
}

/**
 * Reads one message's fields in place; a nested message narrows the end for as long as it is read. Values of type
 * bytes are views of the input. Malformed input is a GrpcError INTERNAL, as grpc-go has it.
 */
export class WireReader {
  readonly #bytes: Buffer;
  #at = 0;
  #end: number;
  #low = 0;
  #high = 0;
  #nesting = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
    this.#end = bytes.length;
  }

  get more(): boolean {
    return this.#at < this.#end;
  }

  /** Field number times 8 plus wire type. */
  tag(): number {
    const tag = this.#unsigned();
    if (tag > TAG_MAX || tag < 8) throw malformed("proto: illegal tag");
    return tag;
  }

  /** An int64 as a number; what no number holds exactly becomes the nearest one that does. */
  int64(): number {
    const start = this.#at;
    const first = this.#bytes[start];
    if (first !== undefined && first < 0x80 && start < this.#end) {
      this.#at = start + 1;
      return first;
    }
    this.#varint();
    const value = (this.#high | 0) * TWO_TO_32 + this.#low;
    return Math.max(Number.MIN_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, value));
  }

  /** An int64 as it is. */
  bigint64(): bigint {
    this.#varint();
    return this.#high === 0 ? BigInt(this.#low) : (BigInt(this.#high | 0) << 32n) | BigInt(this.#low);
  }

  /** A uint64 as it is. */
  biguint64(): bigint {
    this.#varint();
    return this.#high === 0 ? BigInt(this.#low) : (BigInt(this.#high) << 32n) | BigInt(this.#low);
  }

  /** The low half of a varint: for enums and uint32. */
  uint32(): number {
    this.#varint();
    return this.#low;
  }

  bool(): boolean {
    this.#varint();
    return (this.#low | this.#high) !== 0;
  }

  bytes(): Buffer {
    const end = this.#lengthEnd();
    const view = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return view;
  }

  latin1(): string {
    const end = this.#lengthEnd();
    const text = latin1Of(this.#bytes, this.#at, end);
    this.#at = end;
    return text;
  }

  utf8(): string {
    const end = this.#lengthEnd();
    const text = this.#bytes.toString("utf8", this.#at, end);
    this.#at = end;
    return text;
  }

  /** Begins a nested message; give the result to `leave` when `more` is false. */
  enter(): number {
    if (++this.#nesting > NESTING_MAX) throw malformed("messages are nested too deeply");
    const outer = this.#end;
    this.#end = this.#lengthEnd();
    return outer;
  }

  leave(outer: number): void {
    this.#nesting--;
    this.#end = outer;
  }

  /** Passes over a field that is not known. */
  skip(wireType: number): void {
    switch (wireType) {
      case WireType.varint:
        this.#varint();
        return;
      case WireType.bytes:
        this.#at = this.#lengthEnd();
        return;
      case WireType.fixed64:
        return this.#skipBytes(8);
      case WireType.fixed32:
        return this.#skipBytes(4);
      default:
        throw malformed(`proto: illegal wireType ${wireType}`);
    }
  }

  /** Refuses a known field of another wire type. */
  expect(wireType: number, expected: number): void {
    if (wireType !== expected) throw malformed(`proto: wrong wireType = ${wireType}`);
  }

  #skipBytes(count: number): void {
    if (this.#at + count > this.#end) throw malformed("unexpected EOF");
    this.#at += count;
  }

  #lengthEnd(): number {
    const end = this.#unsigned() + this.#at;
    if (end > this.#end) throw malformed("unexpected EOF");
    return end;
  }

  /** For lengths and tags: what is too large stays too large. */
  #unsigned(): number {
    const first = this.#bytes[this.#at];
    if (first !== undefined && first < 0x80 && this.#at < this.#end) {
      this.#at++;
      return first;
    }
    this.#varint();
    return this.#high * TWO_TO_32 + this.#low;
  }

  #varint(): void {
    let low = 0;
    let high = 0;
    const bytes = this.#bytes;
    for (let shift = 0; shift < 70; shift += 7) {
      if (this.#at >= this.#end) throw malformed("unexpected EOF");
      const byte = bytes[this.#at++]!;
      const bits = byte & 0x7f;
      if (shift < 28) low |= bits << shift;
      else if (shift === 28) {
        low |= bits << 28;
        high = bits >>> 4;
      } else high |= bits << (shift - 32);
      if (byte < 0x80) {
        this.#low = low >>> 0;
        this.#high = high >>> 0;
        return;
      }
    }
    throw malformed("proto: integer overflow");
  }
}
