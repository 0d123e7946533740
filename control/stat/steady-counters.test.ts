import assert from "node:assert/strict";
import { test } from "node:test";
import { SteadyCounters } from "./steady-counters.ts";
import type { EdgeCounters } from "./traffic-window.ts";

const edge = (success: number, caller = "web"): EdgeCounters => ({
  app: "shop",
  caller,
  calleeApp: "shop",
  callee: "catalog",
  route: "default",
  success,
  failure: 0,
  latencyBoundsMs: [1, 2],
  latencyCounts: [success, 0, 1],
  tcpOpen: 1,
  requests: success,
  http2Requests: 0,
  grpcRequests: 0,
  retries: 0,
  opaqueOpened: 0,
  opaqueReadBytes: 0,
  opaqueWriteBytes: 0,
});
const service = (
  readBytes: number,
): { app: string; service: string; readBytes: number; writeBytes: number } => ({
  app: "shop",
  service: "catalog",
  readBytes,
  writeBytes: 0,
});

test("SteadyCounters adds up hosts, and the proxies each has had", () => {
  const counters = new SteadyCounters();
  counters.take("", { startedAt: 1, edges: [edge(100)], services: [service(10)] });
  counters.take("beta", { startedAt: 1, edges: [edge(50), edge(7, "cart")], services: [service(5)] });
  assert.deepEqual(
    counters.sum().edges.map(({ caller, success, tcpOpen }) => [caller, success, tcpOpen]),
    [
      ["web", 150, 2],
      ["cart", 7, 1],
    ],
  );
  // A new proxy on one host begins at zero; what the one before counted stays, what it had open does not.
  counters.take("", { startedAt: 2, edges: [edge(3)], services: [service(1)] });
  const { edges, services } = counters.sum();
  assert.deepEqual([edges[0]?.success, edges[0]?.tcpOpen], [153, 2]);
  assert.deepEqual(edges[0]?.latencyCounts, [153, 0, 3]);
  assert.deepEqual(edges[0]?.latencyBoundsMs, [1, 2]);
  assert.equal(services[0]?.readBytes, 16);
  counters.gone("beta");
  assert.deepEqual(
    counters.sum().edges.map(({ success, tcpOpen }) => [success, tcpOpen]),
    [
      [153, 1],
      [7, 0],
    ],
  );
});

test("SteadyCounters leaves out what a source counted before it was first heard of", () => {
  const counters = new SteadyCounters();
  counters.take("", { startedAt: 1, edges: [edge(1)], services: [] });
  counters.take("beta", { startedAt: 1, edges: [edge(1000)], services: [service(9)] }, true);
  assert.equal(counters.sum().edges[0]?.success, 1);
  counters.take("beta", { startedAt: 1, edges: [edge(1010)], services: [service(10)] }, true);
  assert.equal(counters.sum().edges[0]?.success, 11);
  assert.equal(counters.sum().services[0]?.readBytes, 1);
});
