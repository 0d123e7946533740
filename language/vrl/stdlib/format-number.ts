import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { numberOfFloat } from "../runtime/float.ts";
import type { Integer } from "../runtime/integer.ts";
import { isFloat } from "../runtime/kind-of.ts";
import { lossyText, type Text } from "../runtime/text.ts";
import type { Float } from "../runtime/value.ts";
import type { Example, FunctionDefinition } from "./define.ts";
import { decimalText } from "./number/decimal.ts";

/** More decimal places than this are no number any more, and a negative count is none. */
const SCALE_MAX = 1000;

export const formatNumber: FunctionDefinition = {
  name: "format_number",
  category: "Number",
  usage:
    "Writes a number for people to read, with as many decimal places and with such separators as are wanted.",
  parameters: [
    { name: "value", kind: Part.integer | Part.float, description: "The number to write." },
    {
      name: "scale",
      kind: Part.integer,
      isOptional: true,
      description: `How many decimal places there are, up to ${SCALE_MAX}. Further ones are cut off, not rounded.`,
    },
    {
      name: "decimal_separator",
      kind: Part.bytes,
      isOptional: true,
      default: ".",
      description: "What stands before the decimal places.",
    },
    {
      name: "grouping_separator",
      kind: Part.bytes,
      isOptional: true,
      description: "What stands before every three digits of the whole part.",
    },
  ],
  returns: Part.bytes,
  notices: [
    "A float has at most 16 significant digits.",
    "The grouping separator counts three by three from the right, and takes a sign for a digit: it also comes first " +
      "where the whole part is three, six or nine characters long.",
  ],
  typeOf: () => TypeDef.of(Kind.bytes),
  // oxlint-disable-next-line max-params -- as the function has them
  prepare:
    () =>
    (
      value: Integer | Float,
      scale: Integer | undefined,
      decimalSeparator: Text,
      groupingSeparator: Text | undefined,
    ) => {
      const text = isFloat(value) ? decimalText(numberOfFloat(value)) : String(value);
      const [whole = "", places] = text.split(".");
      const grouped = groupingSeparator === undefined ? whole : group(whole, lossyText(groupingSeparator));
      const decimals = scale === undefined ? places : scaled(places ?? "", scale);
      return decimals === undefined ? grouped : grouped + lossyText(decimalSeparator) + decimals;
    },
};

function group(whole: string, separator: string): string {
  const head = whole.length % 3;
  let text = whole.slice(0, head);
  for (let index = head; index < whole.length; index += 3) text += separator + whole.slice(index, index + 3);
  return text;
}

function scaled(places: string, scale: Integer): string | undefined {
  const length = Math.min(Math.max(Number(scale), 0), SCALE_MAX);
  return length === 0 ? undefined : places.slice(0, length).padEnd(length, "0");
}

export const examples: readonly Example[] = [
  { title: "Two decimal places", source: "format_number(1234.5, 2)", result: "s'1234.50'" },
  {
    title: "As in France",
    source: 'format_number(9876543.219, 2, decimal_separator: ",", grouping_separator: " ")',
    result: "9 876 543,21",
  },
];

export const tests: readonly Example[] = [
  { title: "As it is", source: "format_number(-0.125)", result: "s'-0.125'" },
  { title: "An integer", source: "format_number(42, 3)", result: "s'42.000'" },
  {
    title: "A whole float",
    source: "[format_number(100.0), format_number(100.0, 1)]",
    result: '["100", "100.0"]',
  },
  { title: "No decimal places", source: "format_number(99.99, 0)", result: "s'99'" },
  {
    title: "A large integer",
    source: 'format_number(9223372036854775807, grouping_separator: ",")',
    result: "9,223,372,036,854,775,807",
  },
  {
    title: "The separator comes first",
    source: '[format_number(123, grouping_separator: ","), format_number(-12, grouping_separator: ",")]',
    result: '[",123", ",-12"]',
  },
  {
    title: "The last digits of floats",
    source: "[format_number(0.1 + 0.2), format_number(1.0 / 3.0)]",
    result: '["0.3", "0.3333333333333333"]',
  },
  { title: "A negative scale", source: "format_number(1.5, -1)", result: "s'1'" },
  { title: "An enormous scale", source: "length(format_number(1, 9000000000))", result: "1002" },
  {
    title: "Not a number",
    source: "format_number!(.n)",
    input: '{"n": "1"}',
    error: 'function call error for "format_number" at (0:18): expected integer or float, got string',
  },
];
