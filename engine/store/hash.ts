import type { KeyValue } from "./mvcc.ts";

/** The Castagnoli polynomial, its bits in reverse (RFC 3720). */
const POLYNOMIAL = 0x82f63b78;
const TABLE: Uint32Array = new Uint32Array(256).map((_, byte) => {
  let remainder = byte;
  for (let bit = 0; bit < 8; bit++) remainder = (remainder >>> 1) ^ (remainder & 1 ? POLYNOMIAL : 0);
  return remainder;
});

/** CRC-32C of what came before, `before`, and `bytes`. */
export function crc32c(bytes: Uint8Array, before = 0): number {
  let remainder = ~before;
  for (const byte of bytes) remainder = TABLE[(remainder ^ byte) & 0xff]! ^ (remainder >>> 8);
  return ~remainder >>> 0;
}

/** Lengths, numbers and bytes of each key in order, so that no two states look the same. */
export function hashOf(kvs: Iterable<KeyValue>): number {
  let hash = 0;
  const numbers = Buffer.alloc(40);
  for (const { key, value, createRevision, modRevision, version, lease } of kvs) {
    numbers.writeUInt32BE(key.length, 0);
    numbers.writeUInt32BE(value.length, 4);
    numbers.writeBigUInt64BE(BigInt(createRevision), 8);
    numbers.writeBigUInt64BE(BigInt(modRevision), 16);
    numbers.writeBigUInt64BE(BigInt(version), 24);
    numbers.writeBigInt64BE(lease, 32);
    hash = crc32c(value, crc32c(Buffer.from(key, "latin1"), crc32c(numbers, hash)));
  }
  return hash;
}
