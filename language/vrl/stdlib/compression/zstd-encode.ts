/**
 * Writes Zstandard frames (RFC 8878): repeated parts by reference, lengths and offsets in the standard's own tables,
 * literals as they are. Any decoder reads them; they are larger than those of the reference implementation, which also
 * makes tables of its own.
 */
import { decodingTable, type EntropyTable } from "./fse.ts";
import { ByteSink } from "./sink.ts";

const MAGIC = [0x28, 0xb5, 0x2f, 0xfd] as const;
/** No size, no checksum, no dictionary; a window of 2 MiB. */
const FRAME_HEADER = [0x00, 0x58] as const;
/** Of nothing: it is said to be nothing. */
const EMPTY_FRAME_HEADER = [0x20, 0x00] as const;
const WINDOW_BYTES = 2 ** 21;
const BLOCK_BYTES = 128 * 1024;
const HASH_BITS = 16;
/** Shorter repetitions cost more than they spare. */
const MATCH_MIN = 5;
/** Smaller offsets stand for those of before. */
const OFFSET_BASE = 3;

/** How likely each code is; -1 is less than once. */
const literalLengths = decodingTable(
  6,
  [
    4, 3, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 3, 2, 1, 1, 1, 1, 1, -1, -1,
    -1, -1,
  ],
);
const matchLengths = decodingTable(6, [
  1,
  4,
  3,
  2,
  2,
  2,
  2,
  2,
  2,
  ...Array.from({ length: 37 }, () => 1),
  -1,
  -1,
  -1,
  -1,
  -1,
  -1,
  -1,
]);
const offsets = decodingTable(5, [
  1,
  1,
  1,
  1,
  1,
  1,
  2,
  2,
  2,
  ...Array.from({ length: 15 }, () => 1),
  -1,
  -1,
  -1,
  -1,
  -1,
]);

/** From where each code counts, and how many bits more it takes. */
const literalLengthCodes: readonly (readonly [base: number, bits: number])[] = [
  ...Array.from({ length: 16 }, (_, code) => [code, 0] as const),
  [16, 1],
  [18, 1],
  [20, 1],
  [22, 1],
  [24, 2],
  [28, 2],
  [32, 3],
  [40, 3],
  [48, 4],
  [64, 6],
  ...Array.from({ length: 10 }, (_, power) => [2 ** (power + 7), power + 7] as const),
];
const matchLengthCodes: readonly (readonly [base: number, bits: number])[] = [
  ...Array.from({ length: 32 }, (_, code) => [code + 3, 0] as const),
  [35, 1],
  [37, 1],
  [39, 1],
  [41, 1],
  [43, 2],
  [47, 2],
  [51, 3],
  [59, 3],
  [67, 4],
  [83, 4],
  [99, 5],
  ...Array.from({ length: 10 }, (_, power) => [2 ** (power + 7) + 3, power + 7] as const),
];

interface Sequence {
  readonly literals: number;
  readonly offset: number;
  readonly length: number;
}

export function zstdFrame(input: Uint8Array): Uint8Array {
  const sink = new ByteSink();
  sink.append(Uint8Array.from([...MAGIC, ...(input.length === 0 ? EMPTY_FRAME_HEADER : FRAME_HEADER)]));
  const finder = new MatchFinder(input);
  let at = 0;
  do {
    const end = Math.min(at + BLOCK_BYTES, input.length);
    writeBlock(sink, input.subarray(at, end), finder.sequences(at, end), end === input.length);
    at = end;
  } while (at < input.length);
  return sink.bytes();
}

const RAW = 0;
const REPEATED = 1;
const COMPRESSED = 2;

function writeBlock(
  sink: ByteSink,
  block: Uint8Array,
  sequences: readonly Sequence[],
  isLast: boolean,
): void {
  const header = (type: number, size: number) => {
    const bits = (size << 3) | (type << 1) | (isLast ? 1 : 0);
    sink.append(Uint8Array.of(bits, bits >> 8, bits >> 16));
  };
  if (block.length > 1 && block.every((byte) => byte === block[0])) {
    header(REPEATED, block.length);
    sink.push(block[0]!);
    return;
  }
  const compressed = sequences.length === 0 ? undefined : compressedBlock(block, sequences);
  if (compressed === undefined || compressed.length >= block.length) {
    header(RAW, block.length);
    sink.append(block);
  } else {
    header(COMPRESSED, compressed.length);
    sink.append(compressed);
  }
}

function compressedBlock(block: Uint8Array, sequences: readonly Sequence[]): Uint8Array {
  const sink = new ByteSink();
  const literals = new ByteSink();
  let at = 0;
  for (const { literals: count, length } of sequences) {
    literals.append(block.subarray(at, at + count));
    at += count + length;
  }
  literals.append(block.subarray(at));
  writeLiterals(sink, literals.bytes());
  writeCount(sink, sequences.length);
  // The standard's tables for all three.
  sink.push(0);
  writeSequences(sink, sequences);
  return sink.bytes();
}

function writeLiterals(sink: ByteSink, literals: Uint8Array): void {
  const { length } = literals;
  if (length < 32) sink.push(length << 3);
  else if (length < 4096) sink.append(Uint8Array.of((length << 4) | 4, length >> 4));
  else sink.append(Uint8Array.of((length << 4) | 12, length >> 4, length >> 12));
  sink.append(literals);
}

function writeCount(sink: ByteSink, count: number): void {
  if (count < 128) sink.push(count);
  else if (count < 0x7f00) sink.append(Uint8Array.of((count >> 8) + 128, count));
  else sink.append(Uint8Array.of(255, count - 0x7f00, (count - 0x7f00) >> 8));
}

/** Readers begin at the end: all is written in the reverse of the order in which they take it. */
function writeSequences(sink: ByteSink, sequences: readonly Sequence[]): void {
  const bits = new BitSink(sink);
  let states: { literals: number; offset: number; match: number } | undefined;
  for (let index = sequences.length - 1; index >= 0; index--) {
    const { literals, offset, length } = sequences[index]!;
    const literalCode = codeOf(literalLengthCodes, literals);
    const matchCode = codeOf(matchLengthCodes, length);
    const offsetCode = 31 - Math.clz32(offset + OFFSET_BASE);
    if (states === undefined) {
      states = {
        literals: literalLengths.firstState(literalCode),
        offset: offsets.firstState(offsetCode),
        match: matchLengths.firstState(matchCode),
      };
    } else {
      states = {
        offset: step(bits, offsets, offsetCode, states.offset),
        match: step(bits, matchLengths, matchCode, states.match),
        literals: step(bits, literalLengths, literalCode, states.literals),
      };
    }
    bits.write(literals - literalLengthCodes[literalCode]![0], literalLengthCodes[literalCode]![1]);
    bits.write(length - matchLengthCodes[matchCode]![0], matchLengthCodes[matchCode]![1]);
    bits.write(offset + OFFSET_BASE - 2 ** offsetCode, offsetCode);
  }
  bits.write(states!.match, matchLengths.accuracy);
  bits.write(states!.offset, offsets.accuracy);
  bits.write(states!.literals, literalLengths.accuracy);
  bits.finish();
}

/** The state before `next` that means `symbol`; writes the bits that lead from it to `next`. */
function step(bits: BitSink, table: EntropyTable, symbol: number, next: number): number {
  const state = table.stateBefore(symbol, next);
  bits.write(next - table.baselines[state]!, table.bits[state]!);
  return state;
}

function codeOf(codes: readonly (readonly [base: number, bits: number])[], value: number): number {
  let code = codes.length - 1;
  while (codes[code]![0] > value) code--;
  return code;
}

/** Bits from the low end of each byte. */
class BitSink {
  readonly #sink: ByteSink;
  #pending = 0;
  #count = 0;

  constructor(sink: ByteSink) {
    this.#sink = sink;
  }

  /** At most 24 of them. */
  write(value: number, bits: number): void {
    this.#pending |= value << this.#count;
    this.#count += bits;
    while (this.#count >= 8) {
      this.#sink.push(this.#pending & 0xff);
      this.#pending >>>= 8;
      this.#count -= 8;
    }
  }

  /** A one shows where the bits end. */
  finish(): void {
    this.write(1, 1);
    if (this.#count > 0) this.#sink.push(this.#pending);
  }
}

/** Finds repetitions by the latest place of each five bytes. */
class MatchFinder {
  readonly #input: Uint8Array;
  readonly #view: DataView;
  readonly #latest: Int32Array = new Int32Array(1 << HASH_BITS).fill(-1);

  constructor(input: Uint8Array) {
    this.#input = input;
    this.#view = new DataView(input.buffer, input.byteOffset, input.byteLength);
  }

  /** Of the block from `start` to `end`, with all that is before it. */
  sequences(start: number, end: number): Sequence[] {
    const input = this.#input;
    const sequences: Sequence[] = [];
    let literalsAt = start;
    for (let at = start; at + 8 <= end;) {
      const candidate = this.#remember(at);
      if (candidate === -1 || at - candidate > WINDOW_BYTES || !this.#isEqual(candidate, at)) {
        // Where nothing repeats, steps get longer.
        at += 1 + ((at - literalsAt) >> 8);
        continue;
      }
      let length = MATCH_MIN;
      while (at + length < end && input[candidate + length] === input[at + length]) length++;
      sequences.push({ literals: at - literalsAt, offset: at - candidate, length });
      at += length;
      literalsAt = at;
    }
    return sequences;
  }

  #remember(at: number): number {
    const word =
      Math.imul(this.#view.getUint32(at, true), 0x9e_37_79_b1) ^
      Math.imul(this.#input[at + 4]!, 0x85_eb_ca_6b);
    const slot = word >>> (32 - HASH_BITS);
    const candidate = this.#latest[slot]!;
    this.#latest[slot] = at;
    return candidate;
  }

  #isEqual(left: number, right: number): boolean {
    return (
      this.#view.getUint32(left, true) === this.#view.getUint32(right, true) &&
      this.#input[left + 4] === this.#input[right + 4]
    );
  }
}
