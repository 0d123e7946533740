/** Arbitrary values, for property tests. */
import fc, { type Arbitrary } from "fast-check";
import { floatOf } from "./float.ts";
import { setKey } from "./object.ts";
import { wrap } from "./integer.ts";
import { Regex } from "./regex.ts";
import { textOf } from "./text.ts";
import { SECONDS_MAX, SECONDS_MIN, Timestamp } from "./timestamp.ts";
import type { Value, VrlObject } from "./value.ts";

/** Few names, so that objects share some; among them those that objects have of their own. */
export const anyKey: Arbitrary<string> = fc.oneof(
  fc.constantFrom("a", "b", "", "__proto__", "constructor", "é", "😀", "\uFB00"),
  fc.string({ unit: "grapheme", maxLength: 5 }),
);

const anyScalar: Arbitrary<Value> = fc.oneof(
  fc.constantFrom(null, true, false),
  fc.integer(),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(wrap),
  fc.double({ noNaN: true }).map(floatOf),
  fc.string({ unit: "grapheme" }),
  fc.uint8Array({ maxLength: 8 }).map((bytes) => textOf(bytes)),
  fc
    .record({
      seconds: fc.integer({ min: SECONDS_MIN, max: SECONDS_MAX }),
      nanoseconds: fc.integer({ min: 0, max: 999_999_999 }),
    })
    .map(({ seconds, nanoseconds }) => new Timestamp(seconds, nanoseconds)),
  fc.constantFrom("a+", "\\d").map((source) => Regex.of(source)),
);

export const anyValue: Arbitrary<Value> = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    anyScalar,
    fc.array(tie("value"), { maxLength: 4 }),
    fc.array(fc.tuple(anyKey, tie("value")), { maxLength: 4 }).map(objectOf),
  ),
})).value;

export function objectOf(entries: Iterable<readonly [string, Value]>): VrlObject {
  const object: VrlObject = {};
  for (const [key, value] of entries) setKey(object, key, value);
  return object;
}
