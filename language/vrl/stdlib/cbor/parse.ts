/** Reads CBOR (RFC 8949) as VRL does: what JSON has no like for is refused. */
import { Failure } from "../../runtime/failure.ts";
import { floatOf } from "../../runtime/float.ts";
import { INTEGER_MAX, INTEGER_MIN, wrap } from "../../runtime/integer.ts";
import { setKey } from "../../runtime/object.ts";
import { textOf } from "../../runtime/text.ts";
import type { Value, VrlObject } from "../../runtime/value.ts";
import { joined } from "../compression/limit.ts";

/** What VRL's reader allows. */
const DEPTH_MAX = 256;

const END = "Io(EndOfFile(()))";

/** The first item; what comes after it does not matter. */
export function parseCborItem(bytes: Uint8Array): Value | Failure {
  const reader = new CborReader(bytes);
  const value = reader.item();
  return reader.problem === undefined ? value : new Failure(reader.problem);
}

interface Header {
  readonly major: number;
  /** A length, a number, or a float's bits; undefined: until a break. */
  readonly argument: bigint | undefined;
  /** The five bits that tell how long the argument is. */
  readonly detail: number;
  readonly start: number;
}

class CborReader {
  problem: string | undefined = undefined;
  readonly #view: DataView;
  readonly #bytes: Uint8Array;
  #at = 0;
  #depth = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  item(): Value {
    const header = this.#header();
    return header === undefined ? null : this.#itemOf(header);
  }

  #itemOf(header: Header): Value {
    const { major, argument } = header;
    switch (major) {
      case 0:
        return this.#integer(argument!);
      case 1:
        return this.#integer(-1n - argument!);
      case 2:
        return this.#refuse("invalid type: byte array, expected any valid JSON value");
      case 3:
        return this.#text(header);
      case 4:
        return this.#nested(() => this.#array(argument));
      case 5:
        return this.#nested(() => this.#object(argument));
      case 6:
        return this.#tagged(argument!);
      default:
        return this.#simple(header);
    }
  }

  #integer(value: bigint): Value {
    if (value >= INTEGER_MIN && value <= INTEGER_MAX) return wrap(value);
    if (value > 0n && value < 2n ** 64n) return floatOf(Number(value));
    return this.#refuse(
      `invalid type: integer \`${value}\` as ${value > 0n ? "u128" : "i128"}, expected any valid JSON value`,
    );
  }

  /** Only large integers are known by a tag. */
  #tagged(tag: bigint): Value {
    const header = this.#header();
    if (header === undefined) return null;
    if ((tag !== 2n && tag !== 3n) || header.major !== 2)
      return this.#refuse("invalid type: enum, expected any valid JSON value");
    const bytes = this.#chunks(header);
    if (bytes === undefined) return null;
    let value = 0n;
    for (const byte of bytes.subarray(0, LARGE_BYTES_MAX)) value = (value << 8n) | BigInt(byte);
    if (bytes.length > LARGE_BYTES_MAX)
      return this.#refuse("invalid type: bigint, expected any valid JSON value");
    const isPositive = tag === 2n;
    return this.#refuse(
      `invalid type: integer \`${isPositive ? value : -1n - value}\` as ${isPositive ? "u128" : "i128"}, expected any valid JSON value`,
    );
  }

  #simple({ argument, detail, start }: Header): Value {
    if (detail === 20 || detail === 21) return detail === 21;
    if (detail === 22 || detail === 23) return null;
    if (detail === 31) return this.#refuse("invalid type: break, expected non-break");
    if (detail < 25) return this.#refuse("invalid type: simple, expected known simple value");
    const number =
      detail === 25
        ? halfOf(Number(argument))
        : detail === 26
          ? this.#view.getFloat32(start + 1)
          : this.#view.getFloat64(start + 1);
    return Number.isNaN(number)
      ? this.#refuse("invalid value: floating point `NaN`, expected any valid JSON value")
      : floatOf(number);
  }

  #text(header: Header): string {
    const bytes = this.#chunks(header);
    if (bytes === undefined) return "";
    const text = textOf(bytes);
    if (typeof text === "string") return text;
    this.problem ??= `Syntax(${header.start})`;
    return "";
  }

  /** The bytes of a string, which may come in pieces. */
  #chunks({ major, argument, start }: Header): Uint8Array | undefined {
    if (argument !== undefined) return this.#take(argument);
    const chunks: Uint8Array[] = [];
    let length = 0;
    for (;;) {
      const header = this.#header();
      if (header === undefined) return undefined;
      if (header.major === 7 && header.detail === 31) return joined(chunks, length);
      if (header.major !== major || header.argument === undefined) {
        this.problem ??= `Syntax(${header.start})`;
        return undefined;
      }
      const chunk = this.#take(header.argument);
      if (chunk === undefined) return undefined;
      // Each piece is text by itself.
      if (major === 3 && typeof textOf(chunk) !== "string") {
        this.problem ??= `Syntax(${start})`;
        return undefined;
      }
      chunks.push(chunk);
      length += chunk.length;
    }
  }

  #take(length: bigint): Uint8Array | undefined {
    if (length > this.#bytes.length - this.#at) {
      this.problem ??= END;
      return undefined;
    }
    const bytes = this.#bytes.slice(this.#at, this.#at + Number(length));
    this.#at += bytes.length;
    return bytes;
  }

  #nested(read: () => Value): Value {
    if (++this.#depth > DEPTH_MAX) this.problem ??= "RecursionLimitExceeded";
    if (this.problem !== undefined) return null;
    const value = read();
    this.#depth--;
    return value;
  }

  #array(length: bigint | undefined): Value[] {
    const array: Value[] = [];
    this.#parts(length, (header) => {
      array.push(this.#itemOf(header));
    });
    return array;
  }

  #object(length: bigint | undefined): VrlObject {
    const object: VrlObject = {};
    this.#parts(length, (header) => {
      const key = this.#key(header);
      if (this.problem !== undefined) return;
      const value = this.item();
      if (this.problem === undefined) setKey(object, key, value);
    });
    return object;
  }

  #parts(length: bigint | undefined, read: (header: Header) => void): void {
    const end = length ?? -1n;
    for (let index = 0n; index !== end; index++) {
      const header = this.#header();
      if (header === undefined) return;
      if (length === undefined && header.major === 7 && header.detail === 31) return;
      read(header);
      if (this.problem !== undefined) return;
    }
  }

  #key(header: Header): string {
    if (header.major === 6) {
      const inner = this.#header();
      return inner === undefined ? "" : this.#key(inner);
    }
    if (header.major === 3) return this.#text(header);
    this.#refuse(`invalid type: ${keyKind(header)}, expected string`);
    return "";
  }

  /** Undefined: the input ends, or there is no such header. */
  #header(): Header | undefined {
    const start = this.#at;
    const initial = this.#bytes[start];
    if (initial === undefined) {
      this.problem ??= END;
      return undefined;
    }
    this.#at++;
    const major = initial >> 5;
    const detail = initial & 31;
    if (detail < 24) return { major, argument: BigInt(detail), detail, start };
    if (detail === 31 && major !== 0 && major !== 1 && major !== 6)
      return { major, argument: undefined, detail, start };
    if (detail > 27) {
      this.problem ??= `Syntax(${start})`;
      return undefined;
    }
    const bytes = 2 ** (detail - 24);
    if (this.#at + bytes > this.#bytes.length) {
      this.problem ??= END;
      return undefined;
    }
    let argument = 0n;
    for (let index = 0; index < bytes; index++)
      argument = (argument << 8n) | BigInt(this.#bytes[this.#at++]!);
    return { major, argument, detail, start };
  }

  #refuse(reason: string): null {
    this.problem ??= `Semantic(None, "${reason}")`;
    return null;
  }
}

/** 128 bits, which VRL's reader has a name for. */
const LARGE_BYTES_MAX = 16;

function keyKind({ major, argument, detail }: Header): string {
  if (major === 0) return `integer \`${argument}\``;
  if (major === 1) return `integer \`${-1n - argument!}\``;
  if (major === 2) return "bytes";
  if (major === 4) return "array";
  if (major === 5) return "map";
  if (detail === 20 || detail === 21) return `boolean \`${detail === 21}\``;
  if (detail === 22 || detail === 23) return "null";
  return detail >= 25 && detail <= 27 ? "float" : detail === 31 ? "break" : "simple";
}

/** A float of 16 bits. */
function halfOf(bits: number): number {
  const sign = bits & 0x80_00 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : Number.NaN;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25));
}
