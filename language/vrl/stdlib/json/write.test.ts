import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { floatOf } from "../../runtime/float.ts";
import { Regex } from "../../runtime/regex.ts";
import { Timestamp } from "../../runtime/timestamp.ts";
import type { Value } from "../../runtime/value.ts";
import { anyValue } from "../../runtime/values-for-test.ts";
import { jsonText, jsonTextPretty } from "./write.ts";

test("jsonText() writes JSON that JSON.parse() reads as the same", () => {
  fc.assert(
    fc.property(fc.jsonValue({ stringUnit: "grapheme" }), (value) => {
      assert.deepEqual(JSON.parse(jsonText(value as Value)), JSON.parse(JSON.stringify(value)));
    }),
  );
});

test("jsonText() and jsonTextPretty() write the same", () => {
  fc.assert(
    fc.property(anyValue, (value) => {
      assert.deepEqual(JSON.parse(jsonTextPretty(value)), JSON.parse(jsonText(value)));
    }),
  );
});

test("jsonText() writes floats with a fraction or exponent", () => {
  const floats = [1, -0, 0, 1e15, 1e16, 123456789012345680, -2.5e-7, 1e-5, 9.9e-6, 5e-324, 1e300, 0.1];
  assert.equal(
    jsonText(floats.map(floatOf)),
    "[1.0,-0.0,0.0,1000000000000000.0,1e+16,1.2345678901234568e+17,-2.5e-7,0.00001,9.9e-6,5e-324,1e+300,0.1]",
  );
  assert.equal(jsonText([Infinity, -Infinity]), "[null,null]");
});

test("jsonText() sorts keys by their bytes and writes what JSON has no kind for as strings", () => {
  const value = {
    "\uFB00": 2n ** 62n,
    "😀": Regex.of("a+"),
    b: new Timestamp(0, 1000),
    a: new Uint8Array([0xff, 0x22]),
    "\u0001": "\ud800",
  };
  assert.equal(
    jsonText(value),
    '{"\\u0001":"\uFFFD","a":"\uFFFD\\"","b":"1970-01-01T00:00:00.000001Z","\uFB00":4611686018427387904,"😀":"a+"}',
  );
});

test("jsonTextPretty() gives every element and field a line", () => {
  const value = { b: [1, floatOf(2), { c: null }], a: {}, d: [] };
  const lines = [
    "{",
    '  "a": {},',
    '  "b": [',
    "    1,",
    "    2.0,",
    "    {",
    '      "c": null',
    "    }",
    "  ],",
  ];
  assert.equal(jsonTextPretty(value), [...lines, '  "d": []', "}"].join("\n"));
});

test("jsonText() writes keys in the order of their bytes, however they look", () => {
  const key = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.nat().map(String),
    fc.constantFrom("__proto__", "toJSON", "a", "b"),
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(key, anyValue)), (entries) => {
      const object = Object.create(null) as Record<string, Value>;
      for (const [name, value] of entries) if (name.isWellFormed()) object[name] = value;
      const inOrder = Object.keys(object).sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
      const expected = inOrder.map((name) => `${JSON.stringify(name)}:${jsonText(object[name]!)}`);
      assert.equal(jsonText({ ...object }), `{${expected.join(",")}}`);
    }),
  );
});
