import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { Failure } from "../runtime/failure.ts";
import { floatOf } from "../runtime/float.ts";
import { INTEGER_MAX, INTEGER_MIN, integerToNumber } from "../runtime/integer.ts";
import { isFloat, isInteger, isText } from "../runtime/kind-of.ts";
import { Timestamp } from "../runtime/timestamp.ts";
import { Float, type Value } from "../runtime/value.ts";
import { floatOfText } from "./conversion/to-float-value.ts";
import type { Example, FunctionDefinition } from "./define.ts";
import { kindText } from "./type/mismatch.ts";

export const toFloat: FunctionDefinition = {
  name: "to_float",
  category: "Coerce",
  usage: "Makes a float of what stands for a number.",
  parameters: [{ name: "value", kind: Part.all, description: "What stands for a number." }],
  failures: [
    "`value` is a string that spells no number, or an array, object or regular expression.",
    "`value` is a timestamp before September 1677 or after April 2262.",
  ],
  returns: Part.float,
  returnRules: [
    "A string may have a fraction, an exponent, or be `inf`.",
    "False is 0.0 and true 1.0; null is 0.0.",
    "A timestamp gives the seconds since 1970, with what is less than one as the fraction.",
  ],
  typeOf: (call) =>
    TypeDef.of(Kind.float).maybeFallible(
      call.type("value").kind.has(Part.bytes | Part.array | Part.object | Part.regex),
    ),
  prepare: () => (value: Value) => {
    if (isFloat(value)) return value;
    if (isInteger(value)) return floatOf(integerToNumber(value));
    if (isText(value)) return floatOfText(value);
    if (typeof value === "boolean") return new Float(value ? 1 : 0);
    if (value instanceof Timestamp) return secondsOf(value);
    if ((value ?? null) === null) return new Float(0);
    return new Failure(`unable to coerce ${kindText(value)} into float`);
  },
};

function secondsOf(timestamp: Timestamp): number | Float | Failure {
  const nanoseconds = BigInt(timestamp.seconds) * 1_000_000_000n + BigInt(timestamp.nanoseconds);
  if (nanoseconds < INTEGER_MIN || nanoseconds > INTEGER_MAX)
    return new Failure("can't convert out of range timestamp");
  return floatOf(Number(nanoseconds) / 1e9);
}

export const examples: readonly Example[] = [
  { title: "A string", source: 'to_float!("2.50")', result: "2.5" },
  { title: "A timestamp", source: "to_float(t'2024-02-29T12:00:00.5Z')", result: "1709208000.5" },
];

export const tests: readonly Example[] = [
  { title: "An integer", source: "to_float(3)", result: "3.0" },
  {
    title: "Spellings",
    source: '[to_float!("1e3"), to_float!(".5"), to_float!("7."), to_float!("+1")]',
    result: "[1000.0, 0.5, 7.0, 1.0]",
  },
  { title: "Infinity", source: 'to_string(to_float!("-Infinity"))', result: "s'-inf'" },
  {
    title: "Booleans and null",
    source: "[to_float(true), to_float(false), to_float(null)]",
    result: "[1.0, 0.0, 0.0]",
  },
  { title: "Before 1970", source: "to_float(t'1969-12-31T23:59:59.5Z')", result: "-0.5" },
  {
    title: "No number",
    source: 'to_float!("1,5")',
    error:
      'function call error for "to_float" at (0:16): Invalid floating point number "1,5": invalid float literal',
  },
  {
    title: "NaN",
    source: 'to_float!("nan")',
    error: 'function call error for "to_float" at (0:16): NaN number not supported "nan"',
  },
  {
    title: "An object",
    source: "to_float!({})",
    error: 'function call error for "to_float" at (0:13): unable to coerce object into float',
  },
  {
    title: "A timestamp too far away",
    source: "to_float(t'2300-01-01T00:00:00Z')",
    error: 'function call error for "to_float" at (0:33): can\'t convert out of range timestamp',
  },
];
