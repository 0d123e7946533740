import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { getAt, type Path } from "../runtime/path.ts";
import { setKey } from "../runtime/object.ts";
import { kindOf } from "../runtime/kind-of.ts";
import type { Value, VrlObject } from "../runtime/value.ts";
import { insertKind, kindAt, removeKind } from "./kind-paths.ts";
import { Collection, Kind } from "./kind.ts";
import { isOf } from "./membership-for-test.ts";
import { sureInsert, sureKindAt, sureRemove } from "./sure.ts";

const keys = fc.constantFrom("a", "b", "c", "__proto__");

const { value: values } = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.constantFrom<Value>(null, true, 1, 2, "x", 1.5),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.array(fc.tuple(keys, tie("value")), { maxLength: 3 }).map(objectOf),
  ),
}));

function objectOf(entries: readonly [string, Value][]): VrlObject {
  const object: VrlObject = {};
  for (const [key, value] of entries) setKey(object, key, value);
  return object;
}

const { kind: kinds } = fc.letrec<{ kind: Kind }>((tie) => ({
  kind: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    values.map((value) => Kind.ofValue(value)),
    fc.constantFrom(Kind.any, Kind.anyArray(), Kind.anyObject(), Kind.bytes, Kind.undefined),
    tie("kind").map((kind) => Kind.arrayOf(kind)),
    tie("kind").map((kind) => Kind.ofObject(Collection.ofUnknown<string>(kind))),
    fc.tuple(tie("kind"), tie("kind")).map(([left, right]) => left.or(right)),
    fc
      .tuple(keys, tie("kind"), tie("kind"))
      .map(([key, part, others]) => Kind.ofObject(Collection.of<string>([[key, part]], others))),
  ),
}));

/** A value and a kind it is of. */
const typed: fc.Arbitrary<readonly [Value, Kind]> = fc
  .tuple(values, kinds)
  .map(([value, kind]) => [value, isOf(value, kind) ? kind : kind.or(Kind.ofValue(value))]);

const paths: fc.Arbitrary<Path> = fc.array(fc.oneof(keys, fc.integer({ min: -3, max: 4 })), { maxLength: 3 });

/** As the language writes at a path. */
function insert(value: Value | undefined, path: Path, at: number, inserted: Value): Value {
  const segment = path[at];
  if (segment === undefined) return inserted;
  if (typeof segment === "string") {
    const before = kindOf(value) === "object" ? (value as VrlObject) : {};
    const after = objectOf(Object.entries(before));
    setKey(after, segment, insert(getAt(before, [segment]), path, at + 1, inserted));
    return after;
  }
  const array = Array.isArray(value) ? [...value] : [];
  const index = segment < 0 ? array.length + segment : segment;
  if (index < 0) {
    while (array.length < -segment - 1) array.unshift(null);
    array.unshift(insert(undefined, path, at + 1, inserted));
    return array;
  }
  while (array.length < index) array.push(null);
  array[index] = insert(array[index], path, at + 1, inserted);
  return array;
}

/** As the language removes at a path. */
function remove(value: Value, path: Path, at: number, compact: boolean): Value {
  const segment = path[at]!;
  const isLast = at === path.length - 1;
  const inner = getAt(value, [segment]);
  if (inner === undefined) return value;
  const after = isLast ? undefined : remove(inner, path, at + 1, compact);
  const isGone = after === undefined || (compact && after !== inner && isEmpty(after));
  if (typeof segment === "string") {
    const entries = Object.entries(value as VrlObject).filter(([key]) => key !== segment);
    return objectOf(isGone ? entries : [...entries, [segment, after]]);
  }
  return (value as Value[]).toSpliced(
    (segment + (value as Value[]).length) % (value as Value[]).length,
    1,
    ...(isGone ? [] : [after]),
  );
}

function isEmpty(value: Value): boolean {
  if (Array.isArray(value)) return value.length === 0;
  return kindOf(value) === "object" && Object.keys(value as VrlObject).length === 0;
}

test("isSupersetOf() of a value's kind says whether the value is of the kind", () => {
  fc.assert(
    fc.property(values, kinds, (value, kind) => {
      assert.equal(kind.isSupersetOf(Kind.ofValue(value)), isOf(value, kind), kind.toString());
    }),
  );
});

test("or() holds the values of both sides", () => {
  fc.assert(
    fc.property(typed, kinds, ([value, kind], other) => {
      assert.ok(isOf(value, kind.or(other)));
      assert.ok(isOf(value, other.or(kind)));
    }),
  );
});

test("or() with itself or a part of itself changes nothing", () => {
  fc.assert(
    fc.property(kinds, (kind) => {
      assert.ok(kind.or(kind).equals(kind));
      assert.ok(kind.or(Kind.never).equals(kind));
      assert.ok(Kind.never.or(kind).equals(kind));
    }),
  );
});

test("equals() ends for kinds without end", () => {
  assert.ok(Kind.any.equals(Kind.any));
  assert.ok(Kind.json.or(Kind.undefined).equals(Kind.json.or(Kind.undefined)));
  assert.ok(!Kind.any.equals(Kind.json));
});

test("sureKindAt() holds what is at the path", () => {
  fc.assert(
    fc.property(typed, paths, ([value, kind], path) => {
      assert.ok(isOf(getAt(value, path), sureKindAt(kind, path)));
    }),
  );
});

test("kindAt() holds what is at a path that counts from the front", () => {
  fc.assert(
    fc.property(typed, paths, ([value, kind], path) => {
      const forward = path.map((segment) => (typeof segment === "number" ? Math.abs(segment) : segment));
      assert.ok(isOf(getAt(value, forward), kindAt(kind, forward)));
    }),
  );
});

test("sureInsert() holds the value after writing", () => {
  fc.assert(
    fc.property(typed, typed, paths, ([value, kind], [inserted, insertedKind], path) => {
      const after = sureInsert(kind, path, insertedKind);
      assert.ok(isOf(insert(value, path, 0, inserted), after), after.toString());
    }),
    { numRuns: 500 },
  );
});

test("sureRemove() holds the value after removing", () => {
  fc.assert(
    fc.property(typed, paths, fc.boolean(), ([value, kind], path, compact) => {
      fc.pre(path.length > 0);
      const after = sureRemove(kind, path, compact);
      assert.ok(isOf(remove(value, path, 0, compact), after), after.toString());
    }),
    { numRuns: 500 },
  );
});

test("insertKind() and removeKind() hold for objects with known fields", () => {
  const fields = fc.array(keys, { minLength: 1, maxLength: 3 });
  fc.assert(
    fc.property(values, values, fields, (value, inserted, path) => {
      const kind = Kind.ofValue(value);
      assert.ok(isOf(insert(value, path, 0, inserted), insertKind(kind, path, Kind.ofValue(inserted))));
      assert.ok(isOf(remove(value, path, 0, true), removeKind(kind, path, true)));
    }),
  );
});

const { bytes, integer, float, boolean, undefined: missing, null: nothing } = Kind;
const open = (known: readonly [number, Kind][], unknown: Kind): Kind =>
  Kind.ofArray(Collection.of(known, unknown));
const list = (...known: Kind[]): Kind => open([...known.entries()], missing);

test("kindAt() reads", () => {
  const cases: readonly [Kind, Path, Kind][] = [
    [Kind.never, ["a", 1], Kind.never],
    [bytes, ["a"], missing],
    [bytes, [0], missing],
    [Kind.object({ a: integer }), ["a"], integer],
    [Kind.object({ a: integer }).or(bytes), ["a"], integer.or(missing)],
    [Kind.object({ a: integer }), ["b"], missing],
    [Kind.anyObject(), ["a", "b"], Kind.any],
    [list(integer, bytes), [1], bytes],
    [list(integer, bytes), [2], missing],
    [list(integer, bytes), [-1], bytes],
    [list(integer, bytes), [-3], missing],
    [
      open(
        [
          [0, integer],
          [1, bytes],
        ],
        float,
      ),
      [-1],
      bytes.or(float),
    ],
    [
      open(
        [
          [0, integer],
          [1, bytes],
        ],
        float,
      ),
      [-2],
      integer.or(bytes).or(float),
    ],
    [open([[0, integer]], float), [-2], integer.or(float).or(missing)],
    [open([[0, integer]], float).or(nothing), [-1], integer.or(float).or(missing)],
  ];
  for (const [kind, path, expected] of cases)
    assert.equal(kindAt(kind, path).toString(), expected.toString(), `${kind.toString()} ${path.join(".")}`);
});

test("insertKind() writes", () => {
  const cases: readonly [Kind, Path, Kind, Kind][] = [
    [bytes, [], integer, integer],
    [bytes, [], missing, nothing],
    [bytes, [], Kind.never, bytes],
    [bytes, ["a"], integer, Kind.object({ a: integer })],
    [Kind.object({ a: bytes }).or(bytes), ["b"], integer, Kind.object({ a: bytes, b: integer })],
    [bytes, [2], integer, list(nothing, nothing, integer)],
    [list(bytes), [2], integer, list(bytes, nothing, integer)],
    [list(bytes, float), [-1], integer, list(bytes, integer)],
    [list(bytes), [-2], integer, list(integer, nothing)],
    [
      Kind.arrayOf(bytes),
      [1],
      integer,
      open(
        [
          [0, bytes.or(nothing)],
          [1, integer],
        ],
        bytes,
      ),
    ],
    [Kind.arrayOf(bytes), [-1], integer, open([[0, bytes.or(integer)]], bytes.or(integer))],
    [open([[0, float]], bytes), [-1], integer, open([[0, float.or(integer)]], bytes.or(integer))],
    [Kind.never, ["a", "b"], boolean, Kind.object({ a: Kind.object({ b: boolean }) })],
  ];
  for (const [kind, path, value, expected] of cases) {
    const after = insertKind(kind, path, value);
    assert.ok(after.equals(expected), `${kind.toString()} ${path.join(".")}: ${after.toString()}`);
  }
});

test("insertKind() knows no more than it can hold of an array", () => {
  const after = insertKind(list(), [1_000_000_000], integer);
  assert.ok(after.equals(Kind.arrayOf(integer.or(nothing))));
  assert.ok(insertKind(Kind.anyArray(), [-1_000_000_000], integer).equals(Kind.anyArray()));
});

test("removeKind() removes", () => {
  const inner = Kind.object({ a: Kind.object({ b: integer }) });
  const cases: readonly [Kind, Path, boolean, Kind][] = [
    [integer, [], false, nothing],
    [Kind.object({ a: integer }), [], false, Kind.object({})],
    [list(integer).or(bytes), [], false, list().or(nothing)],
    [integer, ["a"], true, integer],
    [Kind.object({ a: integer, b: bytes }), ["a"], false, Kind.object({ b: bytes })],
    [Kind.object({ a: integer.or(missing) }), ["a"], false, Kind.object({ a: integer.or(missing) })],
    [inner, ["a", "b"], false, Kind.object({ a: Kind.object({}) })],
    [inner, ["a", "b"], true, Kind.object({})],
    [inner, ["a", "c"], true, inner],
    [Kind.anyObject(), ["a", "b"], true, Kind.anyObject()],
    [list(integer, bytes), [0], false, list(bytes)],
    [list(integer, bytes), [-1], false, list(integer)],
    [list(integer, bytes), [-3], false, list(integer, bytes)],
    [list(integer), [5], false, list(integer)],
    [
      open(
        [
          [0, integer],
          [1, bytes],
        ],
        float,
      ),
      [-1],
      false,
      open(
        [
          [0, integer],
          [1, bytes.or(float).or(missing)],
        ],
        float,
      ),
    ],
  ];
  for (const [kind, path, compact, expected] of cases) {
    const after = removeKind(kind, path, compact);
    assert.ok(after.equals(expected), `${kind.toString()} ${path.join(".")}: ${after.toString()}`);
  }
});

test("a kind tells itself as messages need it", () => {
  const cases: readonly [Kind, string][] = [
    [Kind.never, "any"],
    [Kind.any, "any"],
    [Kind.json, "string, integer, float, boolean, null, array or object"],
    [bytes.or(nothing), "string or null"],
    [list(integer, bytes), "[integer, string]"],
    [list(), "array"],
    [Kind.arrayOf(integer), "array"],
    [Kind.object({ b: integer, a: list(float) }), "{ a: [float], b: integer }"],
    [Kind.object({ "a b": integer, 1: bytes, _1: bytes }), '{ "1": string, _1: string, "a b": integer }'],
    [Kind.object({ a: integer }).or(bytes), "string or object"],
  ];
  for (const [kind, expected] of cases) assert.equal(kind.toString(), expected);
});
