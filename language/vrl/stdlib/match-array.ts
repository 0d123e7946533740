import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { isText } from "../runtime/kind-of.ts";
import type { Regex } from "../runtime/regex.ts";
import { lossyText } from "../runtime/text.ts";
import type { Value } from "../runtime/value.ts";
import type { Example, FunctionDefinition } from "./define.ts";

export const matchArray: FunctionDefinition = {
  name: "match_array",
  category: "Enumerate",
  usage:
    "Whether `pattern` matches an element of `value`, or with `all` every one. Elements that are not strings do not match.",
  parameters: [
    { name: "value", kind: Part.array, description: "The array of strings." },
    { name: "pattern", kind: Part.regex, description: "The regular expression to find in them." },
    {
      name: "all",
      kind: Part.boolean,
      isOptional: true,
      default: false,
      description: "Whether every element has to match.",
    },
  ],
  returns: Part.boolean,
  typeOf: () => TypeDef.of(Kind.boolean),
  prepare: () => (value: Value[], pattern: Regex, all: boolean) => {
    for (const element of value) {
      if ((isText(element) && pattern.test(lossyText(element))) !== all) return !all;
    }
    return all;
  },
};

export const examples: readonly Example[] = [
  { title: "One is enough", source: 'match_array(["web-1", "db-1"], r\'^db-\')', result: "true" },
  { title: "All have to", source: 'match_array(["web-1", "db-1"], r\'^db-\', all: true)', result: "false" },
];

export const tests: readonly Example[] = [
  { title: "All of them", source: 'match_array(["a1", "b2"], r\'\\d$\', all: true)', result: "true" },
  { title: "None of nothing", source: "match_array([], r'.')", result: "false" },
  { title: "All of nothing", source: "match_array([], r'.', all: true)", result: "true" },
  { title: "A number is no string", source: "match_array([1, [\"1\"]], r'1')", result: "false" },
  { title: "Not all are strings", source: "match_array([\"1\", 1], r'1', all: true)", result: "false" },
  {
    title: "Not an array",
    source: "match_array!(.n, r'1')",
    input: '{"n": "1"}',
    error: 'function call error for "match_array" at (0:22): expected array, got string',
  },
];
