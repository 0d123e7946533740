import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { bytesOf, textOf, type Text } from "../runtime/text.ts";
import { joined } from "./compression/limit.ts";
import { encodeLz4Block } from "./compression/lz4.ts";
import type { Example, FunctionDefinition } from "./define.ts";

export const encodeLz4: FunctionDefinition = {
  name: "encode_lz4",
  category: "Codec",
  usage:
    "Compresses `value` to an [LZ4](https://lz4.github.io/lz4/) block. Some decompress it only if its size comes first.",
  parameters: [
    { name: "value", kind: Part.bytes, description: "What to compress." },
    {
      name: "prepend_size",
      kind: Part.boolean,
      isOptional: true,
      default: true,
      description: "Whether the size of `value` comes before the block, in four bytes.",
    },
  ],
  returns: Part.bytes,
  typeOf: () => TypeDef.of(Kind.bytes).fallible,
  prepare: () => (value: Text, hasSize: boolean) => {
    const bytes = bytesOf(value);
    const block = encodeLz4Block(bytes);
    if (!hasSize) return textOf(block);
    const size = new Uint8Array(4);
    new DataView(size.buffer).setUint32(0, bytes.length, true);
    return textOf(joined([size, block], size.length + block.length));
  },
};

export const examples: readonly Example[] = [
  { title: "Compress", source: 'encode_base16(encode_lz4!("Plinth"))', result: "s'0600000060506c696e7468'" },
  {
    title: "Without the size",
    source: 'encode_base16(encode_lz4!("Plinth", prepend_size: false))',
    result: "s'60506c696e7468'",
  },
];

export const tests: readonly Example[] = [
  {
    title: "There and back",
    source: 'decode_lz4!(encode_lz4!("café, café, café, café, café"), prepended_size: true)',
    result: "café, café, café, café, café",
  },
  {
    title: "It gets smaller",
    source: 'length(encode_lz4!("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")) < 20',
    result: "true",
  },
  { title: "Nothing", source: 'encode_base16(encode_lz4!(""))', result: "s'0000000000'" },
  {
    title: "Bytes that are no text",
    source: 'encode_base16(decode_lz4!(encode_lz4!(decode_base16!("ff00"), prepend_size: false)))',
    result: "ff00",
  },
];
