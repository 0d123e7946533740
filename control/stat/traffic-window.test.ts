import assert from "node:assert/strict";
import { test } from "node:test";
import { type EdgeCounters, type ServiceCounters, TrafficWindow } from "./traffic-window.ts";

const bounds = [1, 2, 5, 10];
const edge = (success: number, failure: number, counts: number[]): EdgeCounters => ({
  app: "shop",
  caller: "web",
  calleeApp: "shop",
  callee: "catalog",
  route: "default",
  success,
  failure,
  latencyBoundsMs: bounds,
  latencyCounts: counts,
  tcpOpen: 1,
  requests: success + failure,
  http2Requests: 0,
  grpcRequests: 0,
  retries: failure,
  opaqueOpened: 0,
  opaqueReadBytes: success * 10,
  opaqueWriteBytes: success * 20,
});

test("TrafficWindow.traffic() tells rate, success and percentiles between its oldest and newest sample", () => {
  const window = new TrafficWindow();
  window.add({ atMs: 0, startedAt: 1, edges: [edge(100, 0, [100, 0, 0, 0, 0])], services: [] });
  window.add({ atMs: 2000, startedAt: 1, edges: [edge(190, 10, [150, 50, 0, 0, 0])], services: [] });
  const traffic = window.traffic(() => true);
  assert.equal(traffic.successRate, 0.9);
  assert.equal(traffic.rps, 50);
  assert.equal(traffic.latencyP50Ms, 1);
});

test("TrafficWindow goes on over a new proxy whose counts begin anew", () => {
  const window = new TrafficWindow();
  window.add({ atMs: 0, startedAt: 1, edges: [edge(100, 5, [105, 0, 0, 0, 0])], services: [] });
  const after = edge(10, 0, [10, 0, 0, 0, 0]);
  window.add({ atMs: 1000, startedAt: 2, edges: [after], services: [] });
  assert.equal(window.traffic(() => true).rps, 10);
  assert.deepEqual(window.totals(after), { requests: 115, failures: 5 });
});

test("TrafficWindow tells rates of counters and bytes, also over a new proxy", () => {
  const window = new TrafficWindow();
  const service = (readBytes: number, writeBytes: number): ServiceCounters => ({
    app: "shop",
    service: "catalog",
    readBytes,
    writeBytes,
  });
  const sample = (atMs: number, startedAt: number, count: number): void =>
    window.add({
      atMs,
      startedAt,
      edges: [edge(count, count / 10, [count, 0, 0, 0, 0])],
      services: [service(count * 1000, count * 100)],
    });
  assert.equal(
    window.rate(() => true, "retries"),
    0,
  );
  sample(0, 1, 100);
  sample(2000, 1, 200);
  assert.equal(
    window.rate(() => true, "opaqueReadBytes"),
    500,
  );
  assert.deepEqual(window.byteRates("shop", "catalog"), {
    readBytesPerSecond: 5000,
    writeBytesPerSecond: 50_000,
  });
  sample(3000, 2, 10);
  assert.equal(
    window.rate(() => true, "retries"),
    1,
  );
  assert.equal(
    window.rate(() => false, "retries"),
    0,
  );
  assert.deepEqual(window.byteRates("shop", "catalog"), {
    readBytesPerSecond: 1000,
    writeBytesPerSecond: 10_000,
  });
  assert.deepEqual(window.byteRates("shop", "web"), { readBytesPerSecond: 0, writeBytesPerSecond: 0 });
});
