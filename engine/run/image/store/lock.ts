import type { Clock } from "@plinth/clock";
import { Fault } from "@plinth/fault";
import { type FileLock, takeFileLock } from "@plinth/file";

export interface LockOptions {
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
  /** Default: as long as it takes, for work of others that may take long. */
  readonly withinMs?: number;
}

const POLL_MS = 5;
/** Whoever waits for a download looks this often. */
const POLL_MAX_MS = 250;
/** Whoever waits for something that takes milliseconds. */
const SHORT_POLL_MAX_MS = 20;

/** Waits for a lock that another process, or another call in this one, holds. Fault `timeout`. */
export async function lockFile(path: string, { clock, signal, withinMs }: LockOptions): Promise<FileLock> {
  const startMs = clock.monotonic();
  const pollMaxMs = withinMs === undefined ? POLL_MAX_MS : SHORT_POLL_MAX_MS;
  for (let pollMs = POLL_MS; ; pollMs = Math.min(pollMaxMs, pollMs * 1.5)) {
    signal?.throwIfAborted();
    const lock = takeFileLock(path);
    if (lock !== undefined) return lock;
    if (withinMs !== undefined && clock.monotonic() - startMs > withinMs) {
      throw new Fault(
        "timeout",
        `Cannot use the image store: another process has held ${path} for ${withinMs} ms`,
      );
    }
    await clock.sleep(pollMs, signal);
  }
}
