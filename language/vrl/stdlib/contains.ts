import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import type { Text } from "../runtime/text.ts";
import type { Example, FunctionDefinition } from "./define.ts";
import { caseSensitive, comparable } from "./string/case-sensitive.ts";

export const contains: FunctionDefinition = {
  name: "contains",
  category: "String",
  usage: "Whether `substring` occurs in `value`.",
  parameters: [
    { name: "value", kind: Part.bytes, description: "The string to look through." },
    { name: "substring", kind: Part.bytes, description: "The string to look for." },
    caseSensitive,
  ],
  returns: Part.boolean,
  typeOf: () => TypeDef.of(Kind.boolean),
  prepare: () => (value: Text, substring: Text, isCaseSensitive: boolean) =>
    comparable(value, isCaseSensitive).includes(comparable(substring, isCaseSensitive)),
};

export const examples: readonly Example[] = [
  { title: "It does", source: 'contains("GET /index.html", "index")', result: "true" },
  {
    title: "In any case",
    source: 'contains("Connection: Close", "close", case_sensitive: false)',
    result: "true",
  },
];

export const tests: readonly Example[] = [
  { title: "It does not", source: 'contains("abc", "B")', result: "false" },
  {
    title: "Nothing is everywhere",
    source: '[contains("abc", ""), contains("", "")]',
    result: "[true, true]",
  },
  { title: "Longer than the string", source: 'contains("ab", "abc")', result: "false" },
  { title: "Unicode in any case", source: 'contains("ÄÖÜ", "öü", false)', result: "true" },
  {
    title: "Not a string",
    source: 'contains!(.n, "1")',
    input: '{"n": 1}',
    error: 'function call error for "contains" at (0:18): expected string, got integer',
  },
];
