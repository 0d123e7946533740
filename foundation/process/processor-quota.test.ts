import assert from "node:assert/strict";
import { test } from "node:test";
import { processorQuota } from "./index.ts";

test("processorQuota() is a part of processors, or none", () => {
  const quota = processorQuota();
  assert.ok(quota === undefined || quota > 0);
});
