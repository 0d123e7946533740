import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { Failure } from "../runtime/failure.ts";
import { floatOf, numberOfFloat } from "../runtime/float.ts";
import { integerToNumber, remainderOfIntegers } from "../runtime/integer.ts";
import { isFloat, isInteger } from "../runtime/kind-of.ts";
import type { Value } from "../runtime/value.ts";
import type { Example, FunctionDefinition } from "./define.ts";
import { kindText } from "./type/mismatch.ts";

export const mod: FunctionDefinition = {
  name: "mod",
  category: "Number",
  usage: "The remainder of `value` divided by `modulus`. It has the sign of `value`.",
  parameters: [
    {
      name: "value",
      kind: Part.integer | Part.float,
      description: "The number that is divided.",
      isUnchecked: true,
    },
    {
      name: "modulus",
      kind: Part.integer | Part.float,
      description: "The number it is divided by.",
      isUnchecked: true,
    },
  ],
  failures: [
    "`value` or `modulus` is not a number.",
    "`modulus` is zero.",
    "The result would be no number: `value` is infinite.",
  ],
  returns: Part.integer | Part.float,
  typeOf: (call) => {
    const modulus = call.constant("modulus");
    const type = TypeDef.of(kindFor(modulus)).maybeFallible(!isSafe(modulus));
    const value = call.constant("value");
    return isFloat(value) && Math.abs(numberOfFloat(value)) === Infinity ? type.fallible : type;
  },
  sureKindOf: () => Kind.float.or(Kind.integer),
  prepare: () => remainder,
};

function kindFor(modulus: Value | undefined): Kind {
  if (isFloat(modulus)) return Kind.float;
  return isInteger(modulus) ? Kind.integer : Kind.float.or(Kind.integer);
}

/** The least float of full precision. */
const NORMAL_MIN = 2.2250738585072014e-308;

function isSafe(modulus: Value | undefined): boolean {
  if (isInteger(modulus)) return modulus !== 0;
  if (!isFloat(modulus)) return false;
  const size = Math.abs(numberOfFloat(modulus));
  return size >= NORMAL_MIN && size !== Infinity;
}

function remainder(value: Value, modulus: Value): Value | Failure {
  const divisor = numberOf(modulus);
  if (divisor === 0) return new Failure("can't divide by zero");
  if (isInteger(value) && isInteger(modulus)) return remainderOfIntegers(value, modulus);
  const dividend = numberOf(value);
  if (dividend === undefined || divisor === undefined)
    return new Failure(`can't calculate remainder of type ${kindText(value)} and ${kindText(modulus)}`);
  const rest = dividend % divisor;
  return Number.isNaN(rest) ? new Failure("operation would produce NaN") : floatOf(rest);
}

function numberOf(value: Value): number | undefined {
  if (isInteger(value)) return integerToNumber(value);
  return isFloat(value) ? numberOfFloat(value) : undefined;
}

export const examples: readonly Example[] = [
  { title: "Of integers", source: "mod(17, 5)", result: "2" },
  { title: "Of floats", source: "mod(7.5, 2.0)", result: "1.5" },
];

export const tests: readonly Example[] = [
  {
    title: "The sign is that of the value",
    source: "[mod(-7, 3), mod(7, -3), mod(-6, 3)]",
    result: "[-1, 1, 0]",
  },
  { title: "Mixed", source: "mod(9, 2.5)", result: "1.5" },
  { title: "A float divided without rest", source: "mod(6.0, 3.0)", result: "0.0" },
  { title: "Large integers", source: "mod(9223372036854775807, 10)", result: "7" },
  { title: "The least integer by -1", source: "mod(-9223372036854775807 - 1, -1)", result: "0" },
  {
    title: "By zero",
    source: "mod!(5, 0)",
    error: 'function call error for "mod" at (0:10): can\'t divide by zero',
  },
  {
    title: "By a zero of floats",
    source: "mod!(5, 0.0)",
    error: 'function call error for "mod" at (0:12): can\'t divide by zero',
  },
  {
    title: "Of infinity",
    source: 'mod!(to_float!("inf"), .n)',
    input: '{"n": 2}',
    error: 'function call error for "mod" at (0:26): operation would produce NaN',
  },
  {
    title: "Not a number",
    source: "mod!(.n, 2)",
    input: '{"n": "5"}',
    error: 'function call error for "mod" at (0:11): can\'t calculate remainder of type string and integer',
  },
];
