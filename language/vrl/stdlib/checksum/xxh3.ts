/** XXH3 of 64 and of 128 bits with the seed 0 (https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md). */
import { base16Bytes } from "../encoding/base16.ts";
import { avalanche64, PRIME64_1, PRIME64_2, PRIME64_3, PRIME64_4, PRIME64_5 } from "./xxh64.ts";

const MASK = 0xffff_ffff_ffff_ffffn;
const MASK_32 = 0xffff_ffffn;
const PRIME32_1 = 0x9e37_79b1n;
const PRIME32_2 = 0x85eb_ca77n;
const PRIME32_3 = 0xc2b2_ae3dn;
const PRIME_MX1 = 0x1656_6791_9e37_79f9n;
const PRIME_MX2 = 0x9fb2_1c65_1e98_df25n;

/** The specification's secret. */
const SECRET = base16Bytes(
  "b8fe6c3923a44bbe7c01812cf721ad1cded46de9839097db7240a4a4b7b3671fcb79e64eccc0e578825ad07dccff7221" +
    "b8084674f743248ee03590e6813a264c3c2852bb91c300cb88d0658b1b532ea371644897a20df94e3819ef46a9deacd8" +
    "a8fa763fe39c343ff9dcbbc7c70b4f1d8a51e04bcdb45931c89f7ec9d9787364eac5ac8334d3ebc3c581a0fffa1363eb" +
    "170ddd51b7f0da49d316552629d4689e2b16be587d47a1fc8ff8b8d17ad031ce45cb3a8f95160428afd7fbcabb4b407e",
)!;
const secret = new DataView(SECRET.buffer);

const STRIPE_BYTES = 64;
/** Each stripe moves the secret on by eight bytes. */
const STRIPES_PER_BLOCK = (SECRET.length - STRIPE_BYTES) / 8;

export function xxh3Of64(bytes: Uint8Array): bigint {
  const input = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = bytes.length;
  if (length === 0) return avalanche64(secretAt(56) ^ secretAt(64));
  if (length < 4) return avalanche64(BigInt(combinedBytes(bytes)) ^ (secret32(0) ^ secret32(4)));
  if (length <= 8) {
    const first = BigInt(input.getUint32(0, true));
    const last = BigInt(input.getUint32(length - 4, true));
    return rrmxmx(((first << 32n) + last) ^ (secretAt(8) ^ secretAt(16)), length);
  }
  if (length <= 16) {
    const low = input.getBigUint64(0, true) ^ secretAt(24) ^ secretAt(32);
    const high = input.getBigUint64(length - 8, true) ^ secretAt(40) ^ secretAt(48);
    return avalanche3((BigInt(length) + swapped(low) + high + folded(low, high)) & MASK);
  }
  if (length <= 128) return middle64(input, length);
  if (length <= 240) return long64(input, length);
  const lanes = accumulated(input, length);
  return merged(lanes, 11, (BigInt(length) * PRIME64_1) & MASK);
}

export function xxh3Of128(bytes: Uint8Array): bigint {
  const input = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = bytes.length;
  if (length === 0)
    return whole(avalanche64(secretAt(64) ^ secretAt(72)), avalanche64(secretAt(80) ^ secretAt(88)));
  if (length < 4) {
    const low = combinedBytes(bytes);
    const high = rotate32(swapped32(low), 13);
    return whole(
      avalanche64(BigInt(low) ^ (secret32(0) ^ secret32(4))),
      avalanche64(BigInt(high) ^ (secret32(8) ^ secret32(12))),
    );
  }
  if (length <= 8) return small128(input, length);
  if (length <= 16) return medium128(input, length);
  if (length <= 240) return length <= 128 ? middle128(input, length) : long128(input, length);
  const lanes = accumulated(input, length);
  return whole(
    merged(lanes, 11, (BigInt(length) * PRIME64_1) & MASK),
    merged(lanes, SECRET.length - STRIPE_BYTES - 11, ~(BigInt(length) * PRIME64_2) & MASK),
  );
}

/** One to three bytes and their number. */
function combinedBytes(bytes: Uint8Array): number {
  const { length } = bytes;
  return ((bytes[0]! << 16) | (bytes[length >> 1]! << 24) | bytes[length - 1]! | (length << 8)) >>> 0;
}

function rrmxmx(value: bigint, length: number): bigint {
  let hash = value ^ rotate(value, 49n) ^ rotate(value, 24n);
  hash = (hash * PRIME_MX2) & MASK;
  hash ^= (hash >> 35n) + BigInt(length);
  hash = (hash * PRIME_MX2) & MASK;
  return hash ^ (hash >> 28n);
}

function middle64(input: DataView, length: number): bigint {
  let hash = BigInt(length) * PRIME64_1;
  for (let round = (length - 1) >> 5; round >= 0; round--) {
    hash += mix16(input, 16 * round, 32 * round);
    hash += mix16(input, length - 16 * (round + 1), 32 * round + 16);
  }
  return avalanche3(hash & MASK);
}

function long64(input: DataView, length: number): bigint {
  let hash = BigInt(length) * PRIME64_1;
  for (let round = 0; round < 8; round++) hash += mix16(input, 16 * round, 16 * round);
  hash = avalanche3(hash & MASK);
  for (let round = 8; round < length >> 4; round++) hash += mix16(input, 16 * round, 16 * (round - 8) + 3);
  return avalanche3((hash + mix16(input, length - 16, 136 - 17)) & MASK);
}

function small128(input: DataView, length: number): bigint {
  const first = BigInt(input.getUint32(0, true));
  const last = BigInt(input.getUint32(length - 4, true));
  const keyed = ((last << 32n) + first) ^ (secretAt(16) ^ secretAt(24));
  const product = keyed * ((PRIME64_1 + (BigInt(length) << 2n)) & MASK);
  let low = product & MASK;
  let high = ((product >> 64n) + (low << 1n)) & MASK;
  low ^= high >> 3n;
  low = ((low ^ (low >> 35n)) * PRIME_MX2) & MASK;
  low ^= low >> 28n;
  high = avalanche3(high);
  return whole(low, high);
}

function medium128(input: DataView, length: number): bigint {
  const keyLow = secretAt(32) ^ secretAt(40);
  const keyHigh = secretAt(48) ^ secretAt(56);
  const first = input.getBigUint64(0, true);
  const last = input.getBigUint64(length - 8, true);
  const product = (first ^ last ^ keyLow) * PRIME64_1;
  let low = ((product & MASK) + (BigInt(length - 1) << 54n)) & MASK;
  let high = product >> 64n;
  const keyed = last ^ keyHigh;
  high = (high + keyed + (keyed & MASK_32) * (PRIME32_2 - 1n)) & MASK;
  low ^= swapped(high);
  const second = low * PRIME64_2;
  high = ((second >> 64n) + high * PRIME64_2) & MASK;
  return whole(avalanche3(second & MASK), avalanche3(high));
}

type Pair = [low: bigint, high: bigint];

function middle128(input: DataView, length: number): bigint {
  const pair: Pair = [(BigInt(length) * PRIME64_1) & MASK, 0n];
  for (let round = (length - 1) >> 5; round >= 0; round--)
    mix32(pair, input, 16 * round, length - 16 * (round + 1), 32 * round);
  return finished(pair, length);
}

function long128(input: DataView, length: number): bigint {
  const pair: Pair = [(BigInt(length) * PRIME64_1) & MASK, 0n];
  for (let round = 0; round < 4; round++) mix32(pair, input, 32 * round, 32 * round + 16, 32 * round);
  pair[0] = avalanche3(pair[0]);
  pair[1] = avalanche3(pair[1]);
  for (let round = 4; round < length >> 5; round++)
    mix32(pair, input, 32 * round, 32 * round + 16, 32 * (round - 4) + 3);
  mix32(pair, input, length - 16, length - 32, 136 - 17 - 16);
  return finished(pair, length);
}

function mix32(pair: Pair, input: DataView, first: number, second: number, key: number): void {
  const one = input.getBigUint64(first, true) + input.getBigUint64(first + 8, true);
  const two = input.getBigUint64(second, true) + input.getBigUint64(second + 8, true);
  pair[0] = ((pair[0] + mix16(input, first, key)) & MASK) ^ (two & MASK);
  pair[1] = ((pair[1] + mix16(input, second, key + 16)) & MASK) ^ (one & MASK);
}

function finished([low, high]: Pair, length: number): bigint {
  const sum = (low + high) & MASK;
  const mixed = (low * PRIME64_1 + high * PRIME64_4 + BigInt(length) * PRIME64_2) & MASK;
  return whole(avalanche3(sum), -avalanche3(mixed) & MASK);
}

function mix16(input: DataView, at: number, key: number): bigint {
  return folded(
    input.getBigUint64(at, true) ^ secretAt(key),
    input.getBigUint64(at + 8, true) ^ secretAt(key + 8),
  );
}

/** Eight lanes over all of a long input. */
function accumulated(input: DataView, length: number): bigint[] {
  const lanes = [PRIME32_3, PRIME64_1, PRIME64_2, PRIME64_3, PRIME64_4, PRIME32_2, PRIME64_5, PRIME32_1];
  const stripes = Math.floor((length - 1) / STRIPE_BYTES);
  for (let stripe = 0; stripe < stripes; stripe++) {
    const within = stripe % STRIPES_PER_BLOCK;
    accumulate(lanes, input, stripe * STRIPE_BYTES, 8 * within);
    if (within === STRIPES_PER_BLOCK - 1) scramble(lanes);
  }
  accumulate(lanes, input, length - STRIPE_BYTES, SECRET.length - STRIPE_BYTES - 7);
  return lanes;
}

function accumulate(lanes: bigint[], input: DataView, at: number, key: number): void {
  for (let lane = 0; lane < 8; lane++) {
    const value = input.getBigUint64(at + 8 * lane, true);
    const keyed = value ^ secretAt(key + 8 * lane);
    lanes[lane ^ 1] = (lanes[lane ^ 1]! + value) & MASK;
    lanes[lane] = (lanes[lane]! + (keyed & MASK_32) * (keyed >> 32n)) & MASK;
  }
}

function scramble(lanes: bigint[]): void {
  for (let lane = 0; lane < 8; lane++) {
    const value = lanes[lane]! ^ (lanes[lane]! >> 47n) ^ secretAt(SECRET.length - STRIPE_BYTES + 8 * lane);
    lanes[lane] = (value * PRIME32_1) & MASK;
  }
}

function merged(lanes: readonly bigint[], key: number, start: bigint): bigint {
  let hash = start;
  for (let pair = 0; pair < 4; pair++)
    hash += folded(
      lanes[2 * pair]! ^ secretAt(key + 16 * pair),
      lanes[2 * pair + 1]! ^ secretAt(key + 16 * pair + 8),
    );
  return avalanche3(hash & MASK);
}

function avalanche3(value: bigint): bigint {
  const hash = ((value ^ (value >> 37n)) * PRIME_MX1) & MASK;
  return hash ^ (hash >> 32n);
}

/** Both halves of the product. */
function folded(left: bigint, right: bigint): bigint {
  const product = left * right;
  return (product & MASK) ^ (product >> 64n);
}

function whole(low: bigint, high: bigint): bigint {
  return (high << 64n) | low;
}

function secretAt(at: number): bigint {
  return secret.getBigUint64(at, true);
}

function secret32(at: number): bigint {
  return BigInt(secret.getUint32(at, true));
}

function rotate(word: bigint, bits: bigint): bigint {
  return ((word << bits) | (word >> (64n - bits))) & MASK;
}

/** Its bytes in the other order. */
function swapped(word: bigint): bigint {
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, word);
  return view.getBigUint64(0, true);
}

function swapped32(word: number): number {
  return (((word & 0xff) << 24) | ((word & 0xff_00) << 8) | ((word >>> 8) & 0xff_00) | (word >>> 24)) >>> 0;
}

function rotate32(word: number, bits: number): number {
  return ((word << bits) | (word >>> (32 - bits))) >>> 0;
}
