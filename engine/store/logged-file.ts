import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Clock } from "@plinth/clock";
import { Fault, messageOf } from "@plinth/fault";
import { Histogram } from "@plinth/metrics";
import { type Checkpointer, type CheckpointedFile, inlineCheckpointer } from "./checkpoint.ts";
import { LOG_DIRECTORY, ThreadCheckpointer } from "./checkpointer.ts";
import { diagnoseWriteFailure } from "./disk.ts";
import { CHECKPOINT_BYTES, CHECKPOINT_DELAY_MS, LOG_BYTES_MAX, SEGMENT_BYTES } from "./limits.ts";
import { directoryDisk, type LogDisk } from "./log-disk.ts";
import { FrameEncoder } from "./log-frame.ts";
import { type Extent, recoverLog } from "./log-recovery.ts";
import { openMvccFile } from "./mvcc-file.ts";
import { type DiskTimes, StoreError } from "./mvcc.ts";
import { Pace } from "./pace.ts";
import type { Commit, FileSize, Loaded, Pair, RecordFile } from "./record-file.ts";
import type { Version } from "./version-index.ts";
import { WriteAheadLog } from "./write-ahead-log.ts";

/** A commit that is in the log and not yet in the checkpoint. */
interface Pending extends Extent {
  readonly writes: readonly Version[];
}

interface LoggedFileParts {
  /** Disposed of with the file. */
  readonly base: CheckpointedFile;
  readonly disk: LogDisk;
  readonly clock: Clock;
  /** While the store runs. Disposed of with the file. */
  readonly checkpointer: Checkpointer;
  /** Bytes of a file of the log, and of a step of the checkpoint; tests make both small. */
  readonly segmentBytes?: number;
  readonly stepBytes?: number;
}

/** Opens LMDB in a directory and the log in front of it; older formats are taken over. */
export async function openLoggedFile(directory: string, clock: Clock): Promise<LoggedFile> {
  await using setup = new AsyncDisposableStack();
  const base = setup.use(await openMvccFile(directory, "plinth-store/3"));
  const path = join(directory, LOG_DIRECTORY);
  mkdirSync(path, { recursive: true, mode: 0o700 });
  const checkpointer = new ThreadCheckpointer(directory);
  try {
    const file = await recoverLoggedFile({ base, disk: directoryDisk(path), clock, checkpointer });
    setup.move();
    return file;
  } catch (error) {
    if (error instanceof StoreError) throw error;
    // Replaying the log takes room.
    const reason = await diagnoseWriteFailure(directory, error);
    throw new Fault("unavailable", `Cannot open store "${directory}": ${reason}`, {
      hint: "Nothing is lost: once the disk can be written to, open it again.",
      cause: error,
    });
  }
}

/** Brings what the log holds into the file behind it, and begins a new log. */
export async function recoverLoggedFile(parts: LoggedFileParts): Promise<LoggedFile> {
  const { base, disk, segmentBytes = SEGMENT_BYTES } = parts;
  const store = base.storeId();
  const recovered = await recoverLog(disk, store, base.checkpoint().sequence, segmentBytes);
  const inline = inlineCheckpointer(disk, base);
  for (let extents = recovered.extents; extents.length > 0;) {
    const step = stepOf(extents, CHECKPOINT_BYTES);
    await inline.apply(joined(step));
    extents = extents.slice(step.length);
  }
  base.refresh();
  await using setup = new AsyncDisposableStack();
  const log = setup.use(new WriteAheadLog(disk, store, recovered, segmentBytes));
  for (const name of recovered.spare) await disk.remove(name);
  for (const name of recovered.kept) await log.reuse(name);
  setup.move();
  return new LoggedFile(parts, log);
}

/** The first of what is to be brought into the checkpoint: as much as makes one step. */
function stepOf<Some extends Extent>(extents: readonly Some[], stepBytes: number): Some[] {
  let count = 0;
  for (let bytes = 0; count < extents.length && bytes < stepBytes; count++) {
    bytes += extents[count]!.to - extents[count]!.from;
  }
  return extents.slice(0, count);
}

/** Makes one of those that touch. */
function joined(extents: readonly Extent[]): Extent[] {
  const result: Extent[] = [];
  for (const { name, salt, from, to, first, last } of extents) {
    const before = result.at(-1);
    if (before?.name === name && before.salt === salt && before.to === from) {
      result[result.length - 1] = { ...before, to, last };
    } else {
      result.push({ name, salt, from, to, first, last });
    }
  }
  return result;
}

/**
 * The store's records: commits go to a write-ahead log, and from there to LMDB in steps. Invariants: a commit resolves
 * after the sync of its frame; a version's value stays in memory until LMDB has it; what is not yet in LMDB is bounded.
 */
export class LoggedFile implements RecordFile {
  readonly #base: CheckpointedFile;
  readonly #disk: LogDisk;
  readonly #clock: Clock;
  #checkpointer: Checkpointer;
  readonly #log: WriteAheadLog;
  readonly #stepBytes: number;
  readonly times: DiskTimes = {
    logSync: new Histogram(DISK_BOUNDS_S),
    checkpoint: new Histogram(DISK_BOUNDS_S),
  };
  readonly #encoder: FrameEncoder = new FrameEncoder();
  readonly #pace: Pace = new Pace();
  #pending: Pending[] = [];
  #pendingBytes = 0;
  #isCheckpointing = false;
  /** The commit up to which a checkpoint was asked for, however little that is. */
  #wanted = 0;
  #cancelTimer: (() => void) | undefined;
  /** Why the last checkpoint failed: commits are refused until one succeeds. */
  #failure: StoreError | undefined;
  /** Told of each step of the checkpoint, and of its failure. */
  #waiters: (() => void)[] = [];

  constructor(
    { base, disk, clock, checkpointer, stepBytes = CHECKPOINT_BYTES }: LoggedFileParts,
    log: WriteAheadLog,
  ) {
    this.#base = base;
    this.#disk = disk;
    this.#clock = clock;
    this.#checkpointer = checkpointer;
    this.#log = log;
    this.#stepBytes = stepBytes;
  }

  load(visit: (version: Version) => void): Loaded {
    const expected = this.#base.checkpoint();
    const loaded = this.#base.load(visit);
    if (loaded.records === expected.records && loaded.digest === expected.digest) return loaded;
    throw new StoreError(
      "corrupt",
      `Cannot read store: it has ${loaded.records} records where ${expected.records} belong, or others than were ` +
        "written. The disk or something else changed the store's file; restore the last backup",
    );
  }

  trim(): Promise<void> {
    return this.#base.trim();
  }

  value(version: Version): Uint8Array {
    return this.#base.value(version);
  }

  async commit(commit: Commit): Promise<void> {
    this.#assertHealthy();
    const first = this.#log.sequence + 1;
    const frame = this.#encoder.encode(commit, first);
    const waitMs = this.#pace.waitMs(frame.length, this.#pendingBytes);
    if (waitMs > 0) await this.#step(waitMs);
    while (this.#pendingBytes >= LOG_BYTES_MAX) await this.#step(Infinity);
    const startMs = this.#clock.monotonic();
    try {
      const place = await this.#log.append(frame);
      this.times.logSync.observe((this.#clock.monotonic() - startMs) / 1000);
      this.#pending.push({ ...place, first, last: first, writes: commit.writes });
    } catch (error) {
      // What is refused must not come back; where that cannot be made certain now, probes try again.
      await this.#log.mend().catch(() => {});
      throw error;
    }
    this.#pendingBytes += frame.length;
    if (this.#pendingBytes >= this.#stepBytes) this.#startCheckpoint();
    else this.#cancelTimer ??= this.#clock.schedule(CHECKPOINT_DELAY_MS, this.#onTimer);
  }

  async probe(bytes: number): Promise<void> {
    await this.#log.mend();
    const file = await this.#disk.open(PROBE_NAME);
    try {
      await file.write(Buffer.alloc(bytes), 0);
    } finally {
      await file.close();
      await this.#disk.remove(PROBE_NAME);
    }
    await this.#disk.sync();
    if (this.#failure === undefined) return;
    this.#failure = undefined;
    await this.settle();
  }

  size(): FileSize {
    const { allocated, inUse } = this.#base.size();
    return { allocated: allocated + this.#log.bytes, inUse: inUse + this.#pendingBytes };
  }

  async settle(): Promise<void> {
    const target = this.#log.sequence;
    this.#wanted = target;
    while (this.#pending.length > 0 && this.#pending[0]!.first <= target) await this.#step(Infinity);
  }

  pairs(): Generator<Pair, void> {
    return this.#base.pairs();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#cancelTimer?.();
    // A thread is not worth its start for the little that there is.
    if (!this.#checkpointer.isRunning) this.#checkpointer = inlineCheckpointer(this.#disk, this.#base);
    // What cannot be brought over now is in the log, and is brought over at the next opening.
    await this.settle().catch(() => {});
    await this.#checkpointer[Symbol.asyncDispose]();
    await this.#log[Symbol.asyncDispose]();
    await this.#base[Symbol.asyncDispose]();
  }

  readonly #onTimer = (): void => {
    this.#cancelTimer = undefined;
    this.#wanted = this.#log.sequence;
    this.#startCheckpoint();
  };

  /** Resolves after a step of the checkpoint or a time, whichever is sooner; rejects where the checkpoint fails. */
  async #step(timeoutMs: number): Promise<void> {
    this.#assertHealthy();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiters.push(resolve);
    this.#startCheckpoint();
    const cancel = timeoutMs < Infinity ? this.#clock.schedule(timeoutMs, resolve) : undefined;
    await promise;
    cancel?.();
    this.#assertHealthy();
  }

  #assertHealthy(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  #startCheckpoint(): void {
    if (!this.#isCheckpointing) void this.#checkpoint();
  }

  /** Brings commits over, a step at a time, until too few are left for one. */
  async #checkpoint(): Promise<void> {
    this.#isCheckpointing = true;
    while (this.#failure === undefined && this.#isDue()) {
      const step = stepOf(this.#pending, this.#stepBytes);
      const startMs = this.#clock.monotonic();
      try {
        await this.#checkpointer.apply(joined(step));
        const elapsedMs = this.#clock.monotonic() - startMs;
        this.times.checkpoint.observe(elapsedMs / 1000);
        this.#completed(step, elapsedMs);
      } catch (error) {
        this.#failure = new StoreError("read-only", `the checkpoint fails: ${messageOf(error)}`);
      }
      for (const resolve of this.#waiters.splice(0)) resolve();
    }
    this.#isCheckpointing = false;
  }

  #isDue(): boolean {
    const next = this.#pending[0];
    return next !== undefined && (this.#pendingBytes >= this.#stepBytes || next.first <= this.#wanted);
  }

  /** Lets go of what the checkpoint holds now. */
  #completed(step: readonly Pending[], elapsedMs: number): void {
    this.#base.refresh();
    let bytes = 0;
    for (const { writes, from, to } of step) {
      bytes += to - from;
      for (const version of writes) version.value = undefined;
    }
    this.#pending.splice(0, step.length);
    this.#pendingBytes -= bytes;
    this.#pace.measured(bytes, elapsedMs);
    this.#log.release(step.at(-1)!.last);
  }
}

const PROBE_NAME = "probe";

/** etcd's, so that its dashboards and alerts work: from 1 ms on, each twice the one before. */
const DISK_BOUNDS_S = Array.from({ length: 14 }, (_, power) => 0.001 * 2 ** power);
