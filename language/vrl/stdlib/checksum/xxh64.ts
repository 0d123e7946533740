/** xxHash of 64 bits with the seed 0 (https://github.com/Cyan4973/xxHash). */
export const PRIME64_1 = 0x9e37_79b1_85eb_ca87n;
export const PRIME64_2 = 0xc2b2_ae3d_27d4_eb4fn;
export const PRIME64_3 = 0x1656_67b1_9e37_79f9n;
export const PRIME64_4 = 0x85eb_ca77_c2b2_ae63n;
export const PRIME64_5 = 0x27d4_eb2f_1656_67c5n;

const MASK = 0xffff_ffff_ffff_ffffn;
const STRIPE_BYTES = 32;

/** Without a sign. */
export function xxh64(bytes: Uint8Array): bigint {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  let hash = PRIME64_5;
  if (bytes.length >= STRIPE_BYTES) {
    const lanes = [(PRIME64_1 + PRIME64_2) & MASK, PRIME64_2, 0n, -PRIME64_1 & MASK];
    for (; at + STRIPE_BYTES <= bytes.length; at += STRIPE_BYTES) {
      for (let lane = 0; lane < 4; lane++)
        lanes[lane] = round(lanes[lane]!, view.getBigUint64(at + 8 * lane, true));
    }
    hash = rotate(lanes[0]!, 1n) + rotate(lanes[1]!, 7n) + rotate(lanes[2]!, 12n) + rotate(lanes[3]!, 18n);
    for (const lane of lanes) hash = (((hash & MASK) ^ round(0n, lane)) * PRIME64_1 + PRIME64_4) & MASK;
  }
  hash = (hash + BigInt(bytes.length)) & MASK;
  for (; at + 8 <= bytes.length; at += 8)
    hash = (rotate(hash ^ round(0n, view.getBigUint64(at, true)), 27n) * PRIME64_1 + PRIME64_4) & MASK;
  if (at + 4 <= bytes.length) {
    hash =
      (rotate(hash ^ ((BigInt(view.getUint32(at, true)) * PRIME64_1) & MASK), 23n) * PRIME64_2 + PRIME64_3) &
      MASK;
    at += 4;
  }
  for (; at < bytes.length; at++)
    hash = (rotate(hash ^ ((BigInt(bytes[at]!) * PRIME64_5) & MASK), 11n) * PRIME64_1) & MASK;
  return avalanche64(hash);
}

export function avalanche64(value: bigint): bigint {
  let hash = ((value ^ (value >> 33n)) * PRIME64_2) & MASK;
  hash = ((hash ^ (hash >> 29n)) * PRIME64_3) & MASK;
  return hash ^ (hash >> 32n);
}

function round(lane: bigint, input: bigint): bigint {
  return (rotate((lane + input * PRIME64_2) & MASK, 31n) * PRIME64_1) & MASK;
}

function rotate(word: bigint, bits: bigint): bigint {
  return ((word << bits) | (word >> (64n - bits))) & MASK;
}
