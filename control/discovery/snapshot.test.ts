import assert from "node:assert/strict";
import { test } from "node:test";
import { parseSnapshot } from "@plinth/connect";
import type { ServiceSpec } from "@plinth/resource";
import { buildSnapshot } from "./snapshot.ts";

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
    { app: "app", services, ingress: {}, pairs: [], serving: [], local: [], notReady: {} },
  ]);
  assert.ok(!("policy" in snapshot.services["app.plain"]!));
  const { policy } = snapshot.services["app.careful"]!;
  assert.deepEqual(policy?.timeout, { requestMs: 2_000 });
  assert.equal(policy?.retry?.statuses?.length, 100);
  assert.deepEqual(policy?.breaker, { penaltyMs: 5_000 });
  assert.equal(parseSnapshot(structuredClone(snapshot)).version, 1);
});
