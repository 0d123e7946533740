import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { Failure } from "../runtime/failure.ts";
import type { Example, FunctionDefinition } from "./define.ts";

export const getHostname: FunctionDefinition = {
  name: "get_hostname",
  category: "System",
  usage: "Yields the name of the machine that the program runs on.",
  parameters: [],
  failures: ["The host does not tell its name."],
  returns: Part.bytes,
  isImpure: true,
  typeOf: () => TypeDef.of(Kind.bytes).fallible,
  prepare: ({ host }) => {
    const nameOf = host.hostname?.bind(host);
    return () => nameOf?.() ?? new Failure("failed to get hostname: the host does not tell it");
  },
};

export const examples: readonly Example[] = [
  { title: "Where this runs", source: ".host = get_hostname!()", result: "web-1", varies: true },
];

export const tests: readonly Example[] = [
  { title: "A string", source: 'is_string(get_hostname() ?? "none")', result: "true" },
  { title: "Not empty", source: 'get_hostname!() != ""', result: "true" },
  { title: "The same each time", source: "get_hostname!() == get_hostname!()", result: "true" },
  {
    title: "As a part of a name",
    source: '"https://" + get_hostname!() + "/"',
    result: "https://web-1/",
    varies: true,
  },
];
