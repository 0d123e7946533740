import { crc32 } from "node:zlib";
import { StoreError } from "./mvcc.ts";
import type { Version } from "./version-index.ts";

/** The first byte of every key in the file says what it is for. */
const META_PREFIX = 0x6d; // "m"
const RECORD_PREFIX = 0x72; // "r"
const LEASE_PREFIX = 0x6c; // "l"

const KEY_BYTES = 13;
/** Kinds of records without a lease, which `plinth-store/1` wrote and which stay readable. */
const PUT_UNLEASED = 1;
const DELETE_UNLEASED = 2;
const PUT = 3;
const DELETE = 4;
/** checksum 4, kind 1, create revision 8, version 8, key length 2. */
const HEADER_UNLEASED_BYTES = 23;
/** checksum 4, kind 1, create revision 8, version 8, lease 8, key length 4. */
const HEADER_BYTES = 33;

/** The file's key of a fact about the store itself. */
export function metaKey(name: string): Buffer {
  return Buffer.concat([Buffer.of(META_PREFIX), Buffer.from(name, "latin1")]);
}

/** The file's key of one record: big-endian, so that LMDB keeps records in order of revision. */
export function recordKey({ revision, ordinal }: { revision: number; ordinal: number }): Buffer {
  const key = Buffer.allocUnsafe(KEY_BYTES);
  key[0] = RECORD_PREFIX;
  key.writeBigUInt64BE(BigInt(revision), 1);
  key.writeUInt32BE(ordinal, 9);
  return key;
}

export function leaseKey(id: bigint): Buffer {
  const key = Buffer.allocUnsafe(9);
  key[0] = LEASE_PREFIX;
  key.writeBigInt64BE(id, 1);
  return key;
}

export const RECORDS: { readonly start: Uint8Array; readonly end: Uint8Array } = {
  start: recordKey({ revision: 0, ordinal: 0 }),
  end: Buffer.of(RECORD_PREFIX + 1),
};
export const LEASES: { readonly start: Uint8Array; readonly end: Uint8Array } = {
  start: Buffer.of(LEASE_PREFIX),
  end: Buffer.of(LEASE_PREFIX + 1),
};

/** The checksum covers the file's key too: a record found in another one's place is as wrong as a flipped bit. */
function checksum(key: Uint8Array, record: Uint8Array): number {
  return crc32(record.subarray(4), crc32(key));
}

function corrupt(key: Uint8Array): StoreError {
  return new StoreError(
    "corrupt",
    `Cannot read record ${Buffer.from(key).toString("hex")}: its checksum does not match. ` +
      "The disk or something else changed the store's file; restore the last backup",
  );
}

/** A number of the store's own (a lease's TTL, the compacted revision) with a checksum before it. */
export function encodeNumber(key: Uint8Array, number: number): Buffer {
  const record = Buffer.allocUnsafe(12);
  record.writeBigUInt64BE(BigInt(number), 4);
  record.writeUInt32BE(checksum(key, record));
  return record;
}

/** StoreError `corrupt` where the checksum does not match. */
export function decodeNumber(key: Uint8Array, record: Buffer): number {
  if (record.length !== 12 || record.readUInt32BE() !== checksum(key, record)) throw corrupt(key);
  return Number(record.readBigUInt64BE(4));
}

export function leaseIdOf(key: Uint8Array): bigint {
  return Buffer.from(key).readBigInt64BE(1);
}

/** The length of a record, known before it is made. */
export function recordBytes(key: string, value: Uint8Array): number {
  return HEADER_BYTES + key.length + value.length;
}

export function encodeRecord(version: Version, value: Uint8Array): Buffer {
  const record = Buffer.allocUnsafe(version.bytes);
  record[4] = version.deleted ? DELETE : PUT;
  record.writeBigUInt64BE(BigInt(version.createRevision), 5);
  record.writeBigUInt64BE(BigInt(version.version), 13);
  record.writeBigInt64BE(version.lease, 21);
  record.writeUInt32BE(version.key.length, 29);
  record.write(version.key, HEADER_BYTES, "latin1");
  record.set(value, HEADER_BYTES + version.key.length);
  record.writeUInt32BE(checksum(recordKey(version), record));
  return record;
}

/** Checks a record and reads it; StoreError `corrupt` where its checksum does not match. */
export function decodeRecord(place: Uint8Array, record: Buffer): { version: Version; value: Buffer } {
  const key = Buffer.from(place);
  const kind = record[4];
  const leased = kind === PUT || kind === DELETE;
  const header = leased ? HEADER_BYTES : HEADER_UNLEASED_BYTES;
  if (key.length !== KEY_BYTES || record.length < header || record.readUInt32BE() !== checksum(key, record)) {
    throw corrupt(key);
  }
  const valueStart = header + (leased ? record.readUInt32BE(29) : record.readUInt16BE(21));
  const known = leased || kind === PUT_UNLEASED || kind === DELETE_UNLEASED;
  if (!known || valueStart > record.length) throw corrupt(key);
  const deleted = kind === DELETE || kind === DELETE_UNLEASED;
  const version: Version = {
    key: record.toString("latin1", header, valueStart),
    revision: Number(key.readBigUInt64BE(1)),
    ordinal: key.readUInt32BE(9),
    createRevision: deleted ? 0 : Number(record.readBigUInt64BE(5)),
    version: Number(record.readBigUInt64BE(13)),
    lease: leased ? record.readBigInt64BE(21) : 0n,
    deleted,
    bytes: record.length,
    value: undefined,
  };
  return { version, value: record.subarray(valueStart) };
}
