import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { Failure } from "../runtime/failure.ts";
import { bytesOf, textOf, type Text } from "../runtime/text.ts";
import { zstdBytes } from "./compression/zstd-decode.ts";
import type { Example, FunctionDefinition } from "./define.ts";

export const decodeZstd: FunctionDefinition = {
  name: "decode_zstd",
  category: "Codec",
  usage: "Decompresses [Zstandard](https://facebook.github.io/zstd) data, all frames of it.",
  parameters: [{ name: "value", kind: Part.bytes, description: "The Zstandard data." }],
  failures: ["`value` is no Zstandard data, or more than 128 MiB large without it."],
  returns: Part.bytes,
  typeOf: () => TypeDef.of(Kind.bytes).fallible,
  prepare: () => (value: Text) => {
    const bytes = zstdBytes(bytesOf(value));
    return bytes === undefined ? new Failure("unable to decode value with Zstd decoder") : textOf(bytes);
  },
};

export const examples: readonly Example[] = [
  { title: "Decompress", source: 'decode_zstd!(decode_base64!("KLUv/QBYMQAAUGxpbnRo"))', result: "Plinth" },
];

export const tests: readonly Example[] = [
  {
    title: "There and back",
    source: 'decode_zstd!(encode_zstd("café, café, café, café, café, café"))',
    result: "café, café, café, café, café, café",
  },
  { title: "Nothing", source: 'decode_zstd!(encode_zstd(""))', result: "s''" },
  { title: "Two frames", source: 'decode_zstd!(encode_zstd("ab") + encode_zstd("cd"))', result: "abcd" },
  {
    title: "Empty",
    source: 'decode_zstd!("")',
    error: 'function call error for "decode_zstd" at (0:16): unable to decode value with Zstd decoder',
  },
  {
    title: "Cut off",
    source: 'decode_zstd!(decode_base64!("KLUv/QBYMQAAUGxpbg=="))',
    error: 'function call error for "decode_zstd" at (0:52): unable to decode value with Zstd decoder',
  },
  {
    title: "Something else",
    source: 'decode_zstd!("Plinth")',
    error: 'function call error for "decode_zstd" at (0:22): unable to decode value with Zstd decoder',
  },
];
