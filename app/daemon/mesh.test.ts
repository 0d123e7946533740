import assert from "node:assert/strict";
import { test } from "node:test";
import { chooseMesh, NO_NETWORKS } from "./mesh.ts";

const able = { available: true };

test("chooseMesh() decides at the first start, keeps what was decided, and weakens nothing silently", () => {
  assert.equal(chooseMesh(undefined, undefined, able).mode, "transparent");
  assert.equal(chooseMesh(undefined, "cooperative", able).mode, "cooperative");
  const weaker = chooseMesh(undefined, undefined, { available: false, reason: "it needs root" });
  assert.deepEqual(weaker, { mode: "cooperative", reason: "it needs root" });
  assert.throws(() => chooseMesh(undefined, "transparent", NO_NETWORKS), { code: "unsupported" });
  assert.throws(() => chooseMesh({ mesh: "transparent" }, undefined, NO_NETWORKS), { code: "unsupported" });
  assert.throws(() => chooseMesh({ mesh: "cooperative" }, "transparent", able), { code: "conflict" });
  // A home of an earlier version.
  assert.equal(chooseMesh({ block: 3 }, undefined, able).mode, "cooperative");
});
