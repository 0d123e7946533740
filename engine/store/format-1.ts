/** Writes what `plinth-store/1` wrote, so that taking it over stays tested. */
import { createRequire } from "node:module";
import { crc32 } from "node:zlib";
// The binding's declarations for ESM do not compile under full library checks; those for CommonJS do.
import type * as Lmdb from "lmdb" with { "resolution-mode": "require" };

const { open } = createRequire(import.meta.url)("lmdb") as typeof Lmdb;

export interface RecordBefore {
  readonly revision: number;
  readonly ordinal: number;
  readonly key: string;
  /** Undefined: a removal. */
  readonly value: string | undefined;
  readonly createRevision: number;
  /** 0 for a removal. */
  readonly version: number;
}

const metaKey = (name: string): Buffer => Buffer.from(`m${name}`, "latin1");

/** A store of that format with these records. */
export async function writeFormat1(
  directory: string,
  records: readonly RecordBefore[],
  compactedRevision: number,
): Promise<void> {
  const database = open<Buffer, Uint8Array>({
    path: directory,
    noSubdir: false,
    encoding: "binary",
    keyEncoding: "binary",
  });
  const compacted = Buffer.alloc(8);
  compacted.writeBigUInt64BE(BigInt(compactedRevision));
  await database.batch(() => {
    void database.put(metaKey("format"), Buffer.from("plinth-store/1"));
    void database.put(metaKey("compacted"), compacted);
    for (const record of records) void database.put(placeOf(record), encode(record));
  });
  await database.close();
}

function placeOf({ revision, ordinal }: RecordBefore): Buffer {
  const place = Buffer.from("r????????????", "latin1");
  place.writeBigUInt64BE(BigInt(revision), 1);
  place.writeUInt32BE(ordinal, 9);
  return place;
}

/** CRC-32 (4), kind (1: put, 2: delete), create revision (8), version (8), length of the key (2), key, value. */
function encode(record: RecordBefore): Buffer {
  const key = Buffer.from(record.key, "utf8");
  const header = Buffer.alloc(23);
  header[4] = record.value === undefined ? 2 : 1;
  header.writeBigUInt64BE(BigInt(record.createRevision), 5);
  header.writeBigUInt64BE(BigInt(record.version), 13);
  header.writeUInt16BE(key.length, 21);
  const encoded = Buffer.concat([header, key, Buffer.from(record.value ?? "")]);
  encoded.writeUInt32BE(crc32(encoded.subarray(4), crc32(placeOf(record))));
  return encoded;
}
