import { isObject as isOfKind } from "../runtime/kind-of.ts";
import type { Example, FunctionDefinition } from "./define.ts";
import { predicate } from "./type/predicate.ts";

export const isObject: FunctionDefinition = predicate("is_object", "an object", isOfKind);

export const examples: readonly Example[] = [
  { title: "An object", source: 'is_object({ "a": 1 })', result: "true" },
];

export const tests: readonly Example[] = [
  { title: "Empty", source: "is_object({})", result: "true" },
  { title: "An array", source: "is_object([])", result: "false" },
  { title: "The event", source: "is_object(.)", result: "true" },
  { title: "A timestamp", source: "is_object(t'2024-01-01T00:00:00Z')", result: "false" },
  { title: "A float", source: "is_object(1.0)", result: "false" },
];
