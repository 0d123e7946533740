import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { jsonKindOf, type JsonKind } from "./json-syntax.ts";

function kindByParsing(text: string): JsonKind | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  return typeof value === "boolean" ? "bool" : (typeof value as JsonKind);
}

test("jsonKindOf() takes what JSON.parse() takes", () => {
  fc.assert(
    fc.property(fc.json({ stringUnit: "binary" }), (text) => {
      assert.equal(jsonKindOf(text), kindByParsing(text));
      assert.equal(jsonKindOf(` ${text}\n`), kindByParsing(text));
    }),
  );
});

test("jsonKindOf() refuses what JSON.parse() refuses", () => {
  const piece = fc.constantFrom(
    ...'{}[],:"\\-.0123eE+tfn u\n'.split(""),
    "true",
    "null",
    '"a"',
    "\\u00e9",
    '"k":',
    "1.5",
  );
  const broken = fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join(""));
  fc.assert(
    fc.property(broken, (text) => assert.equal(jsonKindOf(text), kindByParsing(text))),
    { numRuns: 20_000 },
  );
});

test("jsonKindOf() goes as deep as a text does", () => {
  const depth = 200_000;
  assert.equal(jsonKindOf("[".repeat(depth) + "]".repeat(depth)), "array");
  assert.equal(jsonKindOf('{"a":'.repeat(depth) + "1" + "}".repeat(depth)), "object");
  assert.equal(jsonKindOf("[".repeat(depth)), undefined);
});
