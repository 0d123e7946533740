import assert from "node:assert/strict";
import { test } from "node:test";
import { CHECKPOINT_BYTES, LOG_BYTES_MAX, LOG_BYTES_SLOW } from "./limits.ts";
import { Pace } from "./pace.ts";

/** Bytes in a millisecond that the checkpoint manages. */
const RATE = 10_000;
const COMMIT_BYTES = 20_000;

function measuredPace(): Pace {
  const pace = new Pace();
  pace.measured(CHECKPOINT_BYTES, CHECKPOINT_BYTES / RATE);
  return pace;
}

/** Milliseconds that so many commits wait with so much behind. */
function waited(pace: Pace, commits: number, behind: number): number {
  let sum = 0;
  for (let count = 0; count < commits; count++) sum += pace.waitMs(COMMIT_BYTES, behind);
  return sum;
}

test("Pace.waitMs() is nothing while little is behind, and before anything was measured", () => {
  assert.equal(waited(measuredPace(), 100, LOG_BYTES_SLOW), 0);
  assert.equal(waited(new Pace(), 100, LOG_BYTES_MAX), 0);
});

test("Pace.waitMs() grows with what is behind, up to twice the checkpoint's own time, in waits of a few milliseconds", () => {
  const half = (LOG_BYTES_SLOW + LOG_BYTES_MAX) / 2;
  const own = (1000 * COMMIT_BYTES) / RATE;
  assert.ok(Math.abs(waited(measuredPace(), 1000, half) - own) < own / 100);
  assert.ok(Math.abs(waited(measuredPace(), 1000, LOG_BYTES_MAX * 2) - 2 * own) < own / 100);
  const pace = measuredPace();
  for (let behind = 0; behind < LOG_BYTES_MAX; behind += COMMIT_BYTES) {
    assert.ok(pace.waitMs(COMMIT_BYTES, behind) < 5);
  }
});

test("Pace keeps what is behind bounded, whatever is asked of the store", () => {
  const pace = measuredPace();
  let behind = 0;
  let most = 0;
  // Commits come one after the other, each in a tenth of a millisecond and what it waits.
  for (let commit = 0; commit < 200_000; commit++) {
    const elapsed = 0.1 + pace.waitMs(COMMIT_BYTES, behind);
    behind = Math.max(0, behind - elapsed * RATE) + COMMIT_BYTES;
    most = Math.max(most, behind);
  }
  assert.ok(
    most > LOG_BYTES_SLOW && most < (LOG_BYTES_SLOW + LOG_BYTES_MAX) / 2 + 2 ** 20,
    `${most} bytes behind`,
  );
});
