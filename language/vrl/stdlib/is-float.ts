import { isFloat as isOfKind } from "../runtime/kind-of.ts";
import type { Example, FunctionDefinition } from "./define.ts";
import { predicate } from "./type/predicate.ts";

export const isFloat: FunctionDefinition = predicate("is_float", "a float", isOfKind);

export const examples: readonly Example[] = [
  { title: "With a fraction", source: "is_float(0.25)", result: "true" },
];

export const tests: readonly Example[] = [
  { title: "Without a fraction", source: "is_float(3.0)", result: "true" },
  { title: "An integer", source: "is_float(3)", result: "false" },
  { title: "Of the event", source: "is_float(.n)", input: '{"n": 2.0}', result: "true" },
  { title: "Infinity", source: 'is_float(to_float!("inf"))', result: "true" },
  { title: "A string", source: 'is_float("0.25")', result: "false" },
];
