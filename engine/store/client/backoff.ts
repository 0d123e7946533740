import type { Clock, Random } from "@plinth/clock";

export interface BackoffOptions {
  /** Longest first delay. */
  readonly firstMs: number;
  /** Longest delay of all. */
  readonly mostMs: number;
}

/**
 * Waits before attempt `attempt` (from 1): anything from half to all of a time that doubles with each attempt, so that
 * clients that failed together do not come back together. Rejects with the signal's reason.
 */
export function backOff(
  clock: Clock,
  random: Random,
  attempt: number,
  { firstMs, mostMs }: BackoffOptions,
  signal?: AbortSignal,
): Promise<void> {
  return clock.sleep(backoffMs(random, attempt, { firstMs, mostMs }), signal);
}

/** The delay alone, in milliseconds. */
export function backoffMs(random: Random, attempt: number, { firstMs, mostMs }: BackoffOptions): number {
  const longest = Math.min(mostMs, firstMs * 2 ** Math.min(attempt - 1, DOUBLINGS_MAX));
  return longest * (0.5 + random() / 2);
}

/** Beyond, every sensible `mostMs` is reached. */
const DOUBLINGS_MAX = 30;
