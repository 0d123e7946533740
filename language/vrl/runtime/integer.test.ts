import assert from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";
import {
  addIntegers,
  compareIntegers,
  type Integer,
  INTEGER_MAX,
  INTEGER_MIN,
  integerOfNumber,
  multiplyIntegers,
  negateInteger,
  parseInteger,
  remainderOfIntegers,
  subtractIntegers,
  wrap,
} from "./integer.ts";

/** All magnitudes alike often, and the edges. */
const bits = fc
  .tuple(fc.bigInt(INTEGER_MIN, INTEGER_MAX), fc.integer({ min: 0, max: 63 }))
  .map(([value, shift]) => value >> BigInt(shift));
const edges = fc.constantFrom(INTEGER_MIN, INTEGER_MAX, 0n, -1n, 1n, 2n ** 53n, 2n ** 53n - 1n, -(2n ** 53n));
const exact = fc.oneof(bits, edges);

/** The model: 64 bits that wrap. */
const wrapped = (value: bigint): bigint => BigInt.asIntN(64, value);

function same(actual: Integer, expected: bigint): void {
  assert.equal(BigInt(actual), expected);
  // One representation only, and no -0.
  assert.equal(typeof actual, Number.isSafeInteger(Number(expected)) ? "number" : "bigint");
  assert.ok(!Object.is(actual, -0));
}

const binary: readonly (readonly [
  name: string,
  ours: (left: Integer, right: Integer) => Integer,
  model: (left: bigint, right: bigint) => bigint,
])[] = [
  ["addIntegers", addIntegers, (left, right) => left + right],
  ["subtractIntegers", subtractIntegers, (left, right) => left - right],
  ["multiplyIntegers", multiplyIntegers, (left, right) => left * right],
];

suite("integers", () => {
  for (const [name, ours, model] of binary)
    test(`${name}() wraps at 64 bits`, () => {
      fc.assert(
        fc.property(exact, exact, (left, right) => {
          same(ours(wrap(left), wrap(right)), wrapped(model(left, right)));
        }),
      );
    });

  test("remainderOfIntegers() has the sign of its left side", () => {
    fc.assert(
      fc.property(
        exact,
        exact.filter((right) => right !== 0n),
        (left, right) => same(remainderOfIntegers(wrap(left), wrap(right)), wrapped(left % right)),
      ),
    );
  });

  test("negateInteger() and compareIntegers() are those of 64 bits", () => {
    fc.assert(
      fc.property(exact, exact, (left, right) => {
        same(negateInteger(wrap(left)), wrapped(-left));
        assert.equal(compareIntegers(wrap(left), wrap(right)), left < right ? -1 : left > right ? 1 : 0);
      }),
    );
  });

  test("parseInteger() reads what is printed, and nothing else", () => {
    fc.assert(fc.property(exact, (value) => same(parseInteger(String(value))!, value)));
    for (const text of [
      "",
      "-",
      "+",
      "1.0",
      "1e3",
      " 1",
      "0x1",
      "9223372036854775808",
      "-9223372036854775809",
    ])
      assert.equal(parseInteger(text), undefined, text);
    assert.equal(parseInteger("+7"), 7);
    same(parseInteger("-0")!, 0n);
  });

  test("integerOfNumber() takes the whole part and holds it to the range", () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true }), (number) => {
        const whole = Number.isFinite(number)
          ? BigInt(Math.trunc(number))
          : number > 0
            ? INTEGER_MAX
            : INTEGER_MIN;
        const held = whole > INTEGER_MAX ? INTEGER_MAX : whole < INTEGER_MIN ? INTEGER_MIN : whole;
        same(integerOfNumber(number), held);
      }),
    );
  });
});
