import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { Failure } from "../runtime/failure.ts";
import { INTEGER_MAX, INTEGER_MIN, wrap } from "../runtime/integer.ts";
import type { Timestamp } from "../runtime/timestamp.ts";
import type { Example, FunctionDefinition } from "./define.ts";
import { unit, unitsPerSecond } from "./time/unit.ts";
import { knownVariantOf } from "./arguments/variant.ts";

const outOfRange = new Failure("can't convert out of range timestamp");

export const toUnixTimestamp: FunctionDefinition = {
  name: "to_unix_timestamp",
  category: "Convert",
  usage:
    "Tells the time from 1970-01-01T00:00:00Z to `value` " +
    "([Unix time](https://en.wikipedia.org/wiki/Unix_time)) in `unit`, rounded down.",
  parameters: [{ name: "value", kind: Part.timestamp, description: "The timestamp." }, unit],
  failures: ["It is more nanoseconds than 64 bits can tell: before 1677-09-21 or after 2262-04-11."],
  returns: Part.integer,
  typeOf: () => TypeDef.of(Kind.integer),
  prepare: (call) => {
    const name = knownVariantOf(call, "unit", Object.keys(unitsPerSecond));
    if (typeof name !== "string") return name;
    const perSecond = unitsPerSecond[name]!;
    return ({ seconds, nanoseconds }: Timestamp) => {
      const rest = Math.floor(nanoseconds / (1e9 / perSecond));
      const count = seconds * perSecond + rest;
      if (Number.isSafeInteger(seconds * perSecond) && Number.isSafeInteger(count)) return count;
      const exact = BigInt(seconds) * BigInt(perSecond) + BigInt(rest);
      return exact < INTEGER_MIN || exact > INTEGER_MAX ? outOfRange : wrap(exact);
    };
  },
};

export const examples: readonly Example[] = [
  { title: "In seconds", source: "to_unix_timestamp(t'2024-02-29T13:00:00.9Z')", result: "1709211600" },
  {
    title: "In milliseconds",
    source: "to_unix_timestamp(t'2024-02-29T13:00:00.9Z', unit: \"milliseconds\")",
    result: "1709211600900",
  },
];

export const tests: readonly Example[] = [
  {
    title: "In microseconds",
    source: "to_unix_timestamp(t'1969-12-31T23:59:59.999999Z', \"microseconds\")",
    result: "-1",
  },
  {
    title: "In nanoseconds",
    source: "to_unix_timestamp(t'2024-02-29T13:00:00.000000001Z', \"nanoseconds\")",
    result: "1709211600000000001",
  },
  { title: "Rounded down", source: "to_unix_timestamp(t'1969-12-31T23:59:59.9Z')", result: "-1" },
  {
    title: "Too many nanoseconds",
    source: "to_unix_timestamp(t'2300-01-01T00:00:00Z', \"nanoseconds\")",
    error: 'function call error for "to_unix_timestamp" at (0:57): can\'t convert out of range timestamp',
  },
  {
    title: "Only timestamps",
    source: "to_unix_timestamp!(.n)",
    input: '{"n": 1}',
    error: 'function call error for "to_unix_timestamp" at (0:22): expected timestamp, got integer',
  },
];
