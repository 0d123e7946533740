import assert from "node:assert/strict";
import { test } from "node:test";
import { milliseconds, percent, span } from "./format.ts";

test("percent() never rounds a failure away", () => {
  assert.equal(percent(1), "100 %");
  assert.equal(percent(0.999_999), "99.99 %");
  assert.equal(percent(0.9875), "98.8 %");
  assert.equal(percent(0), "0 %");
  assert.equal(percent(null), "–");
});

test("milliseconds() and span() keep few digits", () => {
  assert.deepEqual(
    [0.42, 12.4, 1530].map((ms) => milliseconds(ms)),
    ["0.4 ms", "12 ms", "1.5 s"],
  );
  assert.deepEqual([4_000, 240_000, 5_000_000].map(span), ["4 s", "4 min", "1 h 23 min"]);
});
