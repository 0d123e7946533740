/** xxHash of 32 bits with the seed 0 (https://github.com/Cyan4973/xxHash). */
const PRIME_1 = 0x9e_37_79_b1;
const PRIME_2 = 0x85_eb_ca_77;
const PRIME_3 = 0xc2_b2_ae_3d;
const PRIME_4 = 0x27_d4_eb_2f;
const PRIME_5 = 0x16_56_67_b1;
const STRIPE_BYTES = 16;

/** Without a sign. */
export function xxh32(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  let hash = PRIME_5;
  if (bytes.length >= STRIPE_BYTES) {
    const lanes = [PRIME_1 + PRIME_2, PRIME_2, 0, -PRIME_1];
    for (; at + STRIPE_BYTES <= bytes.length; at += STRIPE_BYTES) {
      for (let lane = 0; lane < 4; lane++) {
        const word = view.getUint32(at + 4 * lane, true);
        lanes[lane] = Math.imul(rotate((lanes[lane]! + Math.imul(word, PRIME_2)) | 0, 13), PRIME_1);
      }
    }
    hash = rotate(lanes[0]!, 1) + rotate(lanes[1]!, 7) + rotate(lanes[2]!, 12) + rotate(lanes[3]!, 18);
  }
  hash = (hash + bytes.length) | 0;
  for (; at + 4 <= bytes.length; at += 4)
    hash = Math.imul(rotate((hash + Math.imul(view.getUint32(at, true), PRIME_3)) | 0, 17), PRIME_4);
  for (; at < bytes.length; at++)
    hash = Math.imul(rotate((hash + Math.imul(bytes[at]!, PRIME_5)) | 0, 11), PRIME_1);
  hash = Math.imul(hash ^ (hash >>> 15), PRIME_2);
  hash = Math.imul(hash ^ (hash >>> 13), PRIME_3);
  return (hash ^ (hash >>> 16)) >>> 0;
}

function rotate(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}
