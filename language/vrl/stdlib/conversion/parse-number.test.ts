import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { INTEGER_MAX, INTEGER_MIN } from "../../runtime/integer.ts";
import { NumberFault, parseFloatText, parseRadix } from "./parse-number.ts";

const anyBase = fc.integer({ min: 2, max: 36 });

test("parseRadix() reads what toString() writes, in the range of integers", () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 65n), max: 2n ** 65n }), anyBase, (value, base) => {
      const parsed = parseRadix(value.toString(base), base);
      if (value > INTEGER_MAX)
        assert.deepEqual(parsed, new NumberFault("number too large to fit in target type"));
      else if (value < INTEGER_MIN)
        assert.deepEqual(parsed, new NumberFault("number too small to fit in target type"));
      else assert.equal(BigInt(parsed as number | bigint), value);
    }),
    { numRuns: 1000 },
  );
});

test("parseRadix() is done with any text in linear time", () => {
  fc.assert(
    fc.property(fc.string(), anyBase, (text, base) => {
      const parsed = parseRadix(text, base);
      assert.ok(parsed instanceof NumberFault || /^[+-]?[0-9a-z]+$/i.test(text));
    }),
  );
  const long = "9".repeat(1_000_000);
  assert.deepEqual(parseRadix(long, 10), new NumberFault("number too large to fit in target type"));
  assert.equal(parseRadix(`${"0".repeat(1_000_000)}7`, 10), 7);
});

test("parseRadix() tells the first thing that is wrong", () => {
  assert.deepEqual(parseRadix("", 10), new NumberFault("cannot parse integer from empty string"));
  for (const text of ["-", "+", "1_0", " 1", "1.0", "0x1", "٣"])
    assert.deepEqual(parseRadix(text, 10), new NumberFault("invalid digit found in string"));
  assert.deepEqual(
    parseRadix("99999999999999999999x", 10),
    new NumberFault("number too large to fit in target type"),
  );
  assert.equal(parseRadix("-0", 10), 0);
  assert.equal(parseRadix("Zz", 36), 35 * 36 + 35);
});

test("parseFloatText() is done with long texts in linear time", () => {
  const digits = "1".repeat(1_000_000);
  assert.equal(parseFloatText(digits), Infinity);
  for (const text of [`${digits}x`, `${digits}.${digits}e`, `.${digits}e+`])
    assert.deepEqual(parseFloatText(text), new NumberFault("invalid float literal"));
});

test("parseFloatText() reads decimals, infinities and NaN, and nothing else", () => {
  fc.assert(
    fc.property(fc.double({ noDefaultInfinity: true, noNaN: true }), (number) => {
      assert.equal(parseFloatText(String(number)), Object.is(number, -0) ? 0 : number);
    }),
  );
  assert.deepEqual(["1.", ".5", "+1e3", "-2E-2", "-inf", "Infinity", "NaN"].map(parseFloatText), [
    1,
    0.5,
    1000,
    -0.02,
    -Infinity,
    Infinity,
    NaN,
  ]);
  assert.deepEqual(parseFloatText(""), new NumberFault("cannot parse float from empty string"));
  for (const text of [".", "e1", "1e", "0x1", " 1", "1_0", "--1", "1e5.5", "∞"])
    assert.deepEqual(parseFloatText(text), new NumberFault("invalid float literal"));
});
