import { randomBytes } from "node:crypto";
import { createRequire } from "node:module";
import { Fault, messageOf } from "@plinth/fault";
// The binding's declarations for ESM do not compile under full library checks; those for CommonJS do.
import type * as Lmdb from "lmdb" with { "resolution-mode": "require" };
import { MAP_BYTES } from "./limits.ts";
import { StoreError } from "./mvcc.ts";
import {
  type Checkpoint,
  CHECKPOINT_KEY,
  COMPACTED_KEY,
  type Contents,
  decodeNote,
  decodeNumber,
  decodeRecord,
  encodeCheckpoint,
  encodeNote,
  encodeNumber,
  encodeRecord,
  FORMAT_KEY,
  leaseIdOf,
  leaseKey,
  LEASES,
  NOTE_KEY,
  NO_SPACE_KEY,
  PROBE_KEY,
  recordKey,
  valueIn,
  RECORDS,
  STORE_ID_BYTES,
  STORE_ID_KEY,
} from "./mvcc-record.ts";
import type { Commit, FileSize, Loaded, Pair } from "./record-file.ts";
import { applyFrames, type CheckpointedFile, type Database, readCheckpoint } from "./checkpoint.ts";
import type { Version } from "./version-index.ts";

const { open } = createRequire(import.meta.url)("lmdb") as typeof Lmdb;

/**
 * Named in every file; a reader that does not know it must not touch the file. Records are the same in all, so that
 * taking over one of before is a small commit: 2 is LMDB alone, 3 has a write-ahead log, too.
 */
export type Format = "plinth-store/2" | "plinth-store/3";
const FORMATS: readonly string[] = ["plinth-store/1", "plinth-store/2", "plinth-store/3"];
/** The revision of a store that nothing was written to, as in etcd: 0 stays free to mean "none". */
const FIRST_REVISION = 1;

/** Opens the file, takes over formats before, and closes it again where that fails. */
export async function openMvccFile(directory: string, format: Format = "plinth-store/2"): Promise<MvccFile> {
  await using setup = new AsyncDisposableStack();
  const file = setup.use(new MvccFile(directory));
  await file.takeFormat(directory, format);
  setup.move();
  return file;
}

/** Several threads of one process may open it. Fault "corrupt" where it cannot be opened. */
export function openDatabase(directory: string): Database {
  try {
    return open<Buffer, Uint8Array>({
      path: directory,
      // Unasked, the binding takes a name with a dot in it for a file's.
      noSubdir: false,
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
}

/** What LMDB itself does not understand of its file is as broken as what we do not. */
function reading<Result>(action: () => Result): Result {
  try {
    return action();
  } catch (error) {
    if (error instanceof StoreError) throw error;
    throw new StoreError("corrupt", `Cannot read store: ${messageOf(error)}. Restore the last backup`);
  }
}

/** Not of the records, but of the file that they are in. */
const OWN_KEYS = [PROBE_KEY, FORMAT_KEY, STORE_ID_KEY, CHECKPOINT_KEY];

/** The records on disk, in one LMDB file. */
export class MvccFile implements CheckpointedFile {
  readonly #directory: string;
  #database: Database;

  constructor(directory: string) {
    this.#directory = directory;
    this.#database = openDatabase(directory);
  }

  async takeFormat(directory: string, wanted: Format): Promise<void> {
    const format = reading(() => this.#database.getBinary(FORMAT_KEY))?.toString();
    if (format === wanted) return;
    if (format !== undefined && !FORMATS.slice(0, FORMATS.indexOf(wanted)).includes(format)) {
      throw new Fault(
        "unsupported",
        `Cannot open store "${directory}": its format is "${format}", not "${wanted}"`,
        { hint: "Use the version of Plinth that wrote it." },
      );
    }
    if (wanted === "plinth-store/3") {
      // Whose numbers all have checksums; a directory that is new has none.
      if (format !== undefined) await this.takeFormat(directory, "plinth-store/2");
      const raised = this.#database.getBinary(NO_SPACE_KEY) !== undefined;
      if (raised)
        await this.#batch(() => void this.#database.put(NO_SPACE_KEY, encodeNumber(NO_SPACE_KEY, 1)));
      const { records, digest } = this.load(() => {});
      await this.#batch(() => {
        void this.#database.put(STORE_ID_KEY, randomBytes(STORE_ID_BYTES));
        void this.#database.put(CHECKPOINT_KEY, encodeCheckpoint({ sequence: 0, records, digest }));
        void this.#database.put(FORMAT_KEY, Buffer.from(wanted));
      });
      return;
    }
    // Format 1 kept the compacted revision without a checksum.
    const compacted = format === undefined ? undefined : this.#database.getBinary(COMPACTED_KEY);
    await this.#batch(() => {
      void this.#database.put(FORMAT_KEY, Buffer.from(wanted));
      if (compacted === undefined) return;
      const revision = Number(compacted.readBigUInt64BE());
      void this.#database.put(COMPACTED_KEY, encodeNumber(COMPACTED_KEY, revision));
    });
  }

  load(visit: (version: Version) => void): Loaded & Contents {
    return reading(() => this.#load(visit));
  }

  /** Mapped anew, only those pages of the file are resident that are read from then on. */
  async trim(): Promise<void> {
    await this.#database.close();
    this.#database = openDatabase(this.#directory);
  }

  storeId(): Uint8Array {
    const id = reading(() => this.#database.getBinary(STORE_ID_KEY));
    if (id !== undefined) return id;
    throw new StoreError("corrupt", "Cannot read store: what it was named at its making is missing");
  }

  checkpoint(): Checkpoint {
    return reading(() => readCheckpoint(this.#database));
  }

  refresh(): void {
    this.#database.resetReadTxn();
  }

  apply(frames: readonly Buffer[], last: number): void {
    applyFrames(this.#database, frames, last);
  }

  value(version: Version): Uint8Array {
    const key = recordKey(version);
    const record = reading(() => this.#database.getBinary(key));
    if (record === undefined) {
      throw new StoreError("corrupt", `Cannot read record ${key.toString("hex")}: there is none`);
    }
    return valueIn(record, decodeRecord(key, record));
  }

  async commit(commit: Commit): Promise<void> {
    const database = this.#database;
    await this.#batch(() => {
      for (const version of commit.writes) {
        void database.put(recordKey(version), encodeRecord(version, version.value!));
      }
      for (const version of commit.removals) void database.remove(recordKey(version));
      for (const [id, ttl] of commit.granted) {
        const key = leaseKey(id);
        void database.put(key, encodeNumber(key, ttl));
      }
      for (const id of commit.revoked) void database.remove(leaseKey(id));
      if (commit.compactedRevision !== undefined) {
        void database.put(COMPACTED_KEY, encodeNumber(COMPACTED_KEY, commit.compactedRevision));
      }
      if (commit.noSpace === true) void database.put(NO_SPACE_KEY, Buffer.of(1));
      if (commit.noSpace === false) void database.remove(NO_SPACE_KEY);
      if (commit.note !== undefined) void database.put(NOTE_KEY, encodeNote(NOTE_KEY, commit.note));
    });
    for (const version of commit.writes) version.value = undefined;
  }

  async probe(bytes: number): Promise<void> {
    await this.#batch(() => void this.#database.put(PROBE_KEY, Buffer.alloc(bytes)));
    await this.#batch(() => void this.#database.remove(PROBE_KEY));
  }

  /** What is in use is counted in pages. */
  size(): FileSize {
    const stats = this.#database.getStats() as Record<string, number>;
    const pages = (name: string): number => stats[name] ?? 0;
    const inUse = pages("treeBranchPageCount") + pages("treeLeafPageCount") + pages("overflowPages");
    const allocated = pages("lastPageNumber") + 1;
    return { allocated: allocated * pages("pageSize"), inUse: inUse * pages("pageSize") };
  }

  async settle(): Promise<void> {}

  *pairs(): Generator<Pair, void> {
    const transaction = this.#database.useReadTransaction();
    try {
      for (const { key, value } of this.#database.getRange({ transaction })) {
        if (!OWN_KEYS.some((own) => own.equals(key))) yield { key, value };
      }
    } finally {
      transaction.done();
    }
  }

  /** Writes pairs as they are, for restoring. */
  async writePairs(pairs: readonly Pair[]): Promise<void> {
    await this.#batch(() => {
      for (const { key, value } of pairs) void this.#database.put(key, Buffer.from(value));
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#database.close();
  }

  #load(visit: (version: Version) => void): Loaded & Contents {
    let records = 0;
    let digest = 0;
    const count = (record: Buffer): void => {
      records += 1;
      digest ^= record.readInt32BE();
    };
    const compacted = this.#database.getBinary(COMPACTED_KEY);
    const compactedRevision = compacted === undefined ? -1 : decodeNumber(COMPACTED_KEY, compacted);
    if (compacted !== undefined) count(compacted);
    // The newest record may have been a removal that compaction forgot.
    let revision = Math.max(FIRST_REVISION, compactedRevision);
    for (const { key, value } of this.#database.getRange(RECORDS)) {
      const version = decodeRecord(key as Buffer, value);
      count(value);
      revision = Math.max(revision, version.revision);
      visit(version);
    }
    const leases = new Map<bigint, number>();
    for (const { key, value } of this.#database.getRange(LEASES)) {
      leases.set(leaseIdOf(key), decodeNumber(key, value));
      count(value);
    }
    const noSpace = this.#database.getBinary(NO_SPACE_KEY);
    // Format 2 had one byte here, without a checksum.
    if (noSpace !== undefined && noSpace.length > 1) count(noSpace);
    const sealed = this.#database.getBinary(NOTE_KEY);
    if (sealed !== undefined) count(sealed);
    const note = sealed === undefined ? new Uint8Array(0) : decodeNote(NOTE_KEY, sealed);
    return { revision, compactedRevision, noSpace: noSpace !== undefined, note, leases, records, digest };
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
