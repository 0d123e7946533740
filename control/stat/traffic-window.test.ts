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
  window.add({ atMs: 0, edges: [edge(100, 0, [100, 0, 0, 0, 0])], services: [] });
  window.add({ atMs: 2000, edges: [edge(190, 10, [150, 50, 0, 0, 0])], services: [] });
  const traffic = window.traffic(() => true);
  assert.equal(traffic.successRate, 0.9);
  assert.equal(traffic.rps, 50);
  assert.equal(traffic.latencyP50Ms, 1);
});

test("TrafficWindow tells rates of counters and bytes", () => {
  const window = new TrafficWindow();
  const service = (readBytes: number, writeBytes: number): ServiceCounters => ({
    app: "shop",
    service: "catalog",
    readBytes,
    writeBytes,
  });
  const sample = (atMs: number, count: number): void =>
    window.add({
      atMs,
      edges: [edge(count, count / 10, [count, 0, 0, 0, 0])],
      services: [service(count * 1000, count * 100)],
    });
  assert.equal(
    window.rate(() => true, "retries"),
    0,
  );
  sample(0, 100);
  sample(2000, 200);
  assert.equal(
    window.rate(() => true, "opaqueReadBytes"),
    500,
  );
  assert.deepEqual(window.byteRates("shop", "catalog"), {
    readBytesPerSecond: 5000,
    writeBytesPerSecond: 50_000,
  });
  assert.equal(
    window.rate(() => true, "retries"),
    5,
  );
  assert.equal(
    window.rate(() => false, "retries"),
    0,
  );
  assert.deepEqual(window.byteRates("shop", "web"), { readBytesPerSecond: 0, writeBytesPerSecond: 0 });
});
