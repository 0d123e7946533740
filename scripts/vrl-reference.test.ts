import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { REFERENCE_PATH, referenceMarkdown } from "./vrl-reference.ts";

test("docs/vrl/functions.md is what the functions say of themselves", async () => {
  assert.equal(readFileSync(REFERENCE_PATH, "utf8"), await referenceMarkdown(), "run: npm run vrl:reference");
});
