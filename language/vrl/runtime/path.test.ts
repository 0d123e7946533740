import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { copyValue } from "./copy.ts";
import { isObject } from "./kind-of.ts";
import { getKey } from "./object.ts";
import { detachAt, getAt, INDEX_MAX, insertAt, isInsertable, removeAt, type Path } from "./path.ts";
import type { Value } from "./value.ts";
import { anyKey, anyValue, objectOf } from "./values-for-test.ts";

const anyPath = fc.array(fc.oneof(anyKey, fc.integer({ min: -4, max: 4 })), { maxLength: 4 });

/** The same by building every array and object anew. */
function inserted(root: Value | undefined, path: Path, value: Value): Value {
  const [segment, ...rest] = path;
  if (segment === undefined) return value;
  if (typeof segment === "string") {
    const object = isObject(root) ? root : {};
    const part = inserted(getKey(object, segment), rest, value);
    return objectOf(new Map([...Object.entries(object), [segment, part]]));
  }
  const array = Array.isArray(root) ? root : [];
  const length = Math.max(0, segment < 0 ? -segment - array.length : segment + 1 - array.length);
  const missing: Value[] = Array.from({ length }, () => null);
  const filled = segment < 0 ? [...missing, ...array] : [...array, ...missing];
  const before = filled.length - missing.length;
  const index = segment < 0 ? filled.length + segment : segment;
  const isNew = segment < 0 ? index < missing.length : index >= before;
  return filled.with(index, inserted(isNew ? undefined : filled[index], rest, value));
}

/** What is left, and what was removed. */
function removed(
  root: Value | undefined,
  path: Path,
  compact: boolean,
): [left: Value | undefined, taken: Value | undefined] {
  const [segment, ...rest] = path;
  if (segment === undefined) return [undefined, root];
  if (typeof segment === "string" && isObject(root) && Object.hasOwn(root, segment)) {
    const [left, taken] = removed(root[segment], rest, compact);
    const others = Object.entries(root).filter(([key]) => key !== segment);
    const isGone = left === undefined || (taken !== undefined && compact && rest.length > 0 && isEmpty(left));
    return [objectOf(isGone ? others : [...others, [segment, left]]), taken];
  }
  if (typeof segment !== "number" || !Array.isArray(root)) return [root, undefined];
  const at = segment < 0 ? root.length + segment : segment;
  if (at < 0 || at >= root.length) return [root, undefined];
  const [left, taken] = removed(root[at], rest, compact);
  const isGone = left === undefined || (taken !== undefined && compact && rest.length > 0 && isEmpty(left));
  return [isGone ? root.toSpliced(at, 1) : root.with(at, left), taken];
}

function isEmpty(value: Value): boolean {
  return Array.isArray(value) ? value.length === 0 : isObject(value) && Object.keys(value).length === 0;
}

test("insertAt() gives what building everything anew gives, and getAt() finds it there", () => {
  fc.assert(
    fc.property(anyValue, anyPath, anyValue, (root, path, value) => {
      const expected = inserted(root, path, value);
      const result = insertAt(copyValue(root), path, value);
      assert.deepEqual(result, expected);
      assert.equal(getAt(result, path), value);
    }),
    { numRuns: 2000 },
  );
});

test("removeAt() takes out what getAt() finds and leaves the rest as it is", () => {
  fc.assert(
    fc.property(anyValue, anyPath, anyPath, anyValue, fc.boolean(), (start, path, there, value, compact) => {
      // Half of the time there is something.
      const root = insertAt(copyValue(start), there, value);
      const [left, taken] = removed(copyValue(root), path, compact);
      const copy = copyValue(root);
      const result = removeAt(copy, path, compact);
      assert.deepEqual(result, taken);
      assert.deepEqual(result, getAt(root, path));
      if (path.length > 0) assert.deepEqual(copy, left);
    }),
    { numRuns: 2000 },
  );
});

test("detachAt() lets insertAt() and removeAt() leave the original as it is", () => {
  fc.assert(
    fc.property(anyValue, anyPath, anyValue, fc.boolean(), (root, path, value, compact) => {
      const before = copyValue(root);
      assert.deepEqual(insertAt(detachAt(root, path), path, value), inserted(root, path, value));
      assert.deepEqual(removeAt(detachAt(root, path), path, compact), getAt(root, path));
      assert.deepEqual(root, before);
    }),
  );
});

test("removeAt() with an empty path moves the parts out", () => {
  const object = { a: [1] };
  assert.deepEqual(removeAt(object, [], false), { a: [1] });
  assert.deepEqual(object, {});
  const array = [1, null];
  assert.deepEqual(removeAt(array, [], true), [1, null]);
  assert.deepEqual(array, []);
  assert.equal(removeAt("text", [], true), "text");
});

test("removeAt() with compact goes up to the root, which stays", () => {
  const root = { a: { b: [{ c: 1 }] } };
  assert.equal(removeAt(root, ["a", "b", -1, "c"], true), 1);
  assert.deepEqual(root, {});
});

test("insertAt() fills an array at the end that the index lies beyond", () => {
  assert.deepEqual(insertAt([1], [3], 2), [1, null, null, 2]);
  assert.deepEqual(insertAt([1], [-3], 2), [2, null, 1]);
  assert.deepEqual(insertAt("x", ["a", -2], 2), { a: [2, null] });
});

test("getAt() finds nothing that an object has from elsewhere", () => {
  assert.equal(getAt({}, ["constructor"]), undefined);
  assert.equal(getAt({}, ["__proto__", "toString"]), undefined);
  assert.equal(getAt([], ["length"]), undefined);
});

test("isInsertable() refuses what would fill memory with null", () => {
  assert.equal(isInsertable(["a", INDEX_MAX, -INDEX_MAX - 1]), true);
  assert.equal(isInsertable([INDEX_MAX + 1]), false);
  assert.equal(isInsertable(["a", -INDEX_MAX - 2]), false);
});
