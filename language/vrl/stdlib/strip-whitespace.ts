import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { lossyText, type Text } from "../runtime/text.ts";
import type { Example, FunctionDefinition } from "./define.ts";
import { trimmed } from "./string/whitespace.ts";

export const stripWhitespace: FunctionDefinition = {
  name: "strip_whitespace",
  category: "String",
  usage:
    "`value` without the white space at its start and end. White space is what has Unicode's property " +
    "[`White_Space`](https://en.wikipedia.org/wiki/Unicode_character_property#Whitespace).",
  parameters: [{ name: "value", kind: Part.bytes, description: "The string to strip." }],
  returns: Part.bytes,
  typeOf: () => TypeDef.of(Kind.bytes),
  prepare: () => (value: Text) => trimmed(lossyText(value)),
};

export const examples: readonly Example[] = [
  { title: "Blanks around", source: 'strip_whitespace("  a b ")', result: "a b" },
];

export const tests: readonly Example[] = [
  { title: "Line breaks and tabs", source: 'strip_whitespace("\\n\\ta\\r\\n")', result: "a" },
  { title: "White space alone", source: 'strip_whitespace(" \\t ")', result: "s''" },
  { title: "Of Unicode", source: 'strip_whitespace("\u00A0\u0085\u2003a\u3000\u2028")', result: "a" },
  {
    title: "What only looks like it stays",
    source: 'strlen(strip_whitespace("\uFEFFa\u200B"))',
    result: "3",
  },
  { title: "Empty", source: 'strip_whitespace("")', result: "s''" },
  {
    title: "Not a string",
    source: "strip_whitespace!(.n)",
    input: '{"n": null}',
    error: 'function call error for "strip_whitespace" at (0:21): expected string, got null',
  },
];
