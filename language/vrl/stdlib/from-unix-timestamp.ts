import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { Failure } from "../runtime/failure.ts";
import type { Integer } from "../runtime/integer.ts";
import { isInteger } from "../runtime/kind-of.ts";
import { SECONDS_MAX, SECONDS_MIN, Timestamp } from "../runtime/timestamp.ts";
import type { Value } from "../runtime/value.ts";
import type { Example, FunctionDefinition } from "./define.ts";
import { unit, unitsPerSecond } from "./time/unit.ts";
import { knownVariantOf } from "./arguments/variant.ts";

export const fromUnixTimestamp: FunctionDefinition = {
  name: "from_unix_timestamp",
  category: "Convert",
  usage:
    "Makes a timestamp of `value`, the time since 1970-01-01T00:00:00Z " +
    "([Unix time](https://en.wikipedia.org/wiki/Unix_time)) in `unit`.",
  parameters: [
    {
      name: "value",
      kind: Part.integer,
      isUnchecked: true,
      description: "How many have passed; negative before 1970.",
    },
    unit,
  ],
  failures: ["`value` is beyond the years that timestamps can be of."],
  returns: Part.timestamp,
  typeOf: () => TypeDef.of(Kind.timestamp).fallible,
  prepare: (call) => {
    const name = knownVariantOf(call, "unit", Object.keys(unitsPerSecond));
    if (typeof name !== "string") return name;
    const perSecond = unitsPerSecond[name]!;
    return (value: Value) => timestampOf(value, perSecond);
  },
};

function timestampOf(value: Value, perSecond: number): Timestamp | Failure {
  if (!isInteger(value))
    return new Failure(`unable to coerce ${Kind.ofValue(value).toString()} into timestamp`);
  const { seconds, rest } = divided(value, perSecond);
  if (seconds < SECONDS_MIN || seconds > SECONDS_MAX)
    return new Failure(`unable to coerce ${value} into timestamp`);
  return new Timestamp(seconds, rest * (1e9 / perSecond));
}

/** Seconds rounded down, and what is left over. */
function divided(value: Integer, perSecond: number): { readonly seconds: number; readonly rest: number } {
  if (typeof value === "number") {
    const seconds = Math.floor(value / perSecond);
    // Beyond the safe range of their product, quotients may be one off.
    const rest = value - seconds * perSecond;
    if (rest >= 0 && rest < perSecond) return { seconds, rest };
  }
  const unitCount = BigInt(perSecond);
  const rest = ((BigInt(value) % unitCount) + unitCount) % unitCount;
  return { seconds: Number((BigInt(value) - rest) / unitCount), rest: Number(rest) };
}

export const examples: readonly Example[] = [
  { title: "Of seconds", source: "from_unix_timestamp!(1709211600)", result: "t'2024-02-29T13:00:00Z'" },
  {
    title: "Of milliseconds",
    source: 'from_unix_timestamp!(1709211600250, unit: "milliseconds")',
    result: "t'2024-02-29T13:00:00.250Z'",
  },
];

export const tests: readonly Example[] = [
  {
    title: "Of microseconds",
    source: 'from_unix_timestamp!(-1, "microseconds")',
    result: "t'1969-12-31T23:59:59.999999Z'",
  },
  {
    title: "Of nanoseconds",
    source: 'from_unix_timestamp!(1709211600000000001, "nanoseconds")',
    result: "t'2024-02-29T13:00:00.000000001Z'",
  },
  {
    title: "The earliest nanosecond",
    source: 'from_unix_timestamp!(-9223372036854775808, "nanoseconds")',
    result: "t'1677-09-21T00:12:43.145224192Z'",
  },
  {
    title: "Too late",
    source: "from_unix_timestamp!(8210266876800)",
    error:
      'function call error for "from_unix_timestamp" at (0:35): unable to coerce 8210266876800 into timestamp',
  },
  {
    title: "Much too early",
    source: 'from_unix_timestamp!(-9223372036854775807, "milliseconds")',
    error:
      'function call error for "from_unix_timestamp" at (0:58): unable to coerce -9223372036854775807 into timestamp',
  },
  {
    title: "Only integers",
    source: "from_unix_timestamp!(.n)",
    input: '{"n": 1.5}',
    error: 'function call error for "from_unix_timestamp" at (0:24): unable to coerce float into timestamp',
  },
  {
    title: "The last second",
    source: "to_string(from_unix_timestamp!(8210266876799))",
    result: "s'+262142-12-31T23:59:59Z'",
  },
];
