import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { Regex } from "../runtime/regex.ts";
import type { Text } from "../runtime/text.ts";
import type { CallRefusal, Example, FunctionDefinition, PrepareView } from "./define.ts";

export const matchAny: FunctionDefinition = {
  name: "match_any",
  category: "String",
  usage: "Tells whether one of `patterns` or more match `value` anywhere.",
  parameters: [
    { name: "value", kind: Part.bytes, description: "The string to search." },
    {
      name: "patterns",
      kind: Part.array,
      description: "The regular expressions to search for, known when the program is compiled.",
    },
  ],
  returns: Part.boolean,
  typeOf: () => TypeDef.of(Kind.boolean),
  prepare: (call) => {
    const patterns = regexesOf(call);
    if (!Array.isArray(patterns)) return patterns;
    return (value: Text) => {
      for (const pattern of patterns)
        if (typeof value === "string" ? pattern.test(value) : pattern.testBytes(value)) return true;
      return false;
    };
  },
};

function regexesOf(call: PrepareView): Regex[] | CallRefusal {
  const name = "patterns";
  const elements = call.argument(name)?.elements;
  if (elements === undefined) return { refused: "array", name };
  const patterns: Regex[] = [];
  for (const { constant } of elements) {
    if (constant === undefined) return { refused: "static", name };
    if (!(constant instanceof Regex)) return { refused: "regex", name };
    patterns.push(constant);
  }
  return patterns;
}

export const examples: readonly Example[] = [
  {
    title: "One of them matches",
    source: "match_any(\"disk full on web-1\", [r'(?i)timeout', r'\\bfull\\b'])",
    result: "true",
  },
  { title: "None does", source: "match_any(\"all is well\", patterns: [r'error', r'\\d'])", result: "false" },
];

export const tests: readonly Example[] = [
  { title: "None of none", source: 'match_any("a", [])', result: "false" },
  { title: "The first", source: "match_any(\"a\", [r'a', r'b'])", result: "true" },
  { title: "Nothing matches", source: "match_any(\"\", [r'^$'])", result: "true" },
  {
    title: "Bytes that are no text are no characters",
    source: "match_any(decode_base16!(\"61ff62\"), [r'a.b', r'\\x{fffd}'])",
    result: "false",
  },
  { title: "Text among bytes", source: "match_any(decode_base16!(\"61ff62\"), [r'\\bb$'])", result: "true" },
  {
    title: "Only strings",
    source: "match_any!(.n, [r'1'])",
    input: '{"n": 1}',
    error: 'function call error for "match_any" at (0:22): expected string, got integer',
  },
];
