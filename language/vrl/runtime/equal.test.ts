import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { copyValue } from "./copy.ts";
import { compareValues, identityOf, looselyEqual, valuesEqual } from "./equal.ts";
import { isObject } from "./kind-of.ts";
import { Timestamp } from "./timestamp.ts";
import { Float } from "./value.ts";
import { anyValue } from "./values-for-test.ts";

test("A copy is equal, and shares no array and no object", () => {
  fc.assert(
    fc.property(anyValue, (value) => {
      const copy = copyValue(value);
      assert.deepEqual(copy, value);
      assert.ok(valuesEqual(copy, value));
      assert.ok(looselyEqual(copy, value));
      if (Array.isArray(value) || isObject(value)) assert.notEqual(copy, value);
    }),
  );
});

test("identityOf() is the same for equal values, and only for them", () => {
  fc.assert(
    fc.property(anyValue, anyValue, (left, right) => {
      assert.equal(identityOf(copyValue(left)), identityOf(left));
      assert.equal(identityOf(left) === identityOf(right), valuesEqual(left, right));
    }),
    { numRuns: 1000 },
  );
});

test("valuesEqual() tells integers from floats, but not the zeros of floats", () => {
  assert.equal(valuesEqual(1, new Float(1)), false);
  assert.equal(valuesEqual(new Float(0), new Float(-0)), true);
  assert.equal(identityOf(new Float(0)), identityOf(new Float(-0)));
  assert.equal(valuesEqual({ a: null }, { b: null }), false);
  assert.equal(valuesEqual({ a: 1 }, { a: 1, b: 2 }), false);
  assert.equal(valuesEqual([1], { 0: 1 }), false);
  assert.equal(valuesEqual("a", new Uint8Array([0xff])), false);
});

test("looselyEqual() compares integers and floats as floats, but only by themselves", () => {
  assert.equal(looselyEqual(1, new Float(1)), true);
  assert.equal(looselyEqual(new Float(2 ** 60), 2n ** 60n + 1n), true);
  assert.equal(looselyEqual(2n ** 60n, 2n ** 60n + 1n), true);
  assert.equal(looselyEqual([1], [new Float(1)]), false);
  assert.equal(looselyEqual(1, "1"), false);
  assert.equal(looselyEqual(null, false), false);
});

test("compareValues() orders numbers of both kinds, strings by their bytes and timestamps", () => {
  assert.equal(compareValues(1, new Float(2)), -1);
  assert.equal(compareValues(2n ** 60n, 2n ** 60n + 1n), -1);
  assert.equal(compareValues(2n ** 60n + 1n, new Float(2 ** 60)), 0);
  assert.equal(compareValues(1.5, -1), 1);
  assert.equal(compareValues("\uFB00", "😀"), -1);
  assert.equal(compareValues("a", new Uint8Array([0xff])), -1);
  assert.equal(compareValues(new Timestamp(1, 5), new Timestamp(1, 4)), 1);
});

test("compareValues() leaves the others without order", () => {
  assert.equal(compareValues(1, "1"), undefined);
  assert.equal(compareValues(null, null), undefined);
  assert.equal(compareValues([1], [2]), undefined);
  assert.equal(compareValues(true, false), undefined);
});
