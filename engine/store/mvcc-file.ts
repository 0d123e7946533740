import { createRequire } from "node:module";
import { Fault, messageOf } from "@plinth/fault";
// The binding's declarations for ESM do not compile under full library checks; those for CommonJS do.
import type * as Lmdb from "lmdb" with { "resolution-mode": "require" };
import { MAP_BYTES } from "./limits.ts";
import { StoreError } from "./mvcc.ts";
import {
  decodeNumber,
  decodeRecord,
  encodeNumber,
  encodeRecord,
  leaseIdOf,
  leaseKey,
  LEASES,
  metaKey,
  recordKey,
  RECORDS,
} from "./mvcc-record.ts";
import type { Version } from "./version-index.ts";

const { open } = createRequire(import.meta.url)("lmdb") as typeof Lmdb;
type Database = Lmdb.RootDatabase<Buffer, Uint8Array>;

/** Named in every file; a reader that does not know it must not touch the file. */
const FORMAT = "plinth-store/2";
/** Its records stay readable, so that taking it over is one small commit. */
const FORMAT_BEFORE = "plinth-store/1";
const FORMAT_KEY = metaKey("format");
const COMPACTED_KEY = metaKey("compacted");
const NO_SPACE_KEY = metaKey("no-space");
const PROBE_KEY = metaKey("probe");
/** The revision of a store that nothing was written to, as in etcd: 0 stays free to mean "none". */
const FIRST_REVISION = 1;

export interface Commit {
  readonly writes: readonly Version[];
  readonly removals: readonly Version[];
  /** Undefined: as it is. */
  readonly compactedRevision: number | undefined;
  /** With their TTL in seconds. */
  readonly granted: ReadonlyMap<bigint, number>;
  readonly revoked: ReadonlySet<bigint>;
  readonly noSpace: boolean | undefined;
}

/** What the file tells at opening. */
export interface Loaded {
  readonly revision: number;
  /** -1: never compacted. */
  readonly compactedRevision: number;
  readonly noSpace: boolean;
  readonly leases: ReadonlyMap<bigint, number>;
}

export interface Pair {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/** Opens the file, takes over the format before, and closes it again where that fails. */
export async function openMvccFile(directory: string): Promise<MvccFile> {
  await using setup = new AsyncDisposableStack();
  const file = setup.use(new MvccFile(openDatabase(directory)));
  await file.takeFormat(directory);
  setup.move();
  return file;
}

function openDatabase(directory: string): Database {
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

/** The records on disk, in one LMDB file. */
export class MvccFile implements AsyncDisposable {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async takeFormat(directory: string): Promise<void> {
    const format = this.#database.getBinary(FORMAT_KEY)?.toString();
    if (format === FORMAT) return;
    if (format !== undefined && format !== FORMAT_BEFORE) {
      throw new Fault(
        "unsupported",
        `Cannot open store "${directory}": its format is "${format}", not "${FORMAT}"`,
        { hint: "Use the version of Plinth that wrote it." },
      );
    }
    // The format before kept the compacted revision without a checksum.
    const compacted = format === undefined ? undefined : this.#database.getBinary(COMPACTED_KEY);
    await this.#batch(() => {
      void this.#database.put(FORMAT_KEY, Buffer.from(FORMAT));
      if (compacted === undefined) return;
      const revision = Number(compacted.readBigUInt64BE());
      void this.#database.put(COMPACTED_KEY, encodeNumber(COMPACTED_KEY, revision));
    });
  }

  /** Calls back for every record in order of revision, having checked it; StoreError `corrupt` for a broken one. */
  load(visit: (version: Version) => void): Loaded {
    const compacted = this.#database.getBinary(COMPACTED_KEY);
    const compactedRevision = compacted === undefined ? -1 : decodeNumber(COMPACTED_KEY, compacted);
    // The newest record may have been a removal that compaction forgot.
    let revision = Math.max(FIRST_REVISION, compactedRevision);
    for (const { key, value } of this.#database.getRange(RECORDS)) {
      const { version } = decodeRecord(key, value);
      revision = Math.max(revision, version.revision);
      visit(version);
    }
    const leases = new Map<bigint, number>();
    for (const { key, value } of this.#database.getRange(LEASES)) {
      leases.set(leaseIdOf(key), decodeNumber(key, value));
    }
    const noSpace = this.#database.getBinary(NO_SPACE_KEY) !== undefined;
    return { revision, compactedRevision, noSpace, leases };
  }

  value(version: Version): Uint8Array {
    const key = recordKey(version);
    const record = this.#database.getBinary(key);
    if (record === undefined) {
      throw new StoreError("corrupt", `Cannot read record ${key.toString("hex")}: there is none`);
    }
    return decodeRecord(key, record).value;
  }

  /** Resolves once all of it is synced; rejects when none of it took effect. */
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
    });
  }

  /** Writes and removes `bytes` bytes, each synced. */
  async probe(bytes: number): Promise<void> {
    await this.#batch(() => void this.#database.put(PROBE_KEY, Buffer.alloc(bytes)));
    await this.#batch(() => void this.#database.remove(PROBE_KEY));
  }

  /** Bytes of the file, and of the pages in it that hold something. */
  size(): { readonly allocated: number; readonly inUse: number } {
    const stats = this.#database.getStats() as Record<string, number>;
    const pages = (name: string): number => stats[name] ?? 0;
    const inUse = pages("treeBranchPageCount") + pages("treeLeafPageCount") + pages("overflowPages");
    const allocated = pages("lastPageNumber") + 1;
    return { allocated: allocated * pages("pageSize"), inUse: inUse * pages("pageSize") };
  }

  /** Everything as of one moment, but what belongs to this file alone. */
  *pairs(): Generator<Pair> {
    const transaction = this.#database.useReadTransaction();
    try {
      for (const { key, value } of this.#database.getRange({ transaction })) {
        if (!PROBE_KEY.equals(key)) yield { key, value };
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
