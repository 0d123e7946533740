import type { Example, FunctionDefinition } from "./define.ts";
import { predicate } from "./type/predicate.ts";

const usage =
  "Whether `value` is null, or is not there. [`is_nullish`](#is_nullish) also takes what says no more than null.";

export const isNull: FunctionDefinition = {
  ...predicate("is_null", "null", (value) => (value ?? null) === null),
  usage,
};

export const examples: readonly Example[] = [
  { title: "A missing field", source: "is_null(.user)", result: "true" },
];

export const tests: readonly Example[] = [
  { title: "Null", source: "is_null(null)", result: "true" },
  { title: "A field that is null", source: "is_null(.a)", input: '{"a": null}', result: "true" },
  { title: "An empty string", source: 'is_null("")', result: "false" },
  { title: "An empty array", source: "is_null([])", result: "false" },
  { title: "Zero", source: "is_null(0)", result: "false" },
];
