import { Regex } from "../runtime/regex.ts";
import type { Example, FunctionDefinition } from "./define.ts";
import { predicate } from "./type/predicate.ts";

export const isRegex: FunctionDefinition = predicate(
  "is_regex",
  "a regular expression",
  (value) => value instanceof Regex,
);

export const examples: readonly Example[] = [
  { title: "A literal", source: "is_regex(r'a+')", result: "true" },
];

export const tests: readonly Example[] = [
  { title: "A string that looks like one", source: 'is_regex("a+")', result: "false" },
  { title: "Null", source: "is_regex(null)", result: "false" },
  { title: "An array of them", source: "is_regex([r'a'])", result: "false" },
  { title: "In a variable", source: "x = r'b'\nis_regex(x)", result: "true" },
];
