/** Soon enough to be unnoticed after a single crash. */
const BACKOFF_FIRST_MS = 200;
/** Often enough to heal by itself once the cause is gone, rarely enough to cost nothing. */
const BACKOFF_MAX_MS = 30_000;
/** Having been ready that long, a run counts as good and the next crash as the first. */
const GOOD_RUN_MS = 60_000;

/** How long to wait before each restart: doubling, until a run was good. */
export class Backoff {
  /** Runs that ended without having been good, in a row. */
  crashes: number;

  constructor(crashes = 0) {
    this.crashes = crashes;
  }

  /** Tells how long the run that just ended had been ready, and gives the wait before the next one. */
  next(readyMs: number): number {
    this.crashes = readyMs >= GOOD_RUN_MS ? 1 : this.crashes + 1;
    return Math.min(BACKOFF_FIRST_MS * 2 ** (this.crashes - 1), BACKOFF_MAX_MS);
  }
}
