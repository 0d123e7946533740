// The binding's declarations for ESM do not compile under full library checks; those for CommonJS do.
import type * as Lmdb from "lmdb" with { "resolution-mode": "require" };
import { endOfFrame, readOperations, RECORD, REMOVE } from "./log-frame.ts";
import type { LogDisk } from "./log-disk.ts";
import type { Extent } from "./log-recovery.ts";
import {
  type Checkpoint,
  CHECKPOINT_KEY,
  type Contents,
  decodeCheckpoint,
  encodeCheckpoint,
  sealRecord,
} from "./mvcc-record.ts";
import { StoreError } from "./mvcc.ts";
import type { Loaded, RecordFile } from "./record-file.ts";
import type { Version } from "./version-index.ts";

export type Database = Lmdb.RootDatabase<Buffer, Uint8Array>;

/** Takes whole frames, in order, as one step: all of it outlives a power failure once it returns, or nothing does. */
export interface CheckpointTarget {
  apply(frames: readonly Buffer[], last: number): void;
}

/** What a log goes in front of. */
export interface CheckpointedFile extends RecordFile, CheckpointTarget {
  storeId(): Uint8Array;
  checkpoint(): Checkpoint;
  /** Later reads see what other threads have written by now. */
  refresh(): void;
  load(visit: (version: Version) => void): Loaded & Contents;
}

/** Brings commits from the log into the file behind it. */
export interface Checkpointer extends AsyncDisposable {
  /** Work needs nothing to be started first. */
  readonly isRunning: boolean;
  apply(extents: readonly Extent[]): Promise<void>;
}

/** Reads frames of the log, checks each once more, and gives them to the target. */
export async function applyExtents(
  disk: LogDisk,
  target: CheckpointTarget,
  extents: readonly Extent[],
): Promise<void> {
  const frames: Buffer[] = [];
  let last = 0;
  for (const extent of extents) {
    const file = await disk.open(extent.name);
    try {
      const bytes = await file.read(extent.to - extent.from, extent.from);
      let at = 0;
      for (let sequence = extent.first; sequence <= extent.last; sequence++) {
        const end = endOfFrame(bytes, at, extent.salt, sequence);
        if (end === 0) {
          const place = `file "${extent.name}" is broken at byte ${extent.from + at}, commit ${sequence}`;
          throw new StoreError("corrupt", `Cannot read the write-ahead log: ${place}`);
        }
        frames.push(bytes.subarray(at, end));
        at = end;
      }
    } finally {
      await file.close();
    }
    last = extent.last;
  }
  target.apply(frames, last);
}

export function readCheckpoint(database: Database): Checkpoint {
  const record = database.getBinary(CHECKPOINT_KEY);
  if (record === undefined)
    throw new StoreError("corrupt", "Cannot read store: its checkpoint's place is missing");
  return decodeCheckpoint(record);
}

/** `CheckpointTarget.apply` on LMDB, in one of its transactions. */
export function applyFrames(database: Database, frames: readonly Buffer[], last: number): void {
  database.transactionSync(() => {
    let { records, digest } = readCheckpoint(database);
    const visit = (kind: number, key: Buffer, value: Buffer): void => {
      if (kind === RECORD) {
        digest ^= sealRecord(key, value);
        records += 1;
        // Records come in order of their keys, which are the last in the file.
        database.putSync(key, value, APPEND);
        return;
      }
      const before = database.getBinary(key);
      if (before !== undefined) {
        digest ^= before.readInt32BE();
        records -= 1;
      }
      if (kind === REMOVE) {
        database.removeSync(key);
        return;
      }
      digest ^= value.readInt32BE();
      records += 1;
      database.putSync(key, value);
    };
    for (const frame of frames) readOperations(frame, visit);
    database.putSync(CHECKPOINT_KEY, encodeCheckpoint({ sequence: last, records, digest }));
  });
}

const APPEND = { append: true };

/** On this thread: for opening and closing, when nothing else waits. */
export function inlineCheckpointer(disk: LogDisk, target: CheckpointTarget): Checkpointer {
  return {
    isRunning: true,
    apply: (extents) => applyExtents(disk, target, extents),
    [Symbol.asyncDispose]: async () => {},
  };
}
