import assert from "node:assert/strict";
import { test } from "node:test";
import { chooseMesh, type MeshAbility } from "./mesh.ts";

const able = (): Promise<MeshAbility> => Promise.resolve({ available: true });
const unable = (): Promise<MeshAbility> => Promise.resolve({ available: false, reason: "it needs root" });
const notAsked = (): Promise<MeshAbility> => Promise.reject(new Error("asked for nothing"));

test("chooseMesh() decides at the first start, keeps what was decided, and weakens nothing silently", async () => {
  assert.equal((await chooseMesh(undefined, undefined, able)).mode, "transparent");
  assert.equal((await chooseMesh(undefined, "cooperative", notAsked)).mode, "cooperative");
  const weaker = await chooseMesh(undefined, undefined, unable);
  assert.deepEqual(weaker, { mode: "cooperative", reason: "it needs root" });
  await assert.rejects(chooseMesh(undefined, "transparent", unable), { code: "unsupported" });
  await assert.rejects(chooseMesh({ mesh: "transparent" }, undefined, unable), { code: "unsupported" });
  await assert.rejects(chooseMesh({ mesh: "cooperative" }, "transparent", able), { code: "conflict" });
  // A home of an earlier version.
  assert.equal((await chooseMesh({ block: 3 }, undefined, notAsked)).mode, "cooperative");
});
