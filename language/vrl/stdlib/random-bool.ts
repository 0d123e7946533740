import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import type { Example, FunctionDefinition } from "./define.ts";

export const randomBool: FunctionDefinition = {
  name: "random_bool",
  category: "Random",
  usage: "Yields `true` or `false` by chance.",
  parameters: [],
  returns: Part.boolean,
  isImpure: true,
  typeOf: () => TypeDef.of(Kind.boolean),
  prepare:
    ({ host }) =>
    () =>
      host.random() < 0.5,
};

export const examples: readonly Example[] = [
  { title: "Toss a coin", source: "is_boolean(random_bool())", result: "true" },
];

export const tests: readonly Example[] = [
  { title: "One of the two", source: "includes([true, false], random_bool())", result: "true" },
  { title: "Not always the same", source: "random_bool()", result: "true", varies: true },
  { title: "A boolean", source: "random_bool()", result: "false", varies: true },
  {
    title: "It decides",
    source: 'if random_bool() { "heads" } else { "tails" }',
    result: "heads",
    varies: true,
  },
];
