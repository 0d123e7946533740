import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import type { Example, FunctionDefinition } from "./define.ts";

export const getTimezoneName: FunctionDefinition = {
  name: "get_timezone_name",
  category: "System",
  usage:
    "Yields the name of the timezone that the program is compiled for (see " +
    "[global options](/docs/reference/configuration/global-options)). For `local` that is the machine's own.",
  parameters: [],
  failures: ["The machine's own timezone is not known."],
  returns: Part.bytes,
  isImpure: true,
  typeOf: () => TypeDef.of(Kind.bytes).fallible,
  prepare: ({ host, timezone }) => {
    const name = timezone === "local" ? host.localTimezone : timezone;
    return () => name;
  },
};

export const examples: readonly Example[] = [
  { title: "Tell it", source: ".timezone = get_timezone_name!()", result: "Europe/Berlin", varies: true },
];

export const tests: readonly Example[] = [
  { title: "A string", source: "is_string(get_timezone_name!())", result: "true" },
  { title: "Not empty", source: 'get_timezone_name!() != ""', result: "true" },
  { title: "The same each time", source: "get_timezone_name!() == get_timezone_name!()", result: "true" },
  { title: "Another instead", source: 'get_timezone_name() ?? "UTC"', result: "UTC", varies: true },
];
