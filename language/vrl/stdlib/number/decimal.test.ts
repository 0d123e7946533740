import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { decimalText, slowDecimalText } from "./decimal.ts";

const anyDecimal = fc
  .record({
    digits: fc.integer({ min: -(10 ** 15), max: 10 ** 15 }),
    places: fc.integer({ min: 0, max: 18 }),
  })
  .map(({ digits, places }) => Number(`${digits}e-${places}`));

test("decimalText() takes JavaScript's own digits only where they are the ones wanted", () => {
  fc.assert(
    fc.property(fc.oneof(anyDecimal, fc.double({ noNaN: true })), (number) => {
      if (number !== 0) assert.equal(decimalText(number), slowDecimalText(number));
    }),
    { numRuns: 20_000 },
  );
});

test("decimalText() is near the float it is given", () => {
  const anyFloat = fc.double({ min: -(2 ** 95), max: 2 ** 95, noNaN: true });
  fc.assert(
    fc.property(anyFloat, (number) => {
      const text = decimalText(number);
      assert.match(text, /^-?[0-9]+(?:\.[0-9]*[1-9])?$/);
      assert.ok(Math.abs(Number(text) - number) <= Math.max(Math.abs(number) * 1.5e-15, 1e-28));
    }),
    { numRuns: 2000 },
  );
});

test("decimalText() ends at 28 places and at 96 bits", () => {
  assert.equal(decimalText(1e-28), "0.0000000000000000000000000001");
  assert.equal(decimalText(-4e-29), "-0");
  assert.equal(decimalText(5e-324), "0");
  assert.equal(decimalText(2 ** 70), String(2n ** 70n));
  assert.equal(decimalText(1e300), `1${"0".repeat(300)}`);
  assert.equal(decimalText(Infinity), "inf");
  assert.equal(decimalText(0), "0");
  assert.equal(decimalText(-0), "-0");
  assert.equal(decimalText(0.1 + 0.2), "0.3");
});
