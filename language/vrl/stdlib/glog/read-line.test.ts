import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Failure } from "../../runtime/failure.ts";
import { type Form, form, readLine } from "./read-line.ts";

const glog = form("glog", 4);
const never = /(?!)/;

test("the quick expression tells nothing that the exact one does not", () => {
  const slow: Form = { ...glog, quick: never };
  const part = fc.constantFrom(
    "I20240229 12:00:00.000001",
    " ",
    "7",
    "a.c",
    ":",
    "9",
    "]",
    "] ",
    "x:8] y",
    "é",
    "\u00a0",
    "\n",
    "\u0085",
  );
  const line = fc
    .array(part, { maxLength: 6 })
    .chain((rest) =>
      fc.constantFrom("", "I20240229 12:00:00.000001 7 a.c:9] ").map((head) => head + rest.join("")),
    );
  fc.assert(
    fc.property(line, (text) => {
      assert.deepEqual(
        readLine(text, glog, () => 0),
        readLine(text, slow, () => 0),
      );
    }),
    { numRuns: 1000 },
  );
});

test("a line as it should be takes the quick way", () =>
  assert.match("I20240229 12:00:00.000001 7 a.c:9] text", glog.quick));

test("any text is a line or none, in linear time", () => {
  for (const unit of [" ", "1", ":9] ", "x", "] "]) {
    const text = `I20240229 12:00:00.000001 7 a.c:9] ${unit.repeat(20_000)}`;
    assert.ok(!(readLine(text, glog, () => 0) instanceof Failure));
  }
});
