import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { bytesOf, type Text } from "../runtime/text.ts";
import type { Example, FunctionDefinition } from "./define.ts";
import { base16Text } from "./encoding/base16.ts";

export const encodeBase16: FunctionDefinition = {
  name: "encode_base16",
  category: "Codec",
  usage: "Writes the bytes of `value` in [Base16](https://en.wikipedia.org/wiki/Hexadecimal), in lower case.",
  parameters: [{ name: "value", kind: Part.bytes, description: "What to write." }],
  returns: Part.bytes,
  typeOf: () => TypeDef.of(Kind.bytes),
  prepare: () => (value: Text) => base16Text(bytesOf(value)),
};

export const examples: readonly Example[] = [
  { title: "Write bytes", source: 'encode_base16("Plinth")', result: "s'506c696e7468'" },
];

export const tests: readonly Example[] = [
  { title: "Empty", source: 'encode_base16("")', result: "s''" },
  { title: "Unicode", source: 'encode_base16("é")', result: "c3a9" },
  { title: "Zero", source: String.raw`encode_base16("\u{0}\u{f}")`, result: "s'000f'" },
  { title: "There and back", source: 'encode_base16(decode_base16!("00ff80"))', result: "00ff80" },
];
