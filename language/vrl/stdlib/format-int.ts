import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { Failure } from "../runtime/failure.ts";
import type { Integer } from "../runtime/integer.ts";
import type { Example, FunctionDefinition } from "./define.ts";

export const formatInt: FunctionDefinition = {
  name: "format_int",
  category: "Number",
  usage: "Writes an integer in another base, with the digits 0 to 9 and a to z.",
  parameters: [
    { name: "value", kind: Part.integer, description: "The integer to write." },
    {
      name: "base",
      kind: Part.integer,
      isOptional: true,
      default: 10,
      description: "The base, from 2 to 36.",
    },
  ],
  failures: ["`base` is less than 2 or more than 36."],
  returns: Part.bytes,
  typeOf: () => TypeDef.of(Kind.bytes).fallible,
  prepare: () => (value: Integer, base: Integer) => {
    if (base < 2 || base > 36)
      return new Failure(`invalid base ${base}: must be be between 2 and 36 (inclusive)`);
    return value.toString(Number(base));
  },
};

export const examples: readonly Example[] = [
  { title: "Hexadecimal", source: "format_int!(48879, 16)", result: "beef" },
  { title: "Binary", source: "format_int!(10, base: 2)", result: "s'1010'" },
];

export const tests: readonly Example[] = [
  { title: "Decimal", source: "format_int!(-42)", result: "s'-42'" },
  { title: "Negative", source: "format_int!(-255, 16)", result: "-ff" },
  { title: "Zero", source: "format_int!(0, 36)", result: "s'0'" },
  { title: "The greatest integer", source: "format_int!(9223372036854775807, 36)", result: "1y2p0ij32e8e7" },
  {
    title: "The least integer",
    source: "format_int!(-9223372036854775807 - 1, 16)",
    result: "s'-8000000000000000'",
  },
  {
    title: "A base of one",
    source: "format_int!(5, 1)",
    error:
      'function call error for "format_int" at (0:17): invalid base 1: must be be between 2 and 36 (inclusive)',
  },
  {
    title: "Not an integer",
    source: "format_int!(.n)",
    input: '{"n": 1.5}',
    error: 'function call error for "format_int" at (0:15): expected integer, got float',
  },
];
