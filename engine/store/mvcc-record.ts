import { crc32 } from "node:zlib";
import { StoreError } from "./mvcc.ts";
import type { Version } from "./version-index.ts";

/** The first byte of every key in the file says what it is for. */
const META_PREFIX = 0x6d; // "m"
const RECORD_PREFIX = 0x72; // "r"
const LEASE_PREFIX = 0x6c; // "l"

/** Prefix 1, revision 8, ordinal 4. */
export const RECORD_KEY_BYTES: number = 13;
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
function metaKey(name: string): Buffer {
  return Buffer.concat([Buffer.of(META_PREFIX), Buffer.from(name, "latin1")]);
}

/** The file's key of one record: big-endian, so that LMDB keeps records in order of revision. */
export function recordKey(place: Place): Buffer {
  const key = Buffer.allocUnsafe(RECORD_KEY_BYTES);
  writeRecordKey(key, place, 0);
  return key;
}

/** Whether the file's key is that of a record. */
export function isRecordKey(key: Uint8Array): boolean {
  return key[0] === RECORD_PREFIX;
}

interface Place {
  readonly revision: number;
  readonly ordinal: number;
}

export function writeRecordKey(target: Buffer, { revision, ordinal }: Place, at: number): void {
  target[at] = RECORD_PREFIX;
  writeInteger(target, revision, at + 1);
  target.writeUInt32BE(ordinal, at + 9);
}

/** 8 bytes, big-endian, without the cost of a bigint. */
export function writeInteger(target: Buffer, value: number, at: number): void {
  target.writeUInt32BE(Math.floor(value / 2 ** 32), at);
  target.writeUInt32BE(value >>> 0, at + 4);
}

/** What `writeInteger` wrote. */
export function readInteger(source: Buffer, at: number): number {
  return source.readUInt32BE(at) * 2 ** 32 + source.readUInt32BE(at + 4);
}

export const FORMAT_KEY: Buffer = metaKey("format");
export const COMPACTED_KEY: Buffer = metaKey("compacted");
export const NO_SPACE_KEY: Buffer = metaKey("no-space");
export const NOTE_KEY: Buffer = metaKey("note");
export const PROBE_KEY: Buffer = metaKey("probe");
export const STORE_ID_KEY: Buffer = metaKey("store-id");
export const CHECKPOINT_KEY: Buffer = metaKey("checkpoint");

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

/** Bytes of whoever serves the store, with a checksum before them. */
export function encodeNote(key: Uint8Array, note: Uint8Array): Buffer {
  const record = Buffer.concat([Buffer.alloc(4), note]);
  record.writeUInt32BE(checksum(key, record));
  return record;
}

/** StoreError `corrupt` where the checksum does not match. The result is a copy. */
export function decodeNote(key: Uint8Array, record: Buffer): Uint8Array {
  if (record.length < 4 || record.readUInt32BE() !== checksum(key, record)) throw corrupt(key);
  return Buffer.from(record.subarray(4));
}

/** What is in the file with a checksum of its own: one that is missing is noticed by this. */
export interface Contents {
  readonly records: number;
  /** All checksums, combined by exclusive or. */
  readonly digest: number;
}

/** What the log has brought into the file. */
export interface Checkpoint extends Contents {
  /** Of the last commit that is in it. */
  readonly sequence: number;
}

/** Drawn when a directory gets its log: a log of another store is not taken for its own. */
export const STORE_ID_BYTES: number = 16;
const CHECKPOINT_RECORD_BYTES = 24;

export function encodeCheckpoint({ sequence, records, digest }: Checkpoint): Buffer {
  const record = Buffer.allocUnsafe(CHECKPOINT_RECORD_BYTES);
  writeInteger(record, sequence, 4);
  writeInteger(record, records, 12);
  record.writeInt32BE(digest, 20);
  sealRecord(CHECKPOINT_KEY, record);
  return record;
}

/** StoreError `corrupt` where the checksum does not match. */
export function decodeCheckpoint(record: Buffer): Checkpoint {
  const known = record.length === CHECKPOINT_RECORD_BYTES;
  if (!known || record.readUInt32BE() !== checksum(CHECKPOINT_KEY, record)) throw corrupt(CHECKPOINT_KEY);
  return {
    sequence: readInteger(record, 4),
    records: readInteger(record, 12),
    digest: record.readInt32BE(20),
  };
}

export function leaseIdOf(key: Uint8Array): bigint {
  return Buffer.from(key).readBigInt64BE(1);
}

/** The length of a record, known before it is made. */
export function recordBytes(key: string, value: Uint8Array): number {
  return HEADER_BYTES + key.length + value.length;
}

/** Writes a record of `version.bytes` bytes but for its checksum, which `sealRecord` sets; how long its value is. */
export function writeRecord(target: Buffer, version: Version, value: Uint8Array, at: number): number {
  target.writeUInt32BE(0, at);
  target[at + 4] = version.deleted ? DELETE : PUT;
  writeInteger(target, version.createRevision, at + 5);
  writeInteger(target, version.version, at + 13);
  if (version.lease === 0n) target.fill(0, at + 21, at + 29);
  else target.writeBigInt64BE(version.lease, at + 21);
  target.writeUInt32BE(version.key.length, at + 29);
  target.write(version.key, at + HEADER_BYTES, "latin1");
  target.set(value, at + HEADER_BYTES + version.key.length);
  return value.length;
}

/** Sets a record's checksum and returns it. */
export function sealRecord(key: Uint8Array, record: Buffer): number {
  const sum = checksum(key, record);
  record.writeUInt32BE(sum);
  return sum;
}

export function encodeRecord(version: Version, value: Uint8Array): Buffer {
  const record = Buffer.allocUnsafe(version.bytes);
  writeRecord(record, version, value, 0);
  sealRecord(recordKey(version), record);
  return record;
}

/** A million records without a lease share one bigint. */
function readLease(record: Buffer, at: number): bigint {
  return record.readInt32BE(at) === 0 && record.readInt32BE(at + 4) === 0 ? 0n : record.readBigInt64BE(at);
}

/** Checks a record and reads all of it but its value; StoreError `corrupt` where its checksum does not match. */
export function decodeRecord(key: Buffer, record: Buffer): Version {
  const kind = record[4];
  const leased = kind === PUT || kind === DELETE;
  const header = leased ? HEADER_BYTES : HEADER_UNLEASED_BYTES;
  if (
    key.length !== RECORD_KEY_BYTES ||
    record.length < header ||
    record.readUInt32BE() !== checksum(key, record)
  ) {
    throw corrupt(key);
  }
  const valueStart = header + (leased ? record.readUInt32BE(29) : record.readUInt16BE(21));
  const known = leased || kind === PUT_UNLEASED || kind === DELETE_UNLEASED;
  if (!known || valueStart > record.length) throw corrupt(key);
  const deleted = kind === DELETE || kind === DELETE_UNLEASED;
  return {
    key: record.toString("latin1", header, valueStart),
    revision: readInteger(key, 1),
    ordinal: key.readUInt32BE(9),
    createRevision: deleted ? 0 : readInteger(record, 5),
    version: readInteger(record, 13),
    lease: leased ? readLease(record, 21) : 0n,
    deleted,
    bytes: record.length,
    value: undefined,
  };
}

/** The value in a record that `decodeRecord` has checked. */
export function valueIn(record: Buffer, { key }: Version): Buffer {
  const leased = record[4] === PUT || record[4] === DELETE;
  return record.subarray((leased ? HEADER_BYTES : HEADER_UNLEASED_BYTES) + key.length);
}
