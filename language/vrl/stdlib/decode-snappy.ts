import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { Failure } from "../runtime/failure.ts";
import { bytesOf, textOf, type Text } from "../runtime/text.ts";
import { snappyBytes } from "./compression/snappy.ts";
import type { Example, FunctionDefinition } from "./define.ts";

export const decodeSnappy: FunctionDefinition = {
  name: "decode_snappy",
  category: "Codec",
  usage: "Decompresses [Snappy](https://google.github.io/snappy/) data in its raw format.",
  parameters: [{ name: "value", kind: Part.bytes, description: "The Snappy data." }],
  failures: ["`value` is no Snappy data, or more than 128 MiB large without it."],
  returns: Part.bytes,
  typeOf: () => TypeDef.of(Kind.bytes).fallible,
  prepare: () => (value: Text) => {
    const bytes = snappyBytes(bytesOf(value));
    return bytes === undefined ? new Failure("unable to decode value with Snappy decoder") : textOf(bytes);
  },
};

export const examples: readonly Example[] = [
  { title: "Decompress", source: 'decode_snappy!(decode_base64!("BhRQbGludGg="))', result: "Plinth" },
];

export const tests: readonly Example[] = [
  {
    title: "There and back",
    source: 'decode_snappy!(encode_snappy!("café, café, café, café, café"))',
    result: "café, café, café, café, café",
  },
  { title: "Nothing", source: 'decode_snappy!(encode_snappy!(""))', result: "s''" },
  {
    title: "Cut off",
    source: 'decode_snappy!(decode_base64!("BhRQbGludA=="))',
    error: 'function call error for "decode_snappy" at (0:46): unable to decode value with Snappy decoder',
  },
  {
    title: "It says to be larger than it is",
    source: 'decode_snappy!(decode_base16!("ffffffff0f"))',
    error: 'function call error for "decode_snappy" at (0:44): unable to decode value with Snappy decoder',
  },
  {
    title: "Something else",
    source: 'decode_snappy!("Plinth")',
    error: 'function call error for "decode_snappy" at (0:24): unable to decode value with Snappy decoder',
  },
];
