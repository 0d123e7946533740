import assert from "node:assert/strict";
import { test } from "node:test";
import { parseDurationMs, parseSizeBytes } from "@plinth/resource";
import fc from "fast-check";
import { durationMs, durationText, sizeBytes, sizeText } from "./quantities.ts";

test("durationMs() and sizeBytes() read what Compose writes", () => {
  assert.equal(durationMs("1m30s"), 90_000);
  assert.equal(durationMs("1h5m30s20ms"), 3_930_020);
  assert.equal(durationMs("0.5s"), 500);
  assert.equal(durationMs("10us"), 1);
  assert.equal(durationMs("0"), 0);
  assert.equal(durationMs("0s"), 0);
  for (const wrong of ["", "30", "s", "1d", "1m 30s", "-1s"])
    assert.equal(durationMs(wrong), undefined, wrong);
  assert.equal(sizeBytes("512m"), 512 * 2 ** 20);
  assert.equal(sizeBytes("1.5GB"), 1.5 * 2 ** 30);
  assert.equal(sizeBytes("64 MiB"), 64 * 2 ** 20);
  assert.equal(sizeBytes("300"), 300);
  assert.equal(sizeBytes("2b"), 2);
  for (const wrong of ["", "m", "1x", "-1", "1.m"]) assert.equal(sizeBytes(wrong), undefined, wrong);
});

test("durationText() and sizeText() are read by Plinth as what they were, a size as no less", () => {
  fc.assert(fc.property(fc.nat(10 ** 9), (ms) => assert.equal(parseDurationMs(durationText(ms)), ms)));
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2 ** 45 }), (bytes) => {
      const text = sizeText(bytes);
      assert.match(text, /^[0-9]{1,9}(\.[0-9]{1,3})?(KiB|MiB|GiB)$/);
      const read = parseSizeBytes(text);
      assert.ok(read >= bytes && read - bytes <= Math.max(2, bytes / 1000), `${bytes}: ${text}`);
    }),
  );
  assert.equal(sizeText(512 * 2 ** 20), "512MiB");
  assert.equal(sizeText(1.5 * 2 ** 30), "1.5GiB");
  assert.equal(sizeText(1), "0.001KiB");
});
