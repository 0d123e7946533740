import { RETRY_BUDGET_MIN_PER_SECOND, RETRY_BUDGET_RATIO, WINDOW_SLOT_MS, WINDOW_SLOTS } from "./limits.ts";
import { RollingCounts } from "./rolling-counts.ts";

/** Retries that are always allowed within a window, so that callers with few requests have some too. */
const RETRIES_MIN = (RETRY_BUDGET_MIN_PER_SECOND * WINDOW_SLOTS * WINDOW_SLOT_MS) / 1_000;

/**
 * How much one caller may add to one callee's load by sending requests again: a fifth of its requests of the last
 * ten seconds, or ten a second where that is more. Invariant: retries in any window are within that at each retry.
 */
export class RetryBudget {
  readonly #counts: RollingCounts = new RollingCounts();

  /** A request, which earns a fifth of a retry. */
  deposit(nowMs: number): void {
    this.#counts.add(nowMs);
  }

  /** Takes one retry; false when there is none. */
  withdraw(nowMs: number): boolean {
    const counts = this.#counts;
    counts.advance(nowMs);
    if (counts.marked + 1 > Math.max(RETRIES_MIN, counts.all * RETRY_BUDGET_RATIO)) return false;
    counts.mark(nowMs);
    return true;
  }
}
