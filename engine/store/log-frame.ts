import { crc32 } from "node:zlib";
import { FRAME_ARENA_BYTES, FRAME_BYTES_MAX } from "./limits.ts";
import {
  encodeNote,
  NOTE_KEY,
  COMPACTED_KEY,
  encodeNumber,
  leaseKey,
  NO_SPACE_KEY,
  readInteger,
  RECORD_KEY_BYTES,
  writeInteger,
  writeRecord,
  writeRecordKey,
} from "./mvcc-record.ts";
import type { Commit } from "./record-file.ts";
import { StoreError } from "./mvcc.ts";

/**
 * A frame is one commit: CRC-32 of all behind it (4), bytes of its operations (4), sequence number (8), operations, and
 * zeros up to a multiple of 8. The checksum goes on from its segment's, so what a file held before it was used again is
 * never taken for a frame. An operation is its kind (1), bytes of the key (1) and of the value (4), key, value.
 */
export const FRAME_HEADER_BYTES: number = 16;
const OPERATION_HEADER_BYTES = 6;
const ALIGNMENT = 8;
/** A frame further on than this is none: it bounds what a search for frames takes for one. */
const SEQUENCE_SPAN = 2 ** 32;

/** A record, whose own checksum (the first four bytes of its value) is left to the checkpoint. */
export const RECORD = 1;
export const PUT = 2;
export const REMOVE = 3;

const NO_VALUE = new Uint8Array(0);

export const alignedBytes = (bytes: number): number => Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;

interface Fact {
  readonly kind: number;
  readonly key: Buffer;
  readonly value: Uint8Array;
}

/** What a commit changes besides records. */
function factsOf({ granted, revoked, compactedRevision, noSpace, note }: Commit): Fact[] {
  const facts: Fact[] = [];
  for (const [id, ttl] of granted) {
    const key = leaseKey(id);
    facts.push({ kind: PUT, key, value: encodeNumber(key, ttl) });
  }
  for (const id of revoked) facts.push({ kind: REMOVE, key: leaseKey(id), value: NO_VALUE });
  if (compactedRevision !== undefined) {
    facts.push({ kind: PUT, key: COMPACTED_KEY, value: encodeNumber(COMPACTED_KEY, compactedRevision) });
  }
  if (noSpace === true) facts.push({ kind: PUT, key: NO_SPACE_KEY, value: encodeNumber(NO_SPACE_KEY, 1) });
  if (noSpace === false) facts.push({ kind: REMOVE, key: NO_SPACE_KEY, value: NO_VALUE });
  if (note !== undefined) facts.push({ kind: PUT, key: NOTE_KEY, value: encodeNote(NOTE_KEY, note) });
  return facts;
}

function writeHeader(frame: Buffer, at: number, kind: number, keyBytes: number, valueBytes: number): number {
  frame[at] = kind;
  frame[at + 1] = keyBytes;
  frame.writeUInt32BE(valueBytes, at + 2);
  return at + OPERATION_HEADER_BYTES;
}

/**
 * Encodes commits, each copied once. A version's value becomes a view of its frame, so that what it came in with (a
 * client's request) is not kept alive by it. Frames share memory taken in pieces.
 */
export class FrameEncoder {
  #arena: Buffer = Buffer.alloc(0);

  /** A whole frame but for its checksum, which `sealFrame` sets. */
  encode(commit: Commit, sequence: number): Buffer {
    const facts = factsOf(commit);
    const operationBytes = OPERATION_HEADER_BYTES + RECORD_KEY_BYTES;
    let bytes = (commit.writes.length + commit.removals.length) * operationBytes;
    for (const version of commit.writes) bytes += version.bytes;
    for (const { key, value } of facts) bytes += OPERATION_HEADER_BYTES + key.length + value.length;
    const frame = this.#take(alignedBytes(FRAME_HEADER_BYTES + bytes));
    frame.writeUInt32BE(bytes, 4);
    writeInteger(frame, sequence, 8);
    let at = FRAME_HEADER_BYTES;
    for (const version of commit.writes) {
      at = writeHeader(frame, at, RECORD, RECORD_KEY_BYTES, version.bytes);
      writeRecordKey(frame, version, at);
      at += RECORD_KEY_BYTES;
      const valueBytes = writeRecord(frame, version, version.value!, at);
      at += version.bytes;
      version.value = valueBytes === 0 ? NO_VALUE : frame.subarray(at - valueBytes, at);
    }
    for (const version of commit.removals) {
      at = writeHeader(frame, at, REMOVE, RECORD_KEY_BYTES, 0);
      writeRecordKey(frame, version, at);
      at += RECORD_KEY_BYTES;
    }
    for (const { kind, key, value } of facts) {
      at = writeHeader(frame, at, kind, key.length, value.length);
      frame.set(key, at);
      frame.set(value, at + key.length);
      at += key.length + value.length;
    }
    return frame.fill(0, at);
  }

  #take(bytes: number): Buffer {
    if (bytes > FRAME_BYTES_MAX) throw new RangeError(`a commit of ${bytes} bytes is too large for the log`);
    if (bytes > FRAME_ARENA_BYTES) return Buffer.allocUnsafeSlow(bytes);
    if (bytes > this.#arena.length) this.#arena = Buffer.allocUnsafeSlow(FRAME_ARENA_BYTES);
    const frame = this.#arena.subarray(0, bytes);
    this.#arena = this.#arena.subarray(bytes);
    return frame;
  }
}

/** Gives a frame its checksum, which goes on from its segment's. */
export function sealFrame(frame: Buffer, salt: number): void {
  frame.writeUInt32BE(crc32(frame.subarray(4), salt));
}

/** Where the frame at `at` ends; 0: there is no whole frame of that number. */
export function endOfFrame(bytes: Buffer, at: number, salt: number, sequence: number): number {
  if (at + FRAME_HEADER_BYTES > bytes.length || readInteger(bytes, at + 8) !== sequence) return 0;
  const end = at + alignedBytes(FRAME_HEADER_BYTES + bytes.readUInt32BE(at + 4));
  if (end > bytes.length || bytes.readUInt32BE(at) !== crc32(bytes.subarray(at + 4, end), salt)) return 0;
  return end;
}

/** The first place from `at` on with a whole frame of a number above `sequence`; -1: there is none. */
export function findFrameBehind(bytes: Buffer, at: number, salt: number, sequence: number): number {
  for (let place = at; place + FRAME_HEADER_BYTES <= bytes.length; place += ALIGNMENT) {
    const found = readInteger(bytes, place + 8);
    if (found <= sequence || found > sequence + SEQUENCE_SPAN) continue;
    if (endOfFrame(bytes, place, salt, found) > 0) return place;
  }
  return -1;
}

/** Calls back for each operation of a whole frame, with views of it. */
export function readOperations(
  frame: Buffer,
  visit: (kind: number, key: Buffer, value: Buffer) => void,
): void {
  const end = FRAME_HEADER_BYTES + frame.readUInt32BE(4);
  let at = FRAME_HEADER_BYTES;
  while (at < end) {
    const keyAt = at + OPERATION_HEADER_BYTES;
    const valueAt = keyAt + (frame[at + 1] ?? 0);
    const next = valueAt + (keyAt <= end ? frame.readUInt32BE(at + 2) : Infinity);
    if (next > end)
      throw new StoreError("corrupt", "Cannot read the log: an operation goes beyond its commit");
    visit(frame[at]!, frame.subarray(keyAt, valueAt), frame.subarray(valueAt, next));
    at = next;
  }
}
