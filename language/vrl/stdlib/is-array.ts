import type { Example, FunctionDefinition } from "./define.ts";
import { predicate } from "./type/predicate.ts";

export const isArray: FunctionDefinition = predicate("is_array", "an array", (value) => Array.isArray(value));

export const examples: readonly Example[] = [{ title: "A list", source: "is_array([1])", result: "true" }];

export const tests: readonly Example[] = [
  { title: "Empty", source: "is_array([])", result: "true" },
  { title: "An object", source: "is_array({})", result: "false" },
  { title: "A field", source: "is_array(.l)", input: '{"l": [null]}', result: "true" },
  { title: "Nothing", source: "is_array(.l)", result: "false" },
];
