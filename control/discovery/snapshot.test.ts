import assert from "node:assert/strict";
import { test } from "node:test";
import { parseSnapshot } from "@plinth/connect";
import type { ServiceSpec } from "@plinth/resource";
import { buildSnapshot } from "./snapshot.ts";

test("buildSnapshot() gives each route the whole policy it stands for: what it does not say is the service's", () => {
  const services: Record<string, ServiceSpec> = {
    catalog: {
      command: ["x"],
      policy: {
        timeout: { request: "5s", idle: "1m" },
        retry: { grpc: ["internal"] },
        breaker: { failures: 3 },
      },
      routes: [
        {
          name: "search",
          match: { path: "/search", method: ["GET"] },
          policy: { timeout: { request: "500ms" }, retry: { limit: 0 } },
        },
        { name: "beta", match: { headers: { "X-Beta": "1" } } },
      ],
    },
    plain: { command: ["x"], routes: [] },
  };
  const at = { address: "127.0.0.1", port: 1 };
  const snapshot = buildSnapshot({ version: 1, ingress: at, metrics: { ...at, port: 2 } }, [
    { app: "app", services, ingress: {}, published: [], pairs: [], serving: [], local: [], notReady: {} },
  ]);
  assert.deepEqual(snapshot.services["app.catalog"]!.routes, [
    {
      name: "search",
      match: { path: "/search", methods: ["GET"] },
      policy: { timeout: { requestMs: 500, idleMs: 60_000 }, retry: { limit: 0, grpc: [13] } },
    },
    {
      name: "beta",
      match: { headers: { "X-Beta": "1" } },
      policy: { timeout: { requestMs: 5_000, idleMs: 60_000 }, retry: { grpc: [13] } },
    },
  ]);
  assert.ok(!("routes" in snapshot.services["app.plain"]!));
  assert.equal(parseSnapshot(structuredClone(snapshot)).version, 1);
});

test("buildSnapshot() hands a service's policy on in the proxy's units, and nothing without one", () => {
  const services: Record<string, ServiceSpec> = {
    plain: { command: ["x"] },
    careful: {
      command: ["x"],
      policy: { timeout: { request: "2s" }, retry: { on: ["5xx"], limit: 2 }, breaker: { penalty: "5s" } },
    },
  };
  const at = { address: "127.0.0.1", port: 1 };
  const snapshot = buildSnapshot({ version: 1, ingress: at, metrics: { ...at, port: 2 } }, [
    { app: "app", services, ingress: {}, published: [], pairs: [], serving: [], local: [], notReady: {} },
  ]);
  assert.ok(!("policy" in snapshot.services["app.plain"]!));
  const { policy } = snapshot.services["app.careful"]!;
  assert.deepEqual(policy?.timeout, { requestMs: 2_000 });
  assert.equal(policy?.retry?.statuses?.length, 100);
  assert.deepEqual(policy?.breaker, { penaltyMs: 5_000 });
  assert.equal(parseSnapshot(structuredClone(snapshot)).version, 1);
});
