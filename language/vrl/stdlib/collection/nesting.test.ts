import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { isObject } from "../../runtime/kind-of.ts";
import type { Value, VrlObject } from "../../runtime/value.ts";
import { anyKey, anyValue, objectOf } from "../../runtime/values-for-test.ts";
import { call } from "../call-for-test.ts";
import { flatten } from "../flatten.ts";
import { fromEntries } from "../from-entries.ts";
import { toEntries } from "../to-entries.ts";
import { unflatten } from "../unflatten.ts";
import { unique } from "../unique.ts";
import { valuesEqual } from "../../runtime/equal.ts";

const anyObject = fc.array(fc.tuple(anyKey, anyValue)).map(objectOf);

test("unflatten() undoes flatten() where no key has the separator and no object is empty", () => {
  fc.assert(
    fc.property(anyObject.filter(isRestorable), (value) => {
      assert.deepEqual(
        call(unflatten, { value: call(flatten, { value }) as VrlObject, recursive: false }),
        value,
      );
    }),
  );
});

function isRestorable(object: VrlObject): boolean {
  return Object.entries(object).every(
    ([key, value]) =>
      !key.includes(".") && (!isObject(value) || (Object.keys(value).length > 0 && isRestorable(value))),
  );
}

test("unflatten() of any keys leaves no separator in those that it makes", () => {
  const anyPath = fc
    .array(fc.constantFrom("a", "b", ".", ""), { maxLength: 6 })
    .map((parts) => parts.join(""));
  fc.assert(
    fc.property(fc.array(fc.tuple(anyPath, fc.integer())).map(objectOf), (value) => {
      const hasSeparator = (each: Value): boolean =>
        isObject(each) && Object.entries(each).some(([key, part]) => key.includes(".") || hasSeparator(part));
      assert.equal(hasSeparator(call(unflatten, { value }) as Value), false);
    }),
  );
});

test("from_entries() undoes to_entries()", () => {
  fc.assert(
    fc.property(anyObject, (value) => {
      assert.deepEqual(call(fromEntries, { value: call(toEntries, { value }) as Value }), value);
    }),
  );
});

test("unique() keeps the first of equal elements", () => {
  fc.assert(
    fc.property(fc.array(anyValue), (value) => {
      const twice = [...value, ...value];
      const expected = twice.filter(
        (each, index) => twice.findIndex((other) => valuesEqual(each, other)) === index,
      );
      assert.deepEqual(call(unique, { value: twice }), expected);
    }),
  );
});
