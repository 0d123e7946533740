import assert from "node:assert/strict";
import { test } from "node:test";
import { BACKLOG_PROCESSOR_SHARE } from "../limits.ts";
import { Thrift } from "./thrift.ts";

test("those who wait get their share of the processor, whatever others use, and no less for long", () => {
  let nowMs = 0;
  let usedMs = 0;
  let spentMs = 0;
  const thrift = new Thrift({ cores: 0.5, usedMs: () => usedMs }, () => nowMs);
  const run = (lengthMs: number, othersMs: number): number => {
    const before = spentMs;
    for (const endMs = nowMs + lengthMs; nowMs < endMs; nowMs += 0.25) {
      usedMs += othersMs;
      if (!thrift.allows()) continue;
      usedMs += 0.2;
      spentMs += 0.2;
    }
    return (spentMs - before) / lengthMs;
  };
  const share = 0.5 * BACKLOG_PROCESSOR_SHARE;
  assert.ok(Math.abs(run(1_000, 0) - share) < 0.02);
  assert.ok(Math.abs(run(1_000, 0.05) - (share - 0.2)) < 0.02, "what others use is theirs");
  run(1_000, 0.3); // others alone use more than there is
  assert.ok(run(100, 0) > share * 0.9, "and are not held against those who wait afterwards");
});

test("where nobody says how much processor there is, those who wait are not held back", () => {
  const thrift = new Thrift(undefined, () => 0);
  assert.ok(thrift.allows() && thrift.allows());
});
