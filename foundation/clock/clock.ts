/** Time as a value: everything that waits or stamps takes one, so that tests can drive it. */
export interface Clock {
  /** Wall time in milliseconds since the epoch; may jump. For stamps, never for intervals. */
  now(): number;
  /** Milliseconds from an arbitrary start; never goes back. For intervals. */
  monotonic(): number;
  /** Calls back once after at least `delayMs`; the returned function cancels. */
  schedule(delayMs: number, callback: () => void): () => void;
  /** Resolves after at least `delayMs`, or rejects with `signal.reason`. */
  sleep(delayMs: number, signal?: AbortSignal): Promise<void>;
}

class SystemClock implements Clock {
  now(): number {
    return Date.now();
  }

  monotonic(): number {
    return performance.now();
  }

  schedule(delayMs: number, callback: () => void): () => void {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return sleepOn(this, delayMs, signal);
  }
}

/** `sleep` for any clock that can `schedule`. */
export function sleepOn(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    const onAbort = (): void => {
      cancel();
      reject(signal?.reason);
    };
    const cancel = clock.schedule(delayMs, () => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    });
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}

export const systemClock: Clock = new SystemClock();

/** RFC 3339 in UTC, as resources and log lines carry it. */
export function isoTime(sinceEpochMs: number): string {
  return new Date(sinceEpochMs).toISOString();
}

/** The instant an RFC 3339 time stands for, in milliseconds since the epoch; NaN where it is none. */
export function epochMs(isoText: string): number {
  return Date.parse(isoText);
}

/** A Date for libraries that ask for one. */
export function dateOf(sinceEpochMs: number): Date {
  return new Date(sinceEpochMs);
}
