import { crc32 } from "node:zlib";
import { readInteger, STORE_ID_BYTES, writeInteger } from "./mvcc-record.ts";

/** Names every file of the log, with the version of its format. */
const MAGIC = Buffer.from("plnthwl1", "latin1");
const CHECKSUM_AT = MAGIC.length + STORE_ID_BYTES + 16;

/** A header has a sector of its own, which a disk writes whole or not at all; frames begin behind it. */
export const SEGMENT_HEADER_BYTES: number = 512;

/** The use of a file of the log, by its header: magic (8), store (16), number (8), first frame (8), CRC-32 (4), zeros. */
export interface SegmentHeader {
  /** Rises from one segment to the next. */
  readonly number: number;
  /** Sequence number of its first frame, whether it is there yet or not. Of the segment before, no frame from this on counts. */
  readonly first: number;
  /** What its frames' checksums go on from: it differs from one use of the file to the next. */
  readonly salt: number;
}

export function encodeHeader(
  store: Uint8Array,
  number: number,
  first: number,
): { bytes: Buffer; salt: number } {
  const bytes = Buffer.alloc(SEGMENT_HEADER_BYTES);
  bytes.set(MAGIC, 0);
  bytes.set(store, MAGIC.length);
  writeInteger(bytes, number, MAGIC.length + STORE_ID_BYTES);
  writeInteger(bytes, first, MAGIC.length + STORE_ID_BYTES + 8);
  const salt = crc32(bytes.subarray(0, CHECKSUM_AT));
  bytes.writeUInt32BE(salt, CHECKSUM_AT);
  return { bytes, salt };
}

/** "blank": never used; "foreign": another store's; "broken": not as written. */
export function decodeHeader(
  store: Uint8Array,
  bytes: Buffer,
): SegmentHeader | "blank" | "foreign" | "broken" {
  if (bytes.every((byte) => byte === 0)) return "blank";
  if (bytes.length < SEGMENT_HEADER_BYTES) return "broken";
  const salt = crc32(bytes.subarray(0, CHECKSUM_AT));
  const known = bytes.subarray(0, MAGIC.length).equals(MAGIC);
  if (!known || bytes.readUInt32BE(CHECKSUM_AT) !== salt) return "broken";
  const storeEnd = MAGIC.length + STORE_ID_BYTES;
  if (!bytes.subarray(MAGIC.length, storeEnd).equals(store)) return "foreign";
  return { number: readInteger(bytes, storeEnd), first: readInteger(bytes, storeEnd + 8), salt };
}
