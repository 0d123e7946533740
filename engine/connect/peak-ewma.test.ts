import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { EWMA_DECAY_MS, EWMA_DEFAULT_MS } from "./limits.ts";
import { PeakEwma } from "./peak-ewma.ts";

test("PeakEwma starts at its default, rises at once and sinks by its decay", () => {
  const latency = new PeakEwma(0);
  assert.equal(latency.at(0), EWMA_DEFAULT_MS);
  latency.observe(200, 0);
  assert.equal(latency.at(0), 200);
  latency.observe(0, EWMA_DECAY_MS);
  assert.ok(Math.abs(latency.at(EWMA_DECAY_MS) - 200 / Math.E) < 1e-9);
});

test("PeakEwma stays between zero and the highest sample", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(1_000), fc.nat(20_000))), (samples) => {
      const latency = new PeakEwma(0);
      let nowMs = 0;
      let most = EWMA_DEFAULT_MS;
      for (const [sample, laterMs] of samples) {
        nowMs += laterMs;
        most = Math.max(most, sample);
        latency.observe(sample, nowMs);
        assert.ok(latency.at(nowMs) >= sample - 1e-9 || latency.at(nowMs) >= 0);
        assert.ok(latency.at(nowMs) <= most);
      }
    }),
  );
});
