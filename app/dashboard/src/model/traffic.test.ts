import assert from "node:assert/strict";
import { test } from "node:test";
import type { EdgeStat } from "@plinth/resource";
import { edgeKey, TrafficModel } from "./traffic.ts";

const edge = (caller: string, requestsTotal: number, failuresTotal: number): EdgeStat => ({
  app: "shop",
  caller,
  calleeApp: "shop",
  callee: "storefront",
  protocols: ["HTTP/1.1"],
  secured: "same-host",
  clientId: null,
  serverId: null,
  tcpConnections: 1,
  readBytesPerSecond: 0,
  writeBytesPerSecond: 0,
  opaqueTotal: 0,
  successRate: 1,
  rps: 1,
  latencyP50Ms: 1,
  latencyP95Ms: 2,
  latencyP99Ms: 3,
  requestsTotal,
  failuresTotal,
});
const report = (...edges: EdgeStat[]) => ({ windowSeconds: 10, services: [], edges, routes: [] });

test("TrafficModel counts failures from the first report on, over restarts of the proxy", () => {
  const model = new TrafficModel();
  const key = edgeKey("ingress", "storefront");
  model.stat(report(edge("ingress", 1000, 7)));
  assert.deepEqual(model.state.get().counted.get(key), { requests: 0, failures: 0 });
  model.stat(report(edge("ingress", 1010, 8)));
  assert.deepEqual(model.state.get().counted.get(key), { requests: 10, failures: 1 });
  model.stat(report(edge("ingress", 5, 2)));
  assert.deepEqual(model.state.get().counted.get(key), { requests: 15, failures: 3 });
});

test("TrafficModel counts an edge that appears later from its beginning", () => {
  const model = new TrafficModel();
  model.stat(report(edge("ingress", 1000, 7)));
  model.stat(report(edge("ingress", 1000, 7), edge("loadgen", 20, 1)));
  assert.deepEqual(model.state.get().counted.get(edgeKey("loadgen", "storefront")), {
    requests: 20,
    failures: 1,
  });
});

const row = (cpuSeconds: number) => [
  { app: "shop", service: "cart", instance: "shop.cart.a", cpuSeconds, memoryBytes: 1 },
];

test("TrafficModel derives CPU from two polls and forgets it over a restart", () => {
  const model = new TrafficModel();
  const cpus = (): number | null | undefined => model.state.get().usage.get("shop.cart.a")?.cpus;
  model.instances(row(1), 1000);
  assert.equal(cpus(), null);
  model.instances(row(1.5), 2000);
  assert.equal(cpus(), 0.5);
  model.instances(row(0.1), 3000);
  assert.equal(cpus(), null);
});
