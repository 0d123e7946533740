import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { lossyText, type Text } from "../runtime/text.ts";
import type { Example, FunctionDefinition } from "./define.ts";

export const upcase: FunctionDefinition = {
  name: "upcase",
  category: "String",
  usage: "Makes the whole of `value` upper case, by Unicode's rules.",
  parameters: [{ name: "value", kind: Part.bytes, description: "The string to convert." }],
  returns: Part.bytes,
  typeOf: () => TypeDef.of(Kind.bytes),
  prepare: () => (value: Text) => lossyText(value).toUpperCase(),
};

export const examples: readonly Example[] = [
  { title: "Shout", source: 'upcase("Hello, World!")', result: "HELLO, WORLD!" },
];

export const tests: readonly Example[] = [
  { title: "One character becomes two", source: 'upcase("straße")', result: "STRASSE" },
  { title: "What has no upper case stays", source: 'upcase("1 + 1 = ２, 日本")', result: "1 + 1 = ２, 日本" },
  { title: "Empty", source: 'upcase("")', result: "s''" },
  { title: "Ligatures and accents", source: 'upcase("ﬁancée ŉ ǆ")', result: "FIANCÉE ʼN Ǆ" },
  { title: "Bytes that are no text", source: 'upcase(decode_base16!("61ff"))', result: "A\uFFFD" },
  { title: "Beyond 16 bits", source: 'upcase("𐐨")', result: "𐐀" },
  {
    title: "Only strings",
    source: "upcase!(.n)",
    input: '{"n": 1}',
    error: 'function call error for "upcase" at (0:11): expected string, got integer',
  },
];
