/** LZ4 blocks and frames (https://github.com/lz4/lz4/tree/dev/doc). */
import { xxh32 } from "../checksum/xxh32.ts";
import { ByteSink } from "./sink.ts";
import { DECOMPRESSED_BYTES_MAX } from "./limit.ts";

/** A copy shorter than this is no copy. */
const MATCH_MIN = 4;
/** Blocks end in at least this many literals, and the last match begins so far before the end. */
const LAST_LITERALS = 5;
const LAST_MATCH = 12;
const OFFSET_MAX = 65_535;
const HASH_BITS = 14;

const EXPECTED_BYTE = "expected another byte, found none";

/** Appends the block's bytes; copies reach back to where `sink` began. A string says what is wrong. */
export function decodeLz4Block(input: Uint8Array, sink: ByteSink, capacity: number): string | undefined {
  const limit = Math.min(capacity, DECOMPRESSED_BYTES_MAX);
  const start = sink.length;
  let at = 0;
  const lengthAt = (nibble: number): number => {
    let length = nibble;
    if (nibble !== 15) return length;
    for (;;) {
      const byte = input[at];
      if (byte === undefined) return -1;
      at++;
      length += byte;
      if (byte !== 255) return length;
    }
  };
  for (;;) {
    const token = input[at++];
    if (token === undefined) return EXPECTED_BYTE;
    const literals = lengthAt(token >> 4);
    if (literals === -1) return EXPECTED_BYTE;
    if (literals > input.length - at) return "literal is out of bounds of the input";
    if (sink.length - start + literals > limit) return tooSmall(sink.length - start + literals, limit);
    sink.append(input.subarray(at, at + literals));
    at += literals;
    if (at >= input.length) return undefined;
    if (at + 2 > input.length) return EXPECTED_BYTE;
    const offset = input[at]! | (input[at + 1]! << 8);
    at += 2;
    if (offset === 0) return "0 is not a valid match offset";
    const extra = lengthAt(token & 15);
    if (extra === -1) return EXPECTED_BYTE;
    const length = MATCH_MIN + extra;
    if (sink.length - start + length > limit) return tooSmall(sink.length - start + length, limit);
    if (!sink.copy(offset, length)) return "the offset to copy is not contained in the decompressed buffer";
  }
}

function tooSmall(expected: number, actual: number): string {
  return `provided output is too small for the decompressed data, actual ${actual}, expected ${expected}`;
}

const MAGIC = 0x18_4d_22_04;
const MAGIC_BYTES = 4;
/** Magic, flags, block sizes and the checksum of them. */
const HEADER_BYTES_MIN = 7;
const UNCOMPRESSED = 0x80_00_00_00;

/** How large blocks may be, by the header's bits. */
const blockBytesMax: Readonly<Record<number, number>> = {
  4: 64 * 1024,
  5: 256 * 1024,
  6: 1024 * 1024,
  7: 4 * 1024 * 1024,
};

export function isLz4Frame(bytes: Uint8Array): boolean {
  return (
    bytes.length >= MAGIC_BYTES && new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true) === MAGIC
  );
}

/** The frame's bytes; a string says what is wrong. `bytes` begin like a frame. */
export function decodeLz4Frame(bytes: Uint8Array): Uint8Array | string {
  if (bytes.length === MAGIC_BYTES) return new Uint8Array();
  if (bytes.length < HEADER_BYTES_MIN) return EOF;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const flags = bytes[4]!;
  const hasSize = (flags & 8) !== 0;
  const hasDictionary = (flags & 1) !== 0;
  let at = HEADER_BYTES_MIN + (hasSize ? 8 : 0) + (hasDictionary ? 4 : 0);
  if (bytes.length < at) return EOF;
  if ((flags & 0xc0) !== 0x40) return `UnsupportedVersion(${flags & 0xc0})`;
  if ((flags & 2) !== 0 || (bytes[5]! & 0x8f) !== 0) return "ReservedBitsSet";
  const blockMax = blockBytesMax[bytes[5]! >> 4];
  if (blockMax === undefined) return `UnsupportedBlocksize(${bytes[5]! >> 4})`;
  if (bytes[at - 1] !== ((xxh32(bytes.subarray(4, at - 1)) >>> 8) & 0xff)) return "HeaderChecksumError";
  if (hasDictionary) return "DictionaryNotSupported";
  const sink = new ByteSink();
  for (;;) {
    // A frame that is cut off between blocks counts for what there is of it.
    if (at + 4 > bytes.length) return sink.bytes();
    const info = view.getUint32(at, true);
    at += 4;
    if (info === 0) break;
    const size = info & ~UNCOMPRESSED;
    if (size > blockMax) return "BlockTooBig";
    const checksum = (flags & 0x10) === 0 ? 0 : 4;
    if (at + size + checksum > bytes.length) return EOF;
    const block = bytes.subarray(at, at + size);
    at += size;
    if (checksum !== 0 && xxh32(block) !== view.getUint32(at, true)) return "BlockChecksumError";
    at += checksum;
    if (sink.length + blockMax > DECOMPRESSED_BYTES_MAX)
      return tooSmall(sink.length + blockMax, DECOMPRESSED_BYTES_MAX);
    if (info >= UNCOMPRESSED) sink.append(block);
    else {
      if ((flags & 0x20) !== 0) sink.forget();
      const wrong = decodeLz4Block(block, sink, blockMax);
      if (wrong !== undefined) return `DecompressionError(${wrong})`;
    }
  }
  if (hasSize && view.getBigUint64(6, true) !== BigInt(sink.length))
    return `ContentLengthError { expected: ${view.getBigUint64(6, true)}, actual: ${sink.length} }`;
  const content = sink.bytes();
  if ((flags & 4) !== 0) {
    if (at + 4 > bytes.length) return EOF;
    if (xxh32(content) !== view.getUint32(at, true)) return "ContentChecksumError";
  }
  return content;
}

const EOF = "failed to fill whole buffer";

/** One block. */
export function encodeLz4Block(input: Uint8Array): Uint8Array {
  const sink = new ByteSink();
  const latest = new Int32Array(1 << HASH_BITS).fill(-1);
  const view = new DataView(input.buffer, input.byteOffset, input.byteLength);
  let literalsAt = 0;
  for (let at = 0; at + LAST_MATCH < input.length;) {
    const word = view.getUint32(at, true);
    const slot = Math.imul(word, 2_654_435_761) >>> (32 - HASH_BITS);
    const candidate = latest[slot]!;
    latest[slot] = at;
    if (candidate === -1 || at - candidate > OFFSET_MAX || view.getUint32(candidate, true) !== word) {
      at++;
      continue;
    }
    let length = MATCH_MIN;
    while (at + length < input.length - LAST_LITERALS && input[candidate + length] === input[at + length])
      length++;
    writeSequence(sink, input.subarray(literalsAt, at), at - candidate, length);
    at += length;
    literalsAt = at;
  }
  writeSequence(sink, input.subarray(literalsAt), 0, 0);
  return sink.bytes();
}

/** A `length` of 0: there is no match after the last literals. */
function writeSequence(sink: ByteSink, literals: Uint8Array, offset: number, length: number): void {
  const extra = length === 0 ? 0 : length - MATCH_MIN;
  sink.push((Math.min(literals.length, 15) << 4) | Math.min(extra, 15));
  writeLength(sink, literals.length);
  sink.append(literals);
  if (length === 0) return;
  sink.push(offset & 0xff);
  sink.push(offset >> 8);
  writeLength(sink, extra);
}

function writeLength(sink: ByteSink, length: number): void {
  if (length < 15) return;
  let rest = length - 15;
  for (; rest >= 255; rest -= 255) sink.push(255);
  sink.push(rest);
}
