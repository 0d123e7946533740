import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { bytesOf, textOf, type Text } from "../runtime/text.ts";
import { snappyText } from "./compression/snappy.ts";
import type { Example, FunctionDefinition } from "./define.ts";

export const encodeSnappy: FunctionDefinition = {
  name: "encode_snappy",
  category: "Codec",
  usage: "Compresses `value` to [Snappy](https://google.github.io/snappy/) in its raw format.",
  parameters: [{ name: "value", kind: Part.bytes, description: "What to compress." }],
  failures: ["`value` cannot be compressed."],
  returns: Part.bytes,
  typeOf: () => TypeDef.of(Kind.bytes).fallible,
  prepare: () => (value: Text) => textOf(snappyText(bytesOf(value))),
};

export const examples: readonly Example[] = [
  { title: "Compress", source: 'encode_base64(encode_snappy!("Plinth"))', result: "BhRQbGludGg=" },
];

export const tests: readonly Example[] = [
  {
    title: "It gets smaller",
    source: 'length(encode_snappy!("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")) < 20',
    result: "true",
  },
  { title: "Nothing", source: 'encode_base16(encode_snappy!(""))', result: "s'00'" },
  {
    title: "There and back",
    source: 'decode_snappy!(encode_snappy!("na na na na na na na na"))',
    result: "na na na na na na na na",
  },
  {
    title: "Bytes that are no text",
    source: 'encode_base16(decode_snappy!(encode_snappy!(decode_base16!("ff00"))))',
    result: "ff00",
  },
];
