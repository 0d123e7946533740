import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { lossyText, type Text } from "../runtime/text.ts";
import type { Example, FunctionDefinition } from "./define.ts";

export const downcase: FunctionDefinition = {
  name: "downcase",
  category: "String",
  usage: "Makes the whole of `value` lower case, by Unicode's rules.",
  parameters: [{ name: "value", kind: Part.bytes, description: "The string to convert." }],
  returns: Part.bytes,
  typeOf: () => TypeDef.of(Kind.bytes),
  prepare: () => (value: Text) => lossyText(value).toLowerCase(),
};

export const examples: readonly Example[] = [
  { title: "A header's name", source: 'downcase("Content-Type")', result: "content-type" },
];

export const tests: readonly Example[] = [
  { title: "A sigma at the end of a word", source: 'downcase("ΟΔΟΣ ΣΑΣ")', result: "οδος σας" },
  { title: "One character becomes two", source: 'strlen(downcase("İ"))', result: "2" },
  { title: "Empty", source: 'downcase("")', result: "s''" },
  { title: "What has no lower case stays", source: 'downcase("1+1, 日本")', result: "1+1, 日本" },
  { title: "Bytes that are no text", source: 'downcase(decode_base16!("41ff"))', result: "a\uFFFD" },
  {
    title: "Not a string",
    source: "downcase!(.n)",
    input: '{"n": 1}',
    error: 'function call error for "downcase" at (0:13): expected string, got integer',
  },
];
