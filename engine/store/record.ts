import { crc32 } from "node:zlib";
import { Fault } from "@plinth/fault";
import type { Version } from "./key-index.ts";

/** The first byte of every key in the file says what it is for. */
const META_PREFIX = 0x6d; // "m"
const RECORD_PREFIX = 0x72; // "r"

const KEY_BYTES = 13;
const PUT = 1;
const DELETE = 2;
/** checksum 4, kind 1, create revision 8, version 8, key length 2. */
const HEADER_BYTES = 23;

/** The file's key of a fact about the store itself. */
export function metaKey(name: string): Buffer {
  return Buffer.concat([Buffer.of(META_PREFIX), Buffer.from(name, "latin1")]);
}

/** The file's key of one record: big-endian, so that LMDB keeps records in order of revision. */
export function recordKey(revision: number, ordinal: number): Buffer {
  const key = Buffer.allocUnsafe(KEY_BYTES);
  key[0] = RECORD_PREFIX;
  key.writeBigUInt64BE(BigInt(revision), 1);
  key.writeUInt32BE(ordinal, 9);
  return key;
}

export const firstRecordKey: Uint8Array = recordKey(0, 0);
export const endOfRecords: Uint8Array = Buffer.of(RECORD_PREFIX + 1);

/** The length of a record, known before it is made. */
export function recordBytes(key: string, value: Uint8Array): number {
  return HEADER_BYTES + Buffer.byteLength(key) + value.length;
}

export function encodeRecord(version: Version, value: Uint8Array): Buffer {
  const record = Buffer.allocUnsafe(version.bytes);
  const keyBytes = version.bytes - HEADER_BYTES - value.length;
  record[4] = version.deleted ? DELETE : PUT;
  record.writeBigUInt64BE(BigInt(version.createRevision), 5);
  record.writeBigUInt64BE(BigInt(version.version), 13);
  record.writeUInt16BE(keyBytes, 21);
  record.write(version.key, HEADER_BYTES, keyBytes, "utf8");
  record.set(value, HEADER_BYTES + keyBytes);
  record.writeUInt32BE(checksum(recordKey(version.revision, version.ordinal), record));
  return record;
}

/** The checksum covers the file's key too: a record found in another one's place is as wrong as a flipped bit. */
function checksum(key: Uint8Array, record: Uint8Array): number {
  return crc32(record.subarray(4), crc32(key));
}

/** Reads a record's header and checks the whole record. */
export function decodeRecord(key: Uint8Array, record: Buffer): { version: Version; value: Buffer } {
  const place = Buffer.from(key);
  const keyBytes = record.length < HEADER_BYTES ? Infinity : record.readUInt16BE(21);
  if (
    place.length !== KEY_BYTES ||
    HEADER_BYTES + keyBytes > record.length ||
    record.readUInt32BE() !== checksum(key, record)
  ) {
    throw new Fault("corrupt", `Cannot read record ${place.toString("hex")}: its checksum does not match`, {
      hint: "Restore the last backup: the disk or something else changed the store's file.",
    });
  }
  const version: Version = {
    key: record.toString("utf8", HEADER_BYTES, HEADER_BYTES + keyBytes),
    revision: Number(place.readBigUInt64BE(1)),
    ordinal: place.readUInt32BE(9),
    createRevision: Number(record.readBigUInt64BE(5)),
    version: Number(record.readBigUInt64BE(13)),
    deleted: record[4] === DELETE,
    bytes: record.length,
  };
  return { version, value: record.subarray(HEADER_BYTES + keyBytes) };
}
