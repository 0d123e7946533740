import { statfs } from "node:fs/promises";
import type { Clock } from "@plinth/clock";
import { messageOf } from "@plinth/fault";
import type { Log } from "@plinth/log";
import { describeBytes } from "../describe-bytes.ts";

const GIB = 2 ** 30;
const MIB = 2 ** 20;
/** What stays free for Plinth's own state, so that it can still say what is wrong. */
const RESERVE_BYTES_MAX = GIB;
/** On small disks: as much of them as Kubernetes keeps free (nodefs.available). */
const RESERVE_PART = 0.1;
/** What a task may write, at most: 4 GiB a second, as fast as memory takes it. */
const WRITER_BYTES_PER_MS = (4 * GIB) / 1000;
/** Asking for the free space costs some 50 µs; the fastest writer gets 80 MiB further meanwhile. */
const LOOK_MS_MIN = 20;
const LOOK_MS_MAX = 5000;
/** What somebody else frees hides what a task writes: so much later it is counted in any case. */
const COUNT_AGAIN_MS = 30_000;
/** Counting takes no more than a tenth of the time. */
const COUNT_PAUSE_FACTOR = 10;
/** Who has written less is not why a disk is full. */
const CULPRIT_BYTES_MIN = 64 * MIB;
/** Until what the last one had is free again. */
const CULPRIT_PATIENCE_MS = 10_000;

/** A task that writes to files of its own. */
export interface DiskTask {
  readonly id: string;
  readonly limitBytes: number | undefined;
  /** Bytes on the disk that are its own. */
  used(): Promise<number>;
  /** Ends it; resolves once what it had is gone. */
  evict(reason: string): Promise<unknown>;
}

export interface DiskGuardOptions {
  /** On the file system that tasks write to. */
  readonly directory: string;
  readonly clock: Clock;
  readonly log: Log;
}

interface Watched {
  readonly task: DiskTask;
  /** Ends when the task does. */
  readonly signal: AbortSignal;
  /** What it had when that was counted last, and the file system's free bytes by then. */
  counted: { readonly bytes: number; readonly freeBytes: number; readonly atMs: number } | undefined;
  /** Not before. */
  nextCountMs: number;
  /** The count under way. */
  counting: Promise<void> | undefined;
}

/**
 * Ends tasks that write more than they may, and the one that has written most when the disk is nearly full, as
 * Kubernetes evicts: a quota of the file system's own would want it mounted with one. What a task has written is counted
 * only when the free space says that it may be too much; until then one call for all is enough.
 */
export class DiskGuard {
  readonly #options: DiskGuardOptions;
  readonly #watched: Set<Watched> = new Set();
  #isLooking = false;
  /** Until the next look. */
  #pause: AbortController = new AbortController();
  #hasWarned = false;
  #isMakingRoom = false;

  constructor(options: DiskGuardOptions) {
    this.#options = options;
  }

  /** Watches a task until the signal is aborted. */
  watch(task: DiskTask, signal: AbortSignal): void {
    if (signal.aborted) return;
    const watched: Watched = { task, signal, counted: undefined, nextCountMs: 0, counting: undefined };
    this.#watched.add(watched);
    signal.addEventListener("abort", () => this.#forget(watched), { once: true });
    if (this.#isLooking) this.#pause.abort();
    else void this.#look();
  }

  async #look(): Promise<void> {
    const { clock, log } = this.#options;
    this.#isLooking = true;
    while (this.#watched.size > 0) {
      // Whoever comes or goes from now on ends the pause.
      this.#pause = new AbortController();
      let pauseMs = LOOK_MS_MAX;
      try {
        pauseMs = await this.#lookOnce();
      } catch (error) {
        log.error("cannot see how full the disk is", { error: messageOf(error) });
      }
      await clock.sleep(pauseMs, this.#pause.signal).catch(() => {});
    }
    this.#isLooking = false;
  }

  /** False where it is forgotten already. The last one ends the looking, so that no timer outlives it. */
  #forget(watched: Watched): boolean {
    const wasThere = this.#watched.delete(watched);
    if (this.#watched.size === 0) this.#pause.abort();
    return wasThere;
  }

  /** When to look again, in milliseconds: before anybody can have written too much. */
  async #lookOnce(): Promise<number> {
    const { bavail, blocks, bsize } = await statfs(this.#options.directory);
    const freeBytes = bavail * bsize;
    const reserveBytes = Math.min(RESERVE_BYTES_MAX, blocks * bsize * RESERVE_PART);
    let roomBytes = freeBytes - reserveBytes;
    for (const watched of this.#watched) {
      const { limitBytes } = watched.task;
      if (limitBytes === undefined) continue;
      const { bytes, freeBytes: before, atMs } = watched.counted ?? { bytes: 0, freeBytes, atMs: -Infinity };
      const room = limitBytes - bytes - Math.max(0, before - freeBytes);
      if (room < 0 || this.#options.clock.monotonic() - atMs >= COUNT_AGAIN_MS)
        void this.#count(watched, freeBytes).then(() => this.#holdToLimit(watched, limitBytes));
      roomBytes = Math.min(roomBytes, room);
    }
    if (freeBytes >= reserveBytes) this.#hasWarned = false;
    else if (!this.#isMakingRoom) {
      this.#isMakingRoom = true;
      void this.#makeRoom(freeBytes, reserveBytes).finally(() => {
        this.#isMakingRoom = false;
      });
    }
    return Math.max(LOOK_MS_MIN, Math.min(LOOK_MS_MAX, roomBytes / WRITER_BYTES_PER_MS));
  }

  /** In the background: a tree of a million files holds up nobody else's count. */
  #count(watched: Watched, freeBytes: number): Promise<void> {
    const { clock, log } = this.#options;
    const beganMs = clock.monotonic();
    if (beganMs < watched.nextCountMs) return Promise.resolve();
    watched.counting ??= watched.task
      .used()
      .then((bytes) => {
        watched.counted = { bytes, freeBytes, atMs: clock.monotonic() };
      })
      .catch((error: unknown) => {
        if (!watched.signal.aborted)
          log.error("cannot see what an instance has written", {
            instance: watched.task.id,
            error: messageOf(error),
          });
      })
      .finally(() => {
        const nowMs = clock.monotonic();
        watched.nextCountMs = nowMs + COUNT_PAUSE_FACTOR * (nowMs - beganMs);
        watched.counting = undefined;
      });
    return watched.counting;
  }

  #holdToLimit(watched: Watched, limitBytes: number): void {
    const bytes = watched.counted?.bytes ?? 0;
    if (bytes <= limitBytes) return;
    const reason = `it wrote ${describeBytes(bytes)}, and "resources.disk" is ${describeBytes(limitBytes)}`;
    void this.#evict(watched, reason);
  }

  async #makeRoom(freeBytes: number, reserveBytes: number): Promise<void> {
    const { clock, log } = this.#options;
    await Promise.all([...this.#watched].map((watched) => this.#count(watched, freeBytes)));
    const bytesOf = ({ counted }: Watched): number => counted?.bytes ?? 0;
    const [most] = [...this.#watched].toSorted((one, other) => bytesOf(other) - bytesOf(one));
    if (most === undefined || bytesOf(most) < CULPRIT_BYTES_MIN) {
      if (!this.#hasWarned)
        log.warn("the disk is nearly full, and no instance's own files are why", { freeBytes });
      this.#hasWarned = true;
      return;
    }
    const reason =
      `the disk had ${describeBytes(freeBytes)} left, ${describeBytes(reserveBytes)} are kept free, ` +
      `and it had written most: ${describeBytes(bytesOf(most))}`;
    const over = new AbortController();
    await Promise.race([
      this.#evict(most, reason).finally(() => over.abort()),
      clock.sleep(CULPRIT_PATIENCE_MS, over.signal).catch(() => {}),
    ]);
  }

  async #evict(watched: Watched, reason: string): Promise<void> {
    if (!this.#forget(watched)) return;
    const { log } = this.#options;
    const instance = watched.task.id;
    log.warn("evicting an instance", { instance, reason });
    try {
      await watched.task.evict(reason);
    } catch (error) {
      log.error("cannot evict an instance", { instance, error: messageOf(error) });
    }
  }
}
