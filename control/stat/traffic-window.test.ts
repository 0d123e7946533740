import assert from "node:assert/strict";
import { test } from "node:test";
import { type EdgeCounters, TrafficWindow } from "./traffic-window.ts";

const bounds = [1, 2, 5, 10];
const edge = (success: number, failure: number, counts: number[]): EdgeCounters => ({
  app: "shop",
  caller: "web",
  callee: "catalog",
  route: "default",
  success,
  failure,
  latencyBoundsMs: bounds,
  latencyCounts: counts,
  tcpOpen: 1,
});

test("TrafficWindow.traffic() tells rate, success and percentiles between its oldest and newest sample", () => {
  const window = new TrafficWindow();
  window.add({ atMs: 0, startedAt: 1, edges: [edge(100, 0, [100, 0, 0, 0, 0])] });
  window.add({ atMs: 2000, startedAt: 1, edges: [edge(190, 10, [150, 50, 0, 0, 0])] });
  const traffic = window.traffic(() => true);
  assert.equal(traffic.successRate, 0.9);
  assert.equal(traffic.rps, 50);
  assert.equal(traffic.latencyP50Ms, 1);
});

test("TrafficWindow goes on over a new proxy whose counts begin anew", () => {
  const window = new TrafficWindow();
  window.add({ atMs: 0, startedAt: 1, edges: [edge(100, 5, [105, 0, 0, 0, 0])] });
  const after = edge(10, 0, [10, 0, 0, 0, 0]);
  window.add({ atMs: 1000, startedAt: 2, edges: [after] });
  assert.equal(window.traffic(() => true).rps, 10);
  assert.deepEqual(window.totals(after), { requests: 115, failures: 5 });
});
