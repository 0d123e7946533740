import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { Failure } from "../runtime/failure.ts";
import { numberOfFloat } from "../runtime/float.ts";
import { integerOfNumber, type Integer } from "../runtime/integer.ts";
import { isFloat, isInteger, isText } from "../runtime/kind-of.ts";
import { lossyText } from "../runtime/text.ts";
import { Timestamp } from "../runtime/timestamp.ts";
import type { Value } from "../runtime/value.ts";
import { debugText } from "./conversion/debug.ts";
import { NumberFault, parseRadix } from "./conversion/parse-number.ts";
import type { Example, FunctionDefinition } from "./define.ts";
import { kindText } from "./type/mismatch.ts";

export const toInt: FunctionDefinition = {
  name: "to_int",
  category: "Coerce",
  usage: "Makes an integer of what stands for a number.",
  parameters: [{ name: "value", kind: Part.all, description: "What stands for a number." }],
  failures: ["`value` is a string that spells no integer, or an array, object or regular expression."],
  returns: Part.integer,
  returnRules: [
    "A float loses its fraction; beyond the range of integers it becomes the least or greatest of them.",
    "A string has decimal digits alone, and a sign perhaps.",
    "False is 0 and true 1; null is 0.",
    "A timestamp gives the whole seconds since 1970.",
  ],
  typeOf: (call) =>
    TypeDef.of(Kind.integer).maybeFallible(
      call.type("value").kind.has(Part.bytes | Part.array | Part.object | Part.regex),
    ),
  prepare: () => (value: Value) => {
    if (isInteger(value)) return value;
    if (isFloat(value)) return integerOfNumber(numberOfFloat(value));
    if (isText(value)) return spelled(lossyText(value));
    if (typeof value === "boolean") return value ? 1 : 0;
    if (value instanceof Timestamp) return value.seconds;
    return (value ?? null) === null ? 0 : new Failure(`unable to coerce ${kindText(value)} into integer`);
  },
};

function spelled(text: string): Integer | Failure {
  const parsed = parseRadix(text, 10);
  if (!(parsed instanceof NumberFault)) return parsed;
  return new Failure(`Invalid integer ${debugText(text)}: ${parsed.message}`);
}

export const examples: readonly Example[] = [
  { title: "A string", source: 'to_int!("-17")', result: "-17" },
  { title: "A float", source: "to_int(2.9)", result: "2" },
];

export const tests: readonly Example[] = [
  { title: "Booleans and null", source: "[to_int(true), to_int(false), to_int(null)]", result: "[1, 0, 0]" },
  { title: "A timestamp", source: "to_int(t'1969-12-31T23:59:59.5Z')", result: "-1" },
  {
    title: "Floats beyond integers",
    source: '[to_int(to_float!("1e30")), to_int(to_float!("-1e30"))]',
    result: "[9223372036854775807, -9223372036854775808]",
  },
  { title: "A negative float", source: "to_int(-2.9)", result: "-2" },
  { title: "The greatest integer", source: 'to_int!("+9223372036854775807")', result: "9223372036854775807" },
  {
    title: "One more than that",
    source: 'to_int!("9223372036854775808")',
    error:
      'function call error for "to_int" at (0:30): Invalid integer "9223372036854775808": number too large to fit in target type',
  },
  {
    title: "No integer",
    source: 'to_int!("1.5")',
    error: 'function call error for "to_int" at (0:14): Invalid integer "1.5": invalid digit found in string',
  },
  {
    title: "Nothing",
    source: 'to_int!("")',
    error:
      'function call error for "to_int" at (0:11): Invalid integer "": cannot parse integer from empty string',
  },
  {
    title: "An array",
    source: "to_int!([1])",
    error: 'function call error for "to_int" at (0:12): unable to coerce [integer] into integer',
  },
];
