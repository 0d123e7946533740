/** Snappy's raw format (https://github.com/google/snappy/blob/main/format_description.txt). */
import { DECOMPRESSED_BYTES_MAX } from "./limit.ts";
import { ByteSink } from "./sink.ts";

const HASH_BITS = 14;
/** Matches do not cross blocks of this size, so that offsets take two bytes. */
const BLOCK_BYTES = 65_536;
const MATCH_MIN = 4;
/** What is nearer to the end than this is written as it is. */
const TAIL_BYTES = 15;

/** Undefined: it is none, or too large. */
export function snappyBytes(input: Uint8Array): Uint8Array | undefined {
  const header = lengthOf(input);
  if (header === undefined || header.length > DECOMPRESSED_BYTES_MAX) return undefined;
  const sink = new ByteSink();
  let { at } = header;
  while (at < input.length) {
    const tag = input[at++]!;
    if ((tag & 3) === 0) {
      let length = tag >> 2;
      if (length >= 60) {
        const bytes = length - 59;
        if (at + bytes > input.length) return undefined;
        length = littleEndian(input, at, bytes);
        at += bytes;
      }
      length++;
      if (at + length > input.length || sink.length + length > header.length) return undefined;
      sink.append(input.subarray(at, at + length));
      at += length;
      continue;
    }
    const bytes = [0, 1, 2, 4][tag & 3]!;
    if (at + bytes > input.length) return undefined;
    const isShort = (tag & 3) === 1;
    const length = isShort ? ((tag >> 2) & 7) + MATCH_MIN : (tag >> 2) + 1;
    const offset = littleEndian(input, at, bytes) + (isShort ? (tag >> 5) << 8 : 0);
    at += bytes;
    if (offset === 0 || sink.length + length > header.length || !sink.copy(offset, length)) return undefined;
  }
  return sink.length === header.length ? sink.bytes() : undefined;
}

/** A number of 32 bits, seven to a byte. */
function lengthOf(input: Uint8Array): { readonly length: number; readonly at: number } | undefined {
  let length = 0;
  for (let at = 0; at < Math.min(5, input.length); at++) {
    const byte = input[at]!;
    length += (byte & 0x7f) * 2 ** (7 * at);
    if (byte < 0x80) return length < 2 ** 32 ? { length, at: at + 1 } : undefined;
  }
  return undefined;
}

function littleEndian(input: Uint8Array, at: number, bytes: number): number {
  let value = 0;
  for (let index = 0; index < bytes; index++) value += input[at + index]! * 2 ** (8 * index);
  return value;
}

export function snappyText(input: Uint8Array): Uint8Array {
  const sink = new ByteSink();
  let length = input.length;
  for (; length >= 0x80; length = Math.floor(length / 0x80)) sink.push((length % 0x80) | 0x80);
  sink.push(length);
  for (let at = 0; at < input.length; at += BLOCK_BYTES)
    writeBlock(sink, input.subarray(at, at + BLOCK_BYTES));
  return sink.bytes();
}

function writeBlock(sink: ByteSink, block: Uint8Array): void {
  const view = new DataView(block.buffer, block.byteOffset, block.byteLength);
  const latest = new Int32Array(1 << HASH_BITS).fill(-1);
  let literalsAt = 0;
  for (let at = 0; at + TAIL_BYTES < block.length;) {
    const word = view.getUint32(at, true);
    const slot = Math.imul(word, 0x1e_35_a7_bd) >>> (32 - HASH_BITS);
    const candidate = latest[slot]!;
    latest[slot] = at;
    if (candidate === -1 || view.getUint32(candidate, true) !== word) {
      at++;
      continue;
    }
    let length = MATCH_MIN;
    while (at + length < block.length && block[candidate + length] === block[at + length]) length++;
    writeLiterals(sink, block.subarray(literalsAt, at));
    writeCopy(sink, at - candidate, length);
    at += length;
    literalsAt = at;
  }
  writeLiterals(sink, block.subarray(literalsAt));
}

function writeLiterals(sink: ByteSink, literals: Uint8Array): void {
  if (literals.length === 0) return;
  const length = literals.length - 1;
  if (length < 60) sink.push(length << 2);
  else if (length < 256) {
    sink.push(60 << 2);
    sink.push(length);
  } else {
    sink.push(61 << 2);
    sink.push(length & 0xff);
    sink.push(length >> 8);
  }
  sink.append(literals);
}

/** One copy is of 64 bytes at most, and of 4 at least where its offset is short. */
function writeCopy(sink: ByteSink, offset: number, length: number): void {
  let rest = length;
  for (; rest >= 68; rest -= 64) writeLongCopy(sink, offset, 64);
  if (rest > 64) {
    writeLongCopy(sink, offset, 60);
    rest -= 60;
  }
  if (rest >= 12 || offset >= 2048) writeLongCopy(sink, offset, rest);
  else {
    sink.push(((offset >> 8) << 5) | ((rest - MATCH_MIN) << 2) | 1);
    sink.push(offset & 0xff);
  }
}

function writeLongCopy(sink: ByteSink, offset: number, length: number): void {
  sink.push(((length - 1) << 2) | 2);
  sink.push(offset & 0xff);
  sink.push(offset >> 8);
}
