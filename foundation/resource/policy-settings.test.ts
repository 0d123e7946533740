import assert from "node:assert/strict";
import { test } from "node:test";
import { policySettings } from "./policy-settings.ts";
import { validate } from "./validate.ts";

test("policySettings() gives numbers for words and leaves out what was not said", () => {
  assert.equal(policySettings(undefined), undefined);
  assert.deepEqual(policySettings({}), {});
  assert.deepEqual(
    policySettings({
      timeout: { request: "1.5s", idle: "0ms", response: "999999999h" },
      retry: { limit: 2, on: ["gateway-error", "503", "429"], grpc: ["unavailable", "internal"] },
      breaker: { successRate: 0.5, penalty: "2s" },
    }),
    {
      timeout: { requestMs: 1_500, responseMs: 86_400_000, idleMs: 1 },
      retry: { limit: 2, statuses: [429, 502, 503, 504], grpc: [14, 13] },
      breaker: { successRate: 0.5, penaltyMs: 2_000 },
    },
  );
  assert.deepEqual(policySettings({ breaker: false }), { breaker: false });
  assert.equal(policySettings({ retry: { on: ["5xx"] } })?.retry?.statuses?.length, 100);
});

test("a policy's schema knows the field's words and refuses others", () => {
  const problems = (policy: unknown): number => validate("Policy", policy).length;
  assert.equal(problems({ retry: { on: ["5xx", "429"], grpc: ["unavailable"], methods: ["GET"] } }), 0);
  assert.equal(problems({ breaker: false }), 0);
  assert.ok(problems({ breaker: true }) > 0);
  assert.ok(problems({ retry: { on: ["200"] } }) > 0);
  assert.ok(problems({ retry: { grpc: ["ok"] } }) > 0);
  assert.ok(problems({ timeout: { request: 5 } }) > 0);
  assert.ok(problems({ timeouts: {} }) > 0);
});
