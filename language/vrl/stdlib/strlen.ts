import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { lossyText, type Text } from "../runtime/text.ts";
import type { Example, FunctionDefinition } from "./define.ts";

export const strlen: FunctionDefinition = {
  name: "strlen",
  category: "Enumerate",
  usage:
    "How many characters `value` has: Unicode scalar values, so a letter and the accent put on it may count as two. " +
    "For bytes, see [`length`](#length).",
  parameters: [{ name: "value", kind: Part.bytes, description: "The string to measure." }],
  returns: Part.integer,
  typeOf: () => TypeDef.of(Kind.integer),
  prepare: () => (value: Text) => characterCount(lossyText(value)),
};

function characterCount(text: string): number {
  let count = text.length;
  for (let index = 1; index < text.length; index++) {
    const isPair =
      (text.charCodeAt(index) & 0xfc_00) === 0xdc_00 && (text.charCodeAt(index - 1) & 0xfc_00) === 0xd8_00;
    if (isPair) count--;
  }
  return count;
}

export const examples: readonly Example[] = [
  { title: "Characters, not bytes", source: 'strlen("naïve 🦀")', result: "7" },
];

export const tests: readonly Example[] = [
  { title: "Empty", source: 'strlen("")', result: "0" },
  { title: "Several of four bytes", source: 'strlen("🦀🦀")', result: "2" },
  { title: "A letter and its accent", source: 'strlen("e\u0301")', result: "2" },
  {
    title: "Bytes that are no text count as replacement characters",
    source: 'strlen(decode_base16!("61ff62"))',
    result: "3",
  },
  {
    title: "Not a string",
    source: "strlen!(.n)",
    input: '{"n": 1}',
    error: 'function call error for "strlen" at (0:11): expected string, got integer',
  },
];
