import assert from "node:assert/strict";
import { test } from "node:test";
import { VirtualClock } from "./virtual-clock.ts";

test("VirtualClock.advance() runs callbacks in order of their due time", async () => {
  const clock = new VirtualClock(0);
  const seen: number[] = [];
  clock.schedule(20, () => seen.push(20));
  clock.schedule(10, () => {
    seen.push(10);
    clock.schedule(5, () => seen.push(15));
  });
  clock.schedule(30, () => seen.push(30))();
  await clock.advance(100);
  assert.deepEqual(seen, [10, 15, 20]);
  assert.equal(clock.now(), 100);
});

test("Clock.sleep() rejects with the signal's reason", async () => {
  const clock = new VirtualClock(0);
  const controller = new AbortController();
  const sleeping = clock.sleep(1000, controller.signal);
  controller.abort(new Error("enough"));
  await assert.rejects(sleeping, /enough/);
});
