import type { Example, FunctionDefinition } from "./define.ts";
import { predicate } from "./type/predicate.ts";

export const isBoolean: FunctionDefinition = predicate(
  "is_boolean",
  "a boolean",
  (value) => typeof value === "boolean",
);

export const examples: readonly Example[] = [
  { title: "False is one", source: "is_boolean(false)", result: "true" },
];

export const tests: readonly Example[] = [
  { title: "True", source: "is_boolean(true)", result: "true" },
  { title: "A string that looks like one", source: 'is_boolean("true")', result: "false" },
  { title: "A number", source: "is_boolean(0)", result: "false" },
  { title: "Null", source: "is_boolean(null)", result: "false" },
];
