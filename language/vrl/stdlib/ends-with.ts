import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import type { Text } from "../runtime/text.ts";
import type { Example, FunctionDefinition } from "./define.ts";
import { caseSensitive, comparable } from "./string/case-sensitive.ts";

export const endsWith: FunctionDefinition = {
  name: "ends_with",
  category: "String",
  usage: "Whether `value` ends with `substring`.",
  parameters: [
    { name: "value", kind: Part.bytes, description: "The string whose end is looked at." },
    { name: "substring", kind: Part.bytes, description: "What it may end with." },
    caseSensitive,
  ],
  returns: Part.boolean,
  typeOf: () => TypeDef.of(Kind.boolean),
  prepare: () => (value: Text, substring: Text, isCaseSensitive: boolean) =>
    comparable(value, isCaseSensitive).endsWith(comparable(substring, isCaseSensitive)),
};

export const examples: readonly Example[] = [
  { title: "A file's type", source: 'ends_with("report.pdf", ".pdf")', result: "true" },
  { title: "In any case", source: 'ends_with("REPORT.PDF", ".pdf", case_sensitive: false)', result: "true" },
];

export const tests: readonly Example[] = [
  { title: "In the middle", source: 'ends_with("abc", "b")', result: "false" },
  { title: "Nothing", source: 'ends_with("", "")', result: "true" },
  { title: "Longer than the string", source: 'ends_with("b", "ab")', result: "false" },
  { title: "Upper case is not lower case", source: 'ends_with("abC", "c")', result: "false" },
  { title: "Unicode in any case", source: 'ends_with("ſtraßÉ", "ßé", false)', result: "true" },
  {
    title: "Not a string",
    source: 'ends_with!("a", .n)',
    input: '{"n": 1.5}',
    error: 'function call error for "ends_with" at (0:19): expected string, got float',
  },
];
