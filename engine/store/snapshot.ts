import { mkdirSync, renameSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { crc32 } from "node:zlib";
import { Fault } from "@plinth/fault";
import { syncDirectory } from "@plinth/file";
import {
  RESTORE_BYTES_PER_COMMIT,
  RESTORE_PAIRS_PER_COMMIT,
  SNAPSHOT_CHUNK_BYTES,
  SNAPSHOT_PAIR_BYTES_MAX,
} from "./limits.ts";
import { openMvccFile } from "./mvcc-file.ts";
import { decodeRecord, isRecordKey } from "./mvcc-record.ts";
import type { Pair } from "./record-file.ts";
import { StoreError } from "./mvcc.ts";
import { PADDING_BYTES_MAX, unsealSnapshot } from "./sealed-snapshot.ts";

/**
 * A snapshot is this line, then every pair of the file as key length (4), value length (4), key, value; then eight zero
 * bytes, the number of pairs (8), and CRC-32 of all before it (4). Integers are big-endian.
 */
const HEADER = Buffer.from("plinth-store-snapshot/1\n");
const PAIR_HEADER_BYTES = 8;
const TRAILER_BYTES = 12;

/** Encodes pairs, some to a chunk. */
export async function* writeSnapshot(pairs: AsyncIterable<Pair>): AsyncGenerator<Uint8Array> {
  let checksum = crc32(HEADER);
  yield HEADER;
  let count = 0;
  let chunk: Buffer[] = [];
  let bytes = 0;
  for await (const { key, value } of pairs) {
    const header = Buffer.alloc(PAIR_HEADER_BYTES);
    header.writeUInt32BE(key.length, 0);
    header.writeUInt32BE(value.length, 4);
    const pair = Buffer.concat([header, key, value]);
    count += 1;
    bytes += pair.length;
    chunk.push(pair);
    if (bytes < SNAPSHOT_CHUNK_BYTES) continue;
    const full = Buffer.concat(chunk);
    checksum = crc32(full, checksum);
    yield full;
    chunk = [];
    bytes = 0;
  }
  const end = Buffer.alloc(PAIR_HEADER_BYTES + TRAILER_BYTES);
  end.writeBigUInt64BE(BigInt(count), PAIR_HEADER_BYTES);
  const last = Buffer.concat([...chunk, end]);
  last.writeUInt32BE(crc32(last.subarray(0, -4), checksum), last.length - 4);
  yield last;
}

function broken(why: string): StoreError {
  return new StoreError("corrupt", `Cannot read snapshot: ${why}`);
}

/**
 * Decodes pairs; StoreError `corrupt` where the stream is not a whole snapshot, followed by at most `zerosMax` zeros.
 * Pairs come before the check at its end.
 */
async function* readSnapshot(stream: AsyncIterable<Uint8Array>, zerosMax: number): AsyncGenerator<Pair> {
  let buffered: Buffer = Buffer.alloc(0);
  const chunks = stream[Symbol.asyncIterator]();
  let checksum = 0;
  const take = async (length: number, why: string): Promise<Buffer> => {
    const parts = [buffered];
    let bytes = buffered.length;
    while (bytes < length) {
      const { done, value } = await chunks.next();
      if (done === true) throw broken(`it ends within ${why}`);
      parts.push(Buffer.from(value));
      bytes += value.length;
    }
    const all = parts.length === 1 ? buffered : Buffer.concat(parts);
    buffered = all.subarray(length);
    return all.subarray(0, length);
  };
  const summed = async (length: number, why: string): Promise<Buffer> => {
    const bytes = await take(length, why);
    checksum = crc32(bytes, checksum);
    return bytes;
  };
  const header = await summed(HEADER.length, "its header");
  if (!header.equals(HEADER)) throw broken("it does not begin as one of this version does");
  for (let count = 0n; ; count++) {
    const lengths = await summed(PAIR_HEADER_BYTES, "a pair");
    const keyBytes = lengths.readUInt32BE(0);
    const valueBytes = lengths.readUInt32BE(4);
    if (keyBytes === 0) {
      const told = (await summed(8, "its end")).readBigUInt64BE();
      const expected = (await take(4, "its end")).readUInt32BE();
      if (checksum !== expected) throw broken("its checksum does not match");
      if (told !== count || valueBytes !== 0) throw broken(`it has ${count} pairs and says ${told}`);
      break;
    }
    if (keyBytes + valueBytes > SNAPSHOT_PAIR_BYTES_MAX)
      throw broken(`a pair has ${keyBytes + valueBytes} bytes`);
    const pair = await summed(keyBytes + valueBytes, "a pair");
    yield { key: pair.subarray(0, keyBytes), value: pair.subarray(keyBytes) };
  }
  let zeros = 0;
  for (let rest: Uint8Array = buffered; ;) {
    zeros += rest.length;
    if (zeros > zerosMax || rest.some((byte) => byte !== 0)) throw broken("something follows its end");
    const next = await chunks.next();
    if (next.done === true) return;
    rest = next.value;
  }
}

export interface RestoreOptions {
  /** The snapshot is one that `etcdctl snapshot save` or a `Backend` gives: its seal is checked. Default: false. */
  readonly sealed?: boolean;
}

function pairsOf(
  stream: AsyncIterable<Uint8Array>,
  { sealed = false }: RestoreOptions,
): AsyncGenerator<Pair> {
  return sealed ? readSnapshot(unsealSnapshot(stream), PADDING_BYTES_MAX) : readSnapshot(stream, 0);
}

/** What is in a snapshot of ours. */
export interface SnapshotContent {
  /** The newest of its records. */
  readonly revision: number;
  /** Writes and removals that it holds, history included. */
  readonly records: number;
}

/** Reads a whole sealed snapshot and checks every record; StoreError `corrupt` where it is broken or no store of ours. */
export async function inspectSnapshot(stream: AsyncIterable<Uint8Array>): Promise<SnapshotContent> {
  let revision = 0;
  let records = 0;
  for await (const { key, value } of pairsOf(stream, { sealed: true })) {
    if (!isRecordKey(key)) continue;
    records++;
    revision = Math.max(revision, decodeRecord(Buffer.from(key), Buffer.from(value)).revision);
  }
  return { revision, records };
}

/**
 * Makes a store from a snapshot in a directory that does not exist yet; it exists only once all of it is checked and
 * synced. StoreError `corrupt` for a broken stream.
 */
export async function restoreMvcc(
  directory: string,
  stream: AsyncIterable<Uint8Array>,
  options: RestoreOptions = {},
): Promise<void> {
  const building = `${directory}.restoring`;
  rmSync(building, { recursive: true, force: true });
  mkdirSync(building, { recursive: true, mode: 0o700 });
  try {
    await fill(building, pairsOf(stream, options));
    await syncDirectory(building);
    try {
      renameSync(building, directory);
    } catch (error) {
      throw new Fault("conflict", `Cannot restore to "${directory}": it is there already`, { cause: error });
    }
    await syncDirectory(dirname(directory));
  } finally {
    rmSync(building, { recursive: true, force: true });
  }
}

async function fill(directory: string, all: AsyncIterable<Pair>): Promise<void> {
  await using file = await openMvccFile(directory);
  let pairs: Pair[] = [];
  let bytes = 0;
  for await (const pair of all) {
    pairs.push(pair);
    bytes += pair.value.length;
    if (pairs.length < RESTORE_PAIRS_PER_COMMIT && bytes < RESTORE_BYTES_PER_COMMIT) continue;
    await file.writePairs(pairs);
    pairs = [];
    bytes = 0;
  }
  await file.writePairs(pairs);
  // Finds what was broken before the snapshot was made.
  await file.takeFormat(directory, "plinth-store/2");
  file.load(() => {});
}
