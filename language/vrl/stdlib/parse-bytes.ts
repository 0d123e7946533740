import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { Failure } from "../runtime/failure.ts";
import { floatOf } from "../runtime/float.ts";
import { lossyText, type Text } from "../runtime/text.ts";
import type { Example, FunctionDefinition } from "./define.ts";
import { sizeOf } from "./number/size.ts";
import { knownVariantOf } from "./arguments/variant.ts";

const PREFIXES = ["K", "M", "G", "T", "P", "E"];

/** Bytes by unit, where prefixes are powers of 1024; `KB` is the same as `KiB` then. */
const binaryUnits: ReadonlyMap<string, bigint> = new Map([
  ["B", 1n],
  ...PREFIXES.flatMap((prefix, power): [string, bigint][] => {
    const bytes = 1024n ** BigInt(power + 1);
    return [
      [`${prefix}iB`, bytes],
      [`${prefix}B`, bytes],
    ];
  }),
]);

/** Where they are powers of 1000. */
const decimalUnits: ReadonlyMap<string, bigint> = new Map([
  ["B", 1n],
  ...PREFIXES.map((prefix, power): [string, bigint] => [
    `${prefix === "K" ? "k" : prefix}B`,
    1000n ** BigInt(power + 1),
  ]),
]);

export const parseBytes: FunctionDefinition = {
  name: "parse_bytes",
  category: "Parse",
  usage: "Reads `value` as a size such as `1.5MiB` and tells it in another unit.",
  parameters: [
    { name: "value", kind: Part.bytes, description: "The size, with a unit of either system." },
    {
      name: "unit",
      kind: Part.bytes,
      variants: {
        B: "Bytes",
        kiB: "1024 bytes",
        MiB: "1024² bytes",
        GiB: "1024³ bytes",
        TiB: "1024⁴ bytes",
        PiB: "1024⁵ bytes",
        EiB: "1024⁶ bytes",
        kB: "1000 bytes",
        MB: "1000² bytes",
        GB: "1000³ bytes",
        TB: "1000⁴ bytes",
        PB: "1000⁵ bytes",
        EB: "1000⁶ bytes",
      },
      description: "The unit to tell it in.",
    },
    {
      name: "base",
      kind: Part.bytes,
      isOptional: true,
      default: "2",
      description: "What `KB`, `MB` and so on are powers of: `2` for 1024, `10` for 1000.",
    },
  ],
  failures: ["`value` is no size."],
  returns: Part.float,
  typeOf: () => TypeDef.of(Kind.float).fallible,
  prepare: (call) => {
    const base = knownVariantOf(call, "base", ["2", "10"]);
    if (typeof base !== "string") return base;
    const units = base === "2" ? binaryUnits : decimalUnits;
    return (value: Text, unit: Text) => {
      const name = lossyText(unit);
      const factor = units.get(name);
      if (factor === undefined) return new Failure(`unknown unit format: '${name}'`);
      const bytes = sizeOf(lossyText(value), base === "2");
      if (typeof bytes === "string") return new Failure(`unable to parse bytes: '${bytes}'`);
      return floatOf(quotient(bytes, factor));
    };
  },
};

/** The nearest float to 28 digits of the quotient. */
function quotient(dividend: bigint, divisor: bigint): number {
  return Number(`${(dividend * 10n ** 28n) / divisor}e-28`);
}

export const examples: readonly Example[] = [
  { title: "In mebibytes", source: 'parse_bytes!("1536KiB", unit: "MiB")', result: "1.5" },
  { title: "By powers of 1000", source: 'parse_bytes!("2.5GB", unit: "MB", base: "10")', result: "2500.0" },
];

export const tests: readonly Example[] = [
  { title: "No unit", source: 'parse_bytes!("1_000", unit: "B")', result: "1000.0" },
  { title: "By powers of 1024", source: 'parse_bytes!("1KB", unit: "B")', result: "1024.0" },
  { title: "An exponent", source: 'parse_bytes!("1e3 kib", unit: "KiB")', result: "1000.0" },
  { title: "Less than one", source: 'parse_bytes!("1B", unit: "KiB")', result: "0.0009765625" },
  { title: "The largest", source: 'parse_bytes!("18446744073709551615", unit: "EiB")', result: "16.0" },
  {
    title: "Too large",
    source: 'parse_bytes!("16EiB", unit: "B")',
    error: `function call error for "parse_bytes" at (0:32): unable to parse bytes: 'number too large to fit in target type'`,
  },
  {
    title: "No number",
    source: 'parse_bytes!("many", unit: "B")',
    error: `function call error for "parse_bytes" at (0:31): unable to parse bytes: 'invalid digit found in string'`,
  },
  {
    title: "Empty",
    source: 'parse_bytes!("", unit: "B")',
    error: `function call error for "parse_bytes" at (0:27): unable to parse bytes: 'cannot parse integer from empty string'`,
  },
  {
    title: "An unknown unit",
    source: 'parse_bytes!("1B", unit: "kiB")',
    error: `function call error for "parse_bytes" at (0:31): unknown unit format: 'kiB'`,
  },
];
