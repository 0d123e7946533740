import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { floatOfText } from "./conversion/to-float-value.ts";
import type { Example, FunctionDefinition } from "./define.ts";

export const parseFloat: FunctionDefinition = {
  name: "parse_float",
  category: "String",
  usage: "Reads a decimal number, which may have a fraction and an exponent, as a float.",
  parameters: [{ name: "value", kind: Part.bytes, description: "The number as a string." }],
  failures: ["`value` is not a string that spells a number."],
  returns: Part.float,
  isFolded: true,
  typeOf: () => TypeDef.of(Kind.float).fallible,
  prepare: () => floatOfText,
};

export const examples: readonly Example[] = [
  { title: "A price", source: 'parse_float!("19.99")', result: "19.99" },
  { title: "An exponent", source: 'parse_float!("-2.5e3")', result: "-2500.0" },
];

export const tests: readonly Example[] = [
  { title: "An integer", source: 'parse_float!("42")', result: "42.0" },
  { title: "Digits on one side", source: '[parse_float!(".25"), parse_float!("3.")]', result: "[0.25, 3.0]" },
  { title: "Too large for a float", source: 'to_string(parse_float!("1e999"))', result: "inf" },
  {
    title: "No number",
    source: 'parse_float!("1.2.3")',
    error:
      'function call error for "parse_float" at (0:21): Invalid floating point number "1.2.3": invalid float literal',
  },
  {
    title: "Nothing",
    source: 'parse_float!("")',
    error:
      'function call error for "parse_float" at (0:16): Invalid floating point number "": cannot parse float from empty string',
  },
  {
    title: "Not a string",
    source: "parse_float!(.n)",
    input: '{"n": 1.5}',
    error: 'function call error for "parse_float" at (0:16): expected string, got float',
  },
];
