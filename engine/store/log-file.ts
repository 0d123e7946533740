import { Fault, messageOf } from "@plinth/fault";
import { createRequire } from "node:module";
// The binding's declarations for ESM do not compile under full library checks; those for CommonJS do.
import type * as Lmdb from "lmdb" with { "resolution-mode": "require" };
import type { Version } from "./key-index.ts";
import { MAP_BYTES } from "./limits.ts";
import { decodeRecord, encodeRecord, endOfRecords, firstRecordKey, metaKey, recordKey } from "./record.ts";
import type { Write } from "./transaction.ts";

const { open } = createRequire(import.meta.url)("lmdb") as typeof Lmdb;
type Database = Lmdb.RootDatabase<Buffer, Uint8Array>;

/** Named in every file; a reader that does not know it must not touch the file. */
const FORMAT = "plinth-store/1";
const FORMAT_KEY = metaKey("format");
const COMPACTED_KEY = metaKey("compacted");
const PROBE_KEY = metaKey("probe");
/** The revision of a store that nothing was written to, as in etcd: 0 stays free to mean "none". */
const FIRST_REVISION = 1;

export interface Commit {
  readonly writes: readonly Write[];
  readonly removals: readonly Version[];
  readonly compactedRevision: number | undefined;
}

/** The records on disk, in one LMDB file. */
export interface LogFile extends AsyncDisposable {
  /** Calls back for every record in order of revision. */
  load(visit: (version: Version) => void): { revision: number; compactedRevision: number };
  value(version: Version): Uint8Array;
  /** Resolves once all of it is synced; rejects when none of it took effect. */
  commit(commit: Commit): Promise<void>;
  /** Writes and removes `bytes` bytes, each synced. */
  probe(bytes: number): Promise<void>;
}

export async function openLogFile(directory: string): Promise<LogFile> {
  let database: Database;
  try {
    database = open<Buffer, Uint8Array>({
      path: directory,
      encoding: "binary",
      keyEncoding: "binary",
      mapSize: MAP_BYTES,
      cache: false,
      // A commit's promise resolves after fdatasync and the synced write of the meta page, not before.
      overlappingSync: false,
      // Each batch is its own transaction, and its promise the only one that reports its failure.
      eventTurnBatching: false,
    });
  } catch (error) {
    throw new Fault("corrupt", `Cannot open store "${directory}": ${messageOf(error)}`, { cause: error });
  }
  const file = new LmdbLogFile(database);
  try {
    await file.checkFormat(directory);
  } catch (error) {
    await file[Symbol.asyncDispose]();
    throw error;
  }
  return file;
}

class LmdbLogFile implements LogFile {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async checkFormat(directory: string): Promise<void> {
    const format = this.#database.getBinary(FORMAT_KEY)?.toString();
    if (format === FORMAT) return;
    if (format !== undefined) {
      throw new Fault(
        "unsupported",
        `Cannot open store "${directory}": its format is "${format}", not "${FORMAT}"`,
        {
          hint: "Use the version of Plinth that wrote it.",
        },
      );
    }
    await this.#batch(() => void this.#database.put(FORMAT_KEY, Buffer.from(FORMAT)));
  }

  load(visit: (version: Version) => void): { revision: number; compactedRevision: number } {
    const compactedRevision = Number(this.#database.getBinary(COMPACTED_KEY)?.readBigUInt64BE() ?? 0n);
    // The newest record may have been a removal that compaction forgot.
    let revision = Math.max(FIRST_REVISION, compactedRevision);
    for (const { key, value } of this.#database.getRange({ start: firstRecordKey, end: endOfRecords })) {
      const { version } = decodeRecord(key, value);
      revision = Math.max(revision, version.revision);
      visit(version);
    }
    return { revision, compactedRevision };
  }

  value(version: Version): Uint8Array {
    const key = recordKey(version.revision, version.ordinal);
    const record = this.#database.getBinary(key);
    if (record === undefined) {
      throw new Fault(
        "corrupt",
        `Cannot read "${version.key}" at revision ${version.revision}: no such record`,
      );
    }
    return decodeRecord(key, record).value;
  }

  async commit({ writes, removals, compactedRevision }: Commit): Promise<void> {
    await this.#batch(() => {
      for (const { version, value } of writes) {
        void this.#database.put(recordKey(version.revision, version.ordinal), encodeRecord(version, value));
      }
      for (const { revision, ordinal } of removals) void this.#database.remove(recordKey(revision, ordinal));
      if (compactedRevision === undefined) return;
      const compacted = Buffer.alloc(8);
      compacted.writeBigUInt64BE(BigInt(compactedRevision));
      void this.#database.put(COMPACTED_KEY, compacted);
    });
  }

  async probe(bytes: number): Promise<void> {
    await this.#batch(() => void this.#database.put(PROBE_KEY, Buffer.alloc(bytes)));
    await this.#batch(() => void this.#database.remove(PROBE_KEY));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#database.close();
  }

  async #batch(action: () => void): Promise<void> {
    try {
      await this.#database.batch(action);
    } catch (error) {
      // LMDB's binding rejects with a wrapper; the reason is what another promise of it rejects with.
      const reason: unknown = (error as { commitError?: unknown }).commitError;
      if (reason instanceof Promise) await reason;
      throw error;
    }
  }
}
