import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { Timestamp } from "../runtime/timestamp.ts";
import type { Example, FunctionDefinition } from "./define.ts";

export const now: FunctionDefinition = {
  name: "now",
  category: "Timestamp",
  usage: "Tells the time, as exactly as the machine knows it.",
  parameters: [],
  returns: Part.timestamp,
  isImpure: true,
  typeOf: () => TypeDef.of(Kind.timestamp),
  prepare:
    ({ host }) =>
    () =>
      Timestamp.fromNanoseconds(host.now()),
};

export const examples: readonly Example[] = [
  { title: "What time is it", source: "now()", result: "t'2023-11-14T22:13:20.123456789Z'" },
  { title: "Stamp an event", source: ".seen = now()\nis_timestamp(.seen)", result: "true" },
];

export const tests: readonly Example[] = [
  {
    title: "To the nanosecond",
    source: 'to_unix_timestamp(now(), unit: "nanoseconds")',
    result: "1700000000123456789",
  },
  { title: "It does not go back", source: "a = now()\nb = now()\nb >= a", result: "true" },
  { title: "Its day", source: 'format_timestamp!(now(), "%F")', result: "s'2023-11-14'" },
];
