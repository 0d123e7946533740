import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Program } from "./ast.ts";
import { parse } from "./parse.ts";
import { print } from "./print.ts";
import { programs } from "./program-for-test.ts";

test("parse() gives the tree again that print() was given, but for its spans", () => {
  fc.assert(
    fc.property(programs, (program) => {
      const text = print(program);
      const parsed = parse(text);
      assert.deepEqual(parsed.diagnostics, [], text);
      assert.deepEqual(withoutSpans(parsed.program), withoutSpans(program), text);
    }),
    { numRuns: 300 },
  );
});

const examples: readonly (readonly [string, string])[] = [
  ["a=1;b=.c", "a = 1\nb = .c\n"],
  ["if a{b}else if (c;d){e}else{f}", "if a {\n  b\n} else if (c; d;) {\n  e\n} else {\n  f\n}\n"],
  ["f( 1,x:2 )->|_,k|{{k}}", "f(1, x: 2) -> |_, k| {\n  {\n    k\n  }\n}\n"],
  ['.a."b c"[ -1 ]', '.a."b c"[-1]\n'],
  ["!! -1", "!! -1\n"],
  ["x, _ = 1_000 / 2.50", "x, _ = 1000 / 2.5\n"],
  ["s'a\\b\"'", '"a\\\\b\\""\n'],
  ['"\\{{ {{ a }}"', '"\\{\\{ {{ a }}"\n'],
  ['{ "b": 1, "a": [] }', '{ "a": [], "b": 1 }\n'],
];

for (const [source, expected] of examples) {
  test(`print() of ${source}`, () => assert.equal(print(parse(source).program), expected));
}

function withoutSpans(program: Program): unknown {
  return dropSpans(program);
}

function dropSpans(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((element) => dropSpans(element));
  if (typeof value !== "object" || value === null) return value;
  const kept = Object.entries(value).filter(([key]) => !key.endsWith("pan"));
  return Object.fromEntries(kept.map(([key, part]) => [key, dropSpans(part)]));
}
