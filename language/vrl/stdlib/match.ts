import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import type { Regex } from "../runtime/regex.ts";
import { lossyText, type Text } from "../runtime/text.ts";
import type { Example, FunctionDefinition } from "./define.ts";

export const match: FunctionDefinition = {
  name: "match",
  category: "String",
  usage: "Tells whether `pattern` matches `value` anywhere.",
  parameters: [
    { name: "value", kind: Part.bytes, description: "The string to search." },
    { name: "pattern", kind: Part.regex, description: "The regular expression to search for." },
  ],
  returns: Part.boolean,
  typeOf: () => TypeDef.of(Kind.boolean),
  prepare: () => (value: Text, pattern: Regex) => pattern.test(lossyText(value)),
};

export const examples: readonly Example[] = [
  { title: "It matches", source: "match(\"GET /health\", r'^(?:GET|HEAD) ')", result: "true" },
  { title: "It does not", source: "match(\"POST /orders\", r'^(?:GET|HEAD) ')", result: "false" },
];

export const tests: readonly Example[] = [
  { title: "Anywhere", source: "match(\"a b\", r'b')", result: "true" },
  { title: "Nothing in nothing", source: "match(\"\", r'^$')", result: "true" },
  { title: "Unicode by default", source: "match(\"Ω٣\", r'^\\w\\d$')", result: "true" },
  {
    title: "Bytes that are no text",
    source: "match(decode_base16!(\"61ff\"), r'^a\\x{fffd}$')",
    result: "true",
  },
  {
    title: "A pattern made as it runs",
    source: 'match("ab", to_regex!(.p))',
    input: '{"p": "B"}',
    result: "false",
  },
  {
    title: "Only strings",
    source: "match!(.n, r'1')",
    input: '{"n": 1}',
    error: 'function call error for "match" at (0:16): expected string, got integer',
  },
];
