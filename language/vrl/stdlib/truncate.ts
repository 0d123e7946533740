import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import type { Integer } from "../runtime/integer.ts";
import { lossyText, type Text } from "../runtime/text.ts";
import type { Example, FunctionDefinition } from "./define.ts";

export const truncate: FunctionDefinition = {
  name: "truncate",
  category: "String",
  usage: "The first `limit` characters of `value`. Where that cuts some off, `suffix` follows.",
  parameters: [
    { name: "value", kind: Part.bytes, description: "The string to shorten." },
    {
      name: "limit",
      kind: Part.integer,
      description: "How many characters are kept; less than 0 counts as 0.",
    },
    {
      name: "suffix",
      kind: Part.bytes,
      isOptional: true,
      description: "What follows a string that was cut. It does not count for `limit`.",
    },
  ],
  returns: Part.bytes,
  typeOf: () => TypeDef.of(Kind.bytes),
  prepare:
    () =>
    (value: Text, limit: Integer, suffix: Text = "") => {
      const text = lossyText(value);
      // A character is one unit or two.
      if (text.length <= limit) return text;
      const end = endOf(text, Number(limit));
      return end === text.length ? text : text.slice(0, end) + lossyText(suffix);
    },
};

/** The index after so many characters. */
function endOf(text: string, characters: number): number {
  let end = 0;
  for (let count = 0; count < characters && end < text.length; count++)
    end += text.codePointAt(end)! > 0xff_ff ? 2 : 1;
  return end;
}

export const examples: readonly Example[] = [
  { title: "Too long", source: 'truncate("a very long message", 6, suffix: "…")', result: "a very…" },
  { title: "Short enough", source: 'truncate("brief", 10, suffix: "…")', result: "brief" },
];

export const tests: readonly Example[] = [
  { title: "Exactly as long", source: 'truncate("abc", 3, "…")', result: "abc" },
  { title: "Characters, not bytes", source: 'truncate("🦀é🦀x", 2)', result: "🦀é" },
  { title: "Pairs that just fit", source: 'truncate("🦀🦀", 2, "…")', result: "🦀🦀" },
  {
    title: "To nothing",
    source: '[truncate("abc", 0, "…"), truncate("abc", -5), truncate("", 0, "…")]',
    result: '["…", "", ""]',
  },
  { title: "A large limit", source: 'truncate("abc", 9223372036854775807)', result: "abc" },
  {
    title: "Not an integer",
    source: 'truncate!("abc", .n)',
    input: '{"n": 1.5}',
    error: 'function call error for "truncate" at (0:20): expected integer, got float',
  },
];
