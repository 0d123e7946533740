import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { bytesOf, textOf, type Text } from "../runtime/text.ts";
import { zstdFrame } from "./compression/zstd-encode.ts";
import type { Example, FunctionDefinition } from "./define.ts";

export const encodeZstd: FunctionDefinition = {
  name: "encode_zstd",
  category: "Codec",
  usage: "Compresses `value` to a [Zstandard](https://facebook.github.io/zstd) frame.",
  parameters: [
    { name: "value", kind: Part.bytes, description: "What to compress." },
    {
      name: "compression_level",
      kind: Part.integer,
      isOptional: true,
      default: 3,
      description: "How much effort to make. Here it is the same for all levels.",
    },
  ],
  returns: Part.bytes,
  typeOf: () => TypeDef.of(Kind.bytes),
  prepare: () => (value: Text) => textOf(zstdFrame(bytesOf(value))),
};

export const examples: readonly Example[] = [
  { title: "Compress", source: 'encode_base64(encode_zstd("Plinth"))', result: "KLUv/QBYMQAAUGxpbnRo" },
];

export const tests: readonly Example[] = [
  {
    title: "It gets smaller",
    source:
      'length(encode_zstd("the same, the same, the same, the same, the same, the same, the same")) < 40',
    result: "true",
  },
  {
    title: "There and back",
    source:
      'decode_zstd!(encode_zstd("the same, the same, the same, all other, all other, all other, the same"))',
    result: "the same, the same, the same, all other, all other, all other, the same",
  },
  {
    title: "One byte over and over",
    source: 'decode_zstd!(encode_zstd("aaaaaaaaaaaaaaaa", compression_level: 19))',
    result: "aaaaaaaaaaaaaaaa",
  },
  { title: "Nothing", source: 'encode_base16(encode_zstd(""))', result: "s'28b52ffd2000010000'" },
  {
    title: "Bytes that are no text",
    source: 'encode_base16(decode_zstd!(encode_zstd(decode_base16!("ff00"))))',
    result: "ff00",
  },
];
