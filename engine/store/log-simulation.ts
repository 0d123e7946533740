import assert from "node:assert/strict";
import { setImmediate } from "node:timers/promises";
import type { Random } from "@plinth/clock";
import { VirtualClock } from "@plinth/clock/testing";
import { applyExtents, type Checkpointer, type CheckpointedFile } from "./checkpoint.ts";
import { PROBE_INTERVAL_MS } from "./limits.ts";
import { readOperations, RECORD, REMOVE } from "./log-frame.ts";
import { recoverLoggedFile } from "./logged-file.ts";
import {
  type Checkpoint,
  type Contents,
  decodeRecord,
  recordKey,
  sealRecord,
  valueIn,
} from "./mvcc-record.ts";
import { MvccStore } from "./mvcc-store.ts";
import type { FileSize, Loaded, Pair } from "./record-file.ts";
import { SimulatedDisk } from "./simulated-disk.ts";
import type { Version } from "./version-index.ts";

/** In bytes: so small that files are filled and used again all the time. */
export const SEGMENT_BYTES: number = 4096;
const STEP_BYTES = 1500;
/** Turns of the event loop that a step of the checkpoint takes at most: in these, several files are filled. */
const CHECKPOINT_TURNS_MAX = 60;

/** What LMDB is for the log, in memory, and never failing by itself. */
export class MemoryFile implements CheckpointedFile {
  readonly pairsByKey: Map<string, Buffer> = new Map();
  #sequence = 0;

  storeId = (): Uint8Array => Buffer.alloc(16, 7);

  checkpoint(): Checkpoint {
    const { records, digest } = this.load(() => {});
    return { sequence: this.#sequence, records, digest };
  }

  apply(frames: readonly Buffer[], last: number): void {
    for (const frame of frames) {
      readOperations(Buffer.from(frame), (kind, key, value) => {
        if (kind === RECORD) sealRecord(key, value);
        if (kind === REMOVE) this.pairsByKey.delete(key.toString("latin1"));
        else this.pairsByKey.set(key.toString("latin1"), value);
      });
    }
    this.#sequence = last;
  }

  load(visit: (version: Version) => void): Loaded & Contents {
    let revision = 1;
    let records = 0;
    let digest = 0;
    for (const [key, record] of [...this.pairsByKey].sort(([left], [right]) => (left < right ? -1 : 1))) {
      const version = decodeRecord(Buffer.from(key, "latin1"), record);
      revision = Math.max(revision, version.revision);
      records += 1;
      digest ^= record.readInt32BE();
      visit(version);
    }
    const note = new Uint8Array(0);
    return { revision, compactedRevision: -1, noSpace: false, note, leases: new Map(), records, digest };
  }

  async trim(): Promise<void> {}

  value(version: Version): Uint8Array {
    const key = recordKey(version);
    const record = this.pairsByKey.get(key.toString("latin1"))!;
    return valueIn(record, decodeRecord(key, record));
  }

  copy(): MemoryFile {
    const copy = new MemoryFile();
    for (const [key, value] of this.pairsByKey) copy.pairsByKey.set(key, Buffer.from(value));
    copy.#sequence = this.#sequence;
    return copy;
  }

  refresh(): void {}
  async settle(): Promise<void> {}
  size = (): FileSize => ({ allocated: 0, inUse: 0 });

  commit(): Promise<void> {
    throw new Error("the log commits, not the file behind it");
  }

  probe(): Promise<void> {
    throw new Error("the log is probed, not the file behind it");
  }

  *pairs(): Generator<Pair, void> {
    for (const [key, value] of this.pairsByKey) yield { key: Buffer.from(key, "latin1"), value };
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

/** What a revision wrote: "key=value" of each. */
export type Revisions = Map<number, string>;

export function revisionsOf(file: MemoryFile): Revisions {
  const revisions = new Map<number, string[]>();
  file.load((version) => {
    const written = revisions.get(version.revision) ?? [];
    written[version.ordinal] = `${version.key}=${Buffer.from(file.value(version)).toString().slice(0, 12)}`;
    revisions.set(version.revision, written);
  });
  return new Map([...revisions].map(([revision, written]) => [revision, written.join()]));
}

/** A store on a simulated disk, which fails, loses power, and is opened again; all by one seed. */
export class Simulation {
  readonly #random: Random;
  disk: SimulatedDisk;
  file: MemoryFile = new MemoryFile();
  /** What was acknowledged. */
  readonly acknowledged: Revisions = new Map();
  /** What may or may not be there: under way at a power failure, or refused with nothing acknowledged since. */
  #open: Set<string> = new Set();
  /** Those of them that were refused. */
  #refused: Set<string> = new Set();
  #written = 0;

  constructor(random: Random) {
    this.#random = random;
    this.disk = new SimulatedDisk(random);
  }

  /** Opens the store, writes until the power fails, and leaves disk and file as they are then. */
  async run(): Promise<void> {
    // Often within opening.
    this.disk.operationsLeft = 1 + Math.floor(this.#random() ** 2 * 600);
    const chance = this.#random() < 0.5 ? 0 : this.#random() * 0.1;
    const clock = new VirtualClock();
    const disk = this.disk;
    const life = (async () => {
      const file = await this.open(clock);
      const store = new MvccStore("/nowhere", file, {
        clock,
        onReadOnly: (reason) => {
          if (reason !== undefined) return;
          this.#voidRefused();
          // What could come back now must not.
          if (this.#random() < 0.1) disk.operationsLeft = 1 + Math.floor(this.#random() * 3);
        },
      });
      this.#check(store.revision);
      disk.failures = { write: chance, sync: chance, open: chance, remove: chance };
      while (disk.operationsLeft > 0) {
        await Promise.all(
          Array.from({ length: 1 + Math.floor(this.#random() * 4) }, () => this.#write(store)),
        );
        if (store.readOnlyReason !== undefined) await clock.advance(PROBE_INTERVAL_MS);
        // What asks the real disk why a write failed has to come back.
        await setImmediate();
      }
    })();
    await Promise.race([disk.powerFailure, life]);
    this.disk = disk.restarted();
  }

  async open(clock: VirtualClock): Promise<Awaited<ReturnType<typeof recoverLoggedFile>>> {
    const { disk, file: base } = this;
    const random = this.#random;
    const turnsMax = random() ** 2 * CHECKPOINT_TURNS_MAX;
    const checkpointer: Checkpointer = {
      isRunning: true,
      async apply(extents) {
        for (let turn = random() * turnsMax; turn > 1; turn--) await setImmediate();
        if (random() < disk.failures.write) throw new Error("the thread has died");
        await applyExtents(disk, base, extents);
        if (disk.operationsLeft <= 0) await new Promise(() => {});
      },
      [Symbol.asyncDispose]: async () => {},
    };
    const sizes = { segmentBytes: SEGMENT_BYTES, stepBytes: STEP_BYTES };
    return recoverLoggedFile({ base, disk, clock, checkpointer, ...sizes });
  }

  /** What was acknowledged is there, and nothing that must not be; a revision is whole, and none is left out. */
  #check(newest: number): void {
    const found = revisionsOf(this.file);
    for (const [revision, written] of this.acknowledged) assert.equal(found.get(revision), written);
    for (let revision = 2; revision <= newest; revision++) {
      const written = found.get(revision);
      assert.ok(written !== undefined, `revision ${revision} is left out`);
      if (this.acknowledged.has(revision)) continue;
      assert.ok(this.#open.has(written), `revision ${revision} has ${written}, which was void`);
      this.acknowledged.set(revision, written);
    }
    assert.equal(found.size, newest - 1);
    this.#open = new Set();
    this.#refused = new Set();
  }

  /** One or two keys in one revision, of any size. */
  async #write(store: MvccStore): Promise<void> {
    const count = 1 + Math.floor(this.#random() * 2);
    const puts = Array.from({ length: count }, (_, index) => {
      const id = `${this.#written++}`.padStart(12, "0");
      const padding = "x".repeat(Math.floor(this.#random() ** 4 * 6000));
      return { key: `key${index}/${this.#written % 5}`, value: Buffer.from(id + padding), lease: 0n };
    });
    const written = puts.map(({ key, value }) => `${key}=${value.toString().slice(0, 12)}`).join();
    this.#open.add(written);
    const success = puts.map((put) => ({ kind: "put", put }) as const);
    try {
      const { revision } = await store.transact({ compares: [], success, failure: [] });
      this.#open.delete(written);
      this.acknowledged.set(revision, written);
      this.#voidRefused();
    } catch (error) {
      assert.equal((error as { code?: string }).code, "read-only", String(error));
      this.#refused.add(written);
    }
  }

  /** The store has gone on: what was refused before is void for good. */
  #voidRefused(): void {
    for (const refused of this.#refused) this.#open.delete(refused);
    this.#refused = new Set();
  }
}
