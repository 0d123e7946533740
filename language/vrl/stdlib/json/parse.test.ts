import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Failure } from "../../runtime/failure.ts";
import type { Value } from "../../runtime/value.ts";
import { parseJsonLayers, parseJsonText } from "./parse.ts";
import { JsonReader } from "./reader.ts";
import { jsonText, jsonTextPretty } from "./write.ts";

/** Texts of numbers of all kinds. */
const numbers = fc.oneof(
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => JSON.stringify(number)),
  fc.constantFrom(
    "1.0",
    "-0",
    "-0.0",
    "1e3",
    "12.50",
    "0.00",
    "1E-7",
    "100000000000000000000",
    "0.99999999999999999",
  ),
);
const strings = fc.string({ unit: "binary" }).map((text) => JSON.stringify(text.toWellFormed()));
const { document } = fc.letrec<{ document: string }>((tie) => ({
  document: fc.oneof(
    { maxDepth: 4 },
    fc.oneof(numbers, strings, fc.constantFrom("true", "false", "null")),
    fc.array(tie("document"), { maxLength: 4 }).map((items) => `[${items.join(", ")}]`),
    fc
      .array(fc.tuple(strings, tie("document")), { maxLength: 4 })
      .map((entries) => `{${entries.map(([key, value]) => `${key}: ${value}`).join(",")}}`),
  ),
}));
/** Documents with something put in or taken out somewhere. */
const broken = fc
  .tuple(
    document,
    fc.nat(),
    fc.nat({ max: 2 }),
    fc.constantFrom("", ",", "}", '"', "\\", "e", "-", "0", "é", "\n", "\\ud83d"),
  )
  .map(([text, place, removed, added]) => {
    const at = place % (text.length + 1);
    return (text.slice(0, at) + added + text.slice(at + removed)).toWellFormed();
  });

test("parseJsonText() yields what the exact reader does, whichever way it goes", () => {
  fc.assert(
    fc.property(fc.oneof(document, broken), (text) => {
      assert.deepEqual(parseJsonText(text), new JsonReader(text).document());
    }),
    { numRuns: 1000 },
  );
});

test("parseJsonText() yields integers to the last digit", () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (integer) => {
      assert.equal(BigInt((parseJsonText(`[${integer}]`) as (number | bigint)[])[0]!), integer);
    }),
  );
});

test("what jsonText() and jsonTextPretty() write is read back the same", () => {
  fc.assert(
    fc.property(document, (text) => {
      const value = parseJsonText(text) as Value;
      assert.deepEqual(parseJsonText(jsonText(value)), value);
      assert.deepEqual(parseJsonText(jsonTextPretty(value)), value);
    }),
  );
});

test("parseJsonLayers() with layers enough yields the whole", () => {
  fc.assert(
    fc.property(document, (text) => {
      const isBeyond = /\d{19}/.test(text);
      if (!isBeyond) assert.deepEqual(parseJsonLayers(text, 128), parseJsonText(text));
    }),
  );
});

test("documents nest 127 deep and no deeper", () => {
  for (const [open, close] of [
    ["[", "]"],
    ['{"a":', "}"],
  ] as const) {
    const nested = (depth: number) => `${open.repeat(depth)}1${close.repeat(depth)}`;
    assert.ok(!(parseJsonText(nested(127)) instanceof Failure));
    const failure = parseJsonText(nested(128));
    assert.ok(failure instanceof Failure);
    assert.match(failure.message, /^recursion limit exceeded at line 1 column \d+$/);
  }
});

test("many documents' braces are no depth", () => {
  const text = `[${Array.from({ length: 500 }, (_, index) => `{"a":[${index},"{["]}`).join(",")}]`;
  assert.equal((parseJsonText(text) as Value[]).length, 500);
});
