import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { lossyText, type Text } from "../runtime/text.ts";
import type { Value } from "../runtime/value.ts";
import type { Example, FunctionDefinition } from "./define.ts";
import { splitTokens } from "./log/tokens.ts";

export const parseTokens: FunctionDefinition = {
  name: "parse_tokens",
  category: "Parse",
  usage:
    "Splits `value` into tokens: words between spaces, text in double quotes and text in square brackets. Within these, a backslash stands before a quote or bracket that does not end the token. A token that is empty or `-` is null.",
  parameters: [{ name: "value", kind: Part.bytes, description: "The string to split." }],
  failures: ["`value` is not a properly formatted tokenized string."],
  returns: Part.array,
  notices: ["Nothing is converted: tokens are strings, and keep their backslashes."],
  isFresh: true,
  typeOf: () => TypeDef.of(Kind.arrayOf(Kind.bytes)),
  prepare:
    () =>
    (value: Text): Value =>
      splitTokens(lossyText(value)).map((token) => (token === "" || token === "-" ? null : token)),
};

export const examples: readonly Example[] = [
  {
    title: "A line of a log",
    source: `parse_tokens(s'10.0.0.1 - [3 May 2024] "GET /a b" 200')`,
    result: '["10.0.0.1", null, "3 May 2024", "GET /a b", "200"]',
  },
  {
    title: "Quotes within quotes",
    source: String.raw`parse_tokens(s'say "a \"b\" c" [d \] e]')`,
    result: String.raw`["say", "a \\\"b\\\" c", "d \\] e"]`,
  },
];

export const tests: readonly Example[] = [
  { title: "Empty", source: 'parse_tokens("")', result: "[]" },
  { title: "Empty tokens", source: `parse_tokens(s'"" [] - x')`, result: '[null, null, null, "x"]' },
  { title: "Words end at brackets", source: "parse_tokens(s'a[b]c: d')", result: '["a", "b", "c:", "d"]' },
  {
    title: "What is not closed is the last",
    source: `parse_tokens(s'a b"c d e')`,
    result: String.raw`["a", "b", "\"c d e"]`,
  },
  {
    title: "Another escape closes nothing",
    source: String.raw`parse_tokens(s'a "b\n c" d')`,
    result: String.raw`["a", "\"b\\n c\" d"]`,
  },
  { title: "A space at the start", source: 'parse_tokens(" a b")', result: '[" a b"]' },
  { title: "Spaces and tabs", source: String.raw`parse_tokens("a \t  日本 ")`, result: '["a", "日本"]' },
  {
    title: "Only strings",
    source: "parse_tokens!(.x)",
    input: '{"x": [1]}',
    error: 'function call error for "parse_tokens" at (0:17): expected string, got [integer]',
  },
];
