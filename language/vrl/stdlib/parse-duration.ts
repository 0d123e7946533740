import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { Failure } from "../runtime/failure.ts";
import { floatOf } from "../runtime/float.ts";
import { lossyText, type Text } from "../runtime/text.ts";
import type { Float } from "../runtime/value.ts";
import type { Example, FunctionDefinition } from "./define.ts";
import {
  divideDecimals,
  multiplyDecimals,
  numberOfDecimal,
  parseDecimal,
  type Decimal,
} from "./time/decimal.ts";

/** In seconds. */
const units: ReadonlyMap<string, Decimal> = new Map([
  ["ns", { mantissa: 1n, scale: 9 }],
  ["us", { mantissa: 1n, scale: 6 }],
  ["µs", { mantissa: 1n, scale: 6 }],
  ["ms", { mantissa: 1n, scale: 3 }],
  ["cs", { mantissa: 1n, scale: 2 }],
  ["ds", { mantissa: 1n, scale: 1 }],
  ["s", { mantissa: 1n, scale: 0 }],
  ["m", { mantissa: 60n, scale: 0 }],
  ["h", { mantissa: 3600n, scale: 0 }],
  ["d", { mantissa: 86_400n, scale: 0 }],
  ["w", { mantissa: 604_800n, scale: 0 }],
]);

/**
 * A number and a unit wherever the next ones stand: what stands before is passed over. Letters are Latin ones and the
 * micro sign in any case, also the Kelvin sign, the long s and the Greek mu that only case tells apart from them. A run
 * of digits is taken from its start, so that no digit is looked at from more than two starts.
 */
const part = /(?<![0-9])([0-9]*\.[0-9]+|[0-9]+)\p{White_Space}?([a-z\u00b5\u03bc\u039c\u212a\u017f]{1,2})/iu;

export const parseDuration: FunctionDefinition = {
  name: "parse_duration",
  category: "Parse",
  usage: "Reads `value` as a duration, one or more numbers with units, and tells it in `unit`.",
  parameters: [
    { name: "value", kind: Part.bytes, description: "The text, such as `1h 30m`." },
    {
      name: "unit",
      kind: Part.bytes,
      variants: {
        ns: "Nanoseconds, billionths of a second.",
        us: "Microseconds, millionths of a second.",
        µs: "Microseconds, millionths of a second.",
        ms: "Milliseconds, thousandths of a second.",
        cs: "Centiseconds, hundredths of a second.",
        ds: "Deciseconds, tenths of a second.",
        s: "Seconds.",
        m: "Minutes of 60 seconds.",
        h: "Hours of 60 minutes.",
        d: "Days of 24 hours.",
      },
      description: "The unit to tell it in.",
    },
  ],
  failures: ["`value` is not a duration."],
  returns: Part.float,
  typeOf: () => TypeDef.of(Kind.float).fallible,
  prepare: () => parse,
};

function parse(value: Text, unitText: Text): number | Float | Failure {
  const name = lossyText(unitText);
  const unit = units.get(name);
  if (unit === undefined) return new Failure(`unknown unit format: '${name}'`);
  let rest = lossyText(value);
  let sum = 0;
  while (rest !== "") {
    const match = part.exec(rest);
    if (match === null) return new Failure(`unable to parse duration: '${rest}'`);
    const [whole, digits = "", partUnit = ""] = match;
    const number = parseDecimal(digits);
    if (number === undefined)
      return new Failure("unable to parse number: Invalid decimal: overflow from too many digits");
    const factor = units.get(partUnit);
    if (factor === undefined) return new Failure(`unknown duration unit: '${partUnit}'`);
    const product = multiplyDecimals(number, factor);
    const quotient = product && divideDecimals(product, unit);
    if (quotient === undefined) return new Failure(`unable to convert duration: '${rest}'`);
    sum += numberOfDecimal(quotient);
    rest = rest.slice(match.index + whole.length);
  }
  return floatOf(sum);
}

export const examples: readonly Example[] = [
  { title: "Hours in minutes", source: 'parse_duration!("1.5h", unit: "m")', result: "90.0" },
  { title: "Several together", source: 'parse_duration!("1m 2s 500ms", unit: "s")', result: "62.5" },
  {
    title: "No unit",
    source: 'parse_duration!("90", unit: "s")',
    error: "function call error for \"parse_duration\" at (0:32): unable to parse duration: '90'",
  },
];

export const tests: readonly Example[] = [
  { title: "Nothing", source: 'parse_duration!("", "s")', result: "0.0" },
  { title: "Microseconds", source: 'parse_duration!("250 µs", "ms")', result: "0.25" },
  { title: "Weeks", source: 'parse_duration!("2w", "d")', result: "14.0" },
  { title: "In weeks", source: 'parse_duration!("10d", "w")', result: "1.4285714285714286" },
  {
    title: "Exactly",
    source: 'parse_duration!("0.1s", "ns") + parse_duration!(".2s", "ns")',
    result: "300000000.0",
  },
  {
    title: "Parts that do not fit are passed over",
    source: 'parse_duration!("about 3s", "s")',
    result: "3.0",
  },
  {
    title: "What is left fits not",
    source: 'parse_duration!("1s and more", "s")',
    error: "function call error for \"parse_duration\" at (0:35): unable to parse duration: ' and more'",
  },
  {
    title: "Capitals",
    source: 'parse_duration!("1H", "s")',
    error: "function call error for \"parse_duration\" at (0:26): unknown duration unit: 'H'",
  },
  {
    title: "Another unit",
    source: 'parse_duration!("1s", "y")',
    error: "function call error for \"parse_duration\" at (0:26): unknown unit format: 'y'",
  },
  {
    title: "More digits than fit",
    source: 'parse_duration!("99999999999999999999999999999999s", "s")',
    error:
      'function call error for "parse_duration" at (0:57): unable to parse number: Invalid decimal: overflow from too many digits',
  },
  {
    title: "More than fits",
    source: 'parse_duration!("9999999999999999999999999w", "s")',
    error:
      "function call error for \"parse_duration\" at (0:50): unable to convert duration: '9999999999999999999999999w'",
  },
];
