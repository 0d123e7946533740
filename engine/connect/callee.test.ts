import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "@plinth/clock";
import * as fc from "fast-check";
import { Callee } from "./callee.ts";
import type { InstanceEndpoint } from "./instance-endpoint.ts";
import { EJECT_AFTER_FAILURES, EJECT_PENALTY_MAX_MS, HELD_PER_SERVICE_MAX } from "./limits.ts";

function calleeWith(count: number, seed = 1): Callee {
  const callee = new Callee("app.service", seededRandom(seed));
  callee.update(serviceWith(count), 0);
  return callee;
}

function serviceWith(count: number, from = 0): Parameters<Callee["update"]>[0] {
  const endpoints = Array.from({ length: count }, (_, index) => ({
    instance: `i${from + index}`,
    address: "127.0.0.1",
    port: 20_000 + from + index,
  }));
  return { app: "app", service: "service", holdMs: 0, endpoints };
}

/** Sends requests one per millisecond for `forMs`; each endpoint answers after its own time. */
function simulate(callee: Callee, latencies: readonly number[], forMs: number): number[] {
  const counts = latencies.map(() => 0);
  const ends: { atMs: number; endpoint: InstanceEndpoint; latencyMs: number }[] = [];
  for (let nowMs = 0; nowMs < forMs; nowMs++) {
    for (const end of ends.filter(({ atMs }) => atMs <= nowMs)) {
      end.endpoint.answered(end.latencyMs, nowMs);
      end.endpoint.finish();
      ends.splice(ends.indexOf(end), 1);
    }
    const endpoint = callee.pick(nowMs, undefined)!;
    const index = callee.endpoints.indexOf(endpoint);
    counts[index]!++;
    endpoint.begin();
    ends.push({ atMs: nowMs + latencies[index]!, endpoint, latencyMs: latencies[index]! });
  }
  return counts;
}

test("Callee spreads requests evenly over equal endpoints and away from slow ones", () => {
  const even = simulate(calleeWith(4), [5, 5, 5, 5], 20_000);
  for (const count of even) assert.ok(count > 4_000 && count < 6_000, String(even));
  const skewed = simulate(calleeWith(3), [5, 5, 200], 20_000);
  assert.ok(skewed[2]! < 1_500, String(skewed));
  assert.ok(skewed[2]! > 0);
});

test("Callee leaves out an endpoint that keeps failing, probes it, and takes it back", () => {
  const callee = calleeWith(3);
  const bad = callee.endpoints[0]!;
  for (let index = 0; index < EJECT_AFTER_FAILURES; index++) bad.failed(0, () => 0.5);
  assert.ok(bad.ejection.active);
  for (let index = 0; index < 100; index++) assert.notEqual(callee.pick(500, undefined), bad);
  assert.equal(callee.pick(2_000, undefined), bad); // the probe
  assert.notEqual(callee.pick(2_000, undefined), bad); // one at a time
  bad.failed(2_000, () => 0); // penalty doubles
  assert.notEqual(callee.pick(3_900, undefined), bad);
  assert.equal(callee.pick(4_100, undefined), bad);
  bad.answered(5, 4_100);
  assert.ok(!bad.ejection.active);
});

test("Ejection's penalty grows to its most and no further", () => {
  const callee = calleeWith(2);
  const [bad] = callee.endpoints;
  let nowMs = 0;
  for (let index = 0; index < 20; index++) {
    bad!.failed(nowMs, () => 0);
    if (bad!.ejection.active) {
      nowMs = bad!.ejection.untilMs;
      assert.equal(callee.pick(nowMs, undefined), bad);
    }
  }
  const before = nowMs;
  bad!.failed(nowMs, () => 0);
  assert.equal(bad!.ejection.untilMs - before, EJECT_PENALTY_MAX_MS);
});

test("Callee always has an endpoint to try while it has any, whatever failed", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 6 }),
      fc.array(fc.record({ at: fc.nat(5), fails: fc.boolean(), waitMs: fc.nat(3_000) }), { maxLength: 60 }),
      fc.nat(),
      (count, steps, seed) => {
        const callee = calleeWith(count, seed);
        const random = seededRandom(seed);
        let nowMs = 0;
        let avoid: InstanceEndpoint | undefined;
        for (const { at, fails, waitMs } of steps) {
          nowMs += waitMs;
          const endpoint = callee.endpoints[at % count]!;
          if (fails) endpoint.failed(nowMs, random);
          else endpoint.answered(5, nowMs);
          const picked = callee.pick(nowMs, avoid);
          assert.ok(picked !== undefined && callee.endpoints.includes(picked));
          // The one to avoid is better than those left out, and than none.
          const spare = callee.endpoints.some((one) => one !== avoid && !one.ejection.active);
          if (spare) assert.notEqual(picked, avoid);
          avoid = picked;
        }
      },
    ),
  );
});

test("Callee.update() keeps what is known of endpoints that stay and removes the others", () => {
  const callee = calleeWith(2);
  const [gone, stays] = callee.endpoints;
  gone!.begin();
  let drained = false;
  const removed = callee.update(serviceWith(2, 1), 10);
  assert.deepEqual(removed, [gone]);
  assert.equal(callee.endpoints[0], stays);
  assert.ok(gone!.removed);
  gone!.whenIdle(() => (drained = true));
  assert.ok(!drained);
  gone!.finish();
  assert.ok(drained);
});

test("Callee's queue is bounded and wakes in order", () => {
  const callee = calleeWith(0);
  const woken: number[] = [];
  for (let index = 0; index < HELD_PER_SERVICE_MAX; index++) {
    assert.ok(callee.wait({ wake: () => woken.push(index) }, 0));
  }
  assert.ok(!callee.wait({ wake: () => {} }, 0));
  callee.update(serviceWith(1), 0);
  assert.equal(woken.length, HELD_PER_SERVICE_MAX);
  assert.deepEqual(woken.slice(0, 3), [0, 1, 2]);
});
