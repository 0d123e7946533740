import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { matcherOf } from "./matcher.ts";
import { parseQuery } from "./parse-query.ts";
import { parseValuePath } from "./value-path.ts";

test("parseQuery() tells what is asked", () => {
  const words = (text: string) => ({ is: "term", attribute: "_default_", text });
  const term = (attribute: string, text: string) => ({ is: "term", attribute, text });
  assert.deepEqual(parseQuery("a b AND c d"), {
    is: "and",
    queries: [words("a"), words("b"), words("c"), words("d")],
  });
  assert.deepEqual(parseQuery("x:a OR NOT y:b z:(c d)"), {
    is: "or",
    queries: [
      term("x", "a"),
      { is: "and", queries: [{ is: "not", query: term("y", "b") }, term("z", "c d")] },
    ],
  });
  assert.deepEqual(parseQuery(String.raw`a\:b:c\ d`), term("a:b", "c d"));
  assert.deepEqual(parseQuery("n:>=1.5E3"), {
    is: "comparison",
    attribute: "n",
    comparison: ">=",
    bound: { float: 1500 },
  });
});

test("parseQuery() refuses what is no search", () => {
  for (const source of ["(", "a:", ":a", "a AND", "x:[1 TO 2}", "x:>(a)", ")", " -a", "(".repeat(9999)])
    assert.equal(parseQuery(source), undefined, source);
});

test("any text is a search that answers, or none", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom(...Array.from('ab:@*?()[]{}<>="\\ -+.TONDAR1&|é')), maxLength: 24 }),
      (source) => {
        const query = parseQuery(source);
        if (query !== undefined)
          assert.notEqual(typeof matcherOf(query)?.({ a: "b", message: "a b", tags: ["a:b", 1] }), "string");
      },
    ),
    { numRuns: 1000 },
  );
});

test("parseValuePath() reads fields, quotes and indices", () => {
  assert.deepEqual(parseValuePath(String.raw`.a[0]."b \"c\""@d.e-1[-2]`), ["a", 0, 'b "c"', "@d", "e-1", -2]);
  assert.deepEqual(parseValuePath("."), []);
  for (const path of ["", "..", "a.", "a..b", "a.[0]", "a[]", "a[", 'a"b"', '"a', "a b", "[x]"])
    assert.equal(parseValuePath(path), undefined, path);
});
