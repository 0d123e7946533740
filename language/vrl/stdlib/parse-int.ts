import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { display } from "../runtime/display.ts";
import { Failure } from "../runtime/failure.ts";
import type { Integer } from "../runtime/integer.ts";
import { lossyText, type Text } from "../runtime/text.ts";
import { NumberFault, parseRadix } from "./conversion/parse-number.ts";
import type { Example, FunctionDefinition } from "./define.ts";

export const parseInt: FunctionDefinition = {
  name: "parse_int",
  category: "Parse",
  usage: "Reads an integer in base 10 or another.",
  parameters: [
    { name: "value", kind: Part.bytes, description: "The integer as a string." },
    {
      name: "base",
      kind: Part.integer,
      isOptional: true,
      description:
        "The base, from 2 to 36. Where it is not given, the start of the string tells: `0b` for 2, `0` or `0o` for 8, " +
        "`0x` for 16, else it is 10.",
    },
  ],
  failures: [
    "`base` is less than 2 or more than 36.",
    "`value` is no integer in that base, or too large for one.",
  ],
  returns: Part.integer,
  typeOf: () => TypeDef.of(Kind.integer).fallible,
  prepare: () => (value: Text, base: Integer | undefined) => {
    const text = lossyText(value);
    if (base === undefined) return parsePrefixed(text);
    if (base < 2 || base > 36)
      return new Failure(`invalid base ${display(value)}: must be be between 2 and 36 (inclusive)`);
    return parsed(text, Number(base));
  },
};

function parsePrefixed(text: string): Integer | Failure {
  if (text === "") return new Failure("value is empty");
  if (!text.startsWith("0")) return parsed(text, 10);
  if (text.startsWith("0b")) return parsed(text.slice(2), 2);
  if (text.startsWith("0o")) return parsed(text.slice(2), 8);
  if (text.startsWith("0x")) return parsed(text.slice(2), 16);
  return parsed(text, 8);
}

function parsed(digits: string, base: number): Integer | Failure {
  const result = parseRadix(digits, base);
  return result instanceof NumberFault ? new Failure(`could not parse integer: ${result.message}`) : result;
}

export const examples: readonly Example[] = [
  { title: "Decimal", source: 'parse_int!("-273")', result: "-273" },
  { title: "Hexadecimal", source: 'parse_int!("0xff")', result: "255" },
  { title: "A base of its own", source: 'parse_int!("zz", base: 36)', result: "1295" },
];

export const tests: readonly Example[] = [
  {
    title: "Prefixes",
    source: '[parse_int!("0b101"), parse_int!("0o17"), parse_int!("017"), parse_int!("0")]',
    result: "[5, 15, 15, 0]",
  },
  { title: "With a base, a prefix is none", source: 'parse_int!("017", 10)', result: "17" },
  { title: "A sign after a prefix", source: 'parse_int!("0x-1f")', result: "-31" },
  {
    title: "The least integer",
    source: 'parse_int!("-8000000000000000", 16)',
    result: "-9223372036854775808",
  },
  {
    title: "One less than that",
    source: 'parse_int!("-9223372036854775809")',
    error:
      'function call error for "parse_int" at (0:34): could not parse integer: number too small to fit in target type',
  },
  {
    title: "A digit too high",
    source: 'parse_int!("08")',
    error:
      'function call error for "parse_int" at (0:16): could not parse integer: invalid digit found in string',
  },
  {
    title: "Nothing",
    source: 'parse_int!("")',
    error: 'function call error for "parse_int" at (0:14): value is empty',
  },
  {
    title: "A prefix alone",
    source: 'parse_int!("0x")',
    error:
      'function call error for "parse_int" at (0:16): could not parse integer: cannot parse integer from empty string',
  },
  {
    title: "A base of one; the message quotes the string",
    source: 'parse_int!("7", 1)',
    error:
      'function call error for "parse_int" at (0:18): invalid base "7": must be be between 2 and 36 (inclusive)',
  },
];
