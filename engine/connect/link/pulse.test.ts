import assert from "node:assert/strict";
import { test } from "node:test";
import { PING_AFTER_MS, PING_PATIENCE_MS, TICK_MS } from "../limits.ts";
import { Pulse } from "./pulse.ts";

/** Ticks until `forMs` have passed; answers when the peer was given up, and counts how often it was asked. */
function watch(forMs: number, heardAt: readonly number[], needed = true): { asked: number; deadMs: number } {
  let asked = 0;
  const pulse = new Pulse(0, () => asked++);
  for (let nowMs = TICK_MS; nowMs <= forMs; nowMs += TICK_MS) {
    if (heardAt.includes(nowMs)) pulse.heard(nowMs);
    if (pulse.tick(nowMs, needed)) return { asked, deadMs: nowMs };
  }
  return { asked, deadMs: Infinity };
}

test("a silent peer is asked, and given up when it stays silent", () => {
  assert.deepEqual(watch(60_000, []), { asked: 1, deadMs: PING_AFTER_MS + PING_PATIENCE_MS });
});

test("a peer that answers is asked again, and lives", () => {
  const answers = Array.from({ length: 30 }, (_, index) => 2_250 + index * 2_250);
  assert.equal(watch(60_000, answers).deadMs, Infinity);
  assert.ok(watch(60_000, answers).asked > 20);
});

test("a peer that nobody waits for is left alone", () => {
  assert.deepEqual(watch(60_000, [], false), { asked: 0, deadMs: Infinity });
});

test("a peer is not given up because this process stood still", () => {
  const pulse = new Pulse(0, () => {});
  pulse.tick(PING_AFTER_MS, true);
  const resumedMs = PING_AFTER_MS + 60_000;
  assert.equal(pulse.tick(resumedMs, true), false);
  pulse.heard(resumedMs + 1);
  assert.equal(pulse.tick(resumedMs + TICK_MS, true), false);
});
