import { isInteger as isOfKind } from "../runtime/kind-of.ts";
import type { Example, FunctionDefinition } from "./define.ts";
import { predicate } from "./type/predicate.ts";

export const isInteger: FunctionDefinition = predicate("is_integer", "an integer", isOfKind);

export const examples: readonly Example[] = [{ title: "A number", source: "is_integer(-3)", result: "true" }];

export const tests: readonly Example[] = [
  { title: "A float without a fraction", source: "is_integer(3.0)", result: "false" },
  { title: "Large", source: "is_integer(9223372036854775807)", result: "true" },
  { title: "A string", source: 'is_integer("3")', result: "false" },
  { title: "Of the event", source: "is_integer(.n)", input: '{"n": 2}', result: "true" },
];
