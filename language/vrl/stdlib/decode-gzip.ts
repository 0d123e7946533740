import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { Failure } from "../runtime/failure.ts";
import { bytesOf, textOf, type Text } from "../runtime/text.ts";
import { inflate } from "./compression/deflate.ts";
import type { Example, FunctionDefinition } from "./define.ts";

export const decodeGzip: FunctionDefinition = {
  name: "decode_gzip",
  category: "Codec",
  usage: "Decompresses [gzip](https://www.gzip.org/) data, all members of it.",
  parameters: [{ name: "value", kind: Part.bytes, description: "The gzip data." }],
  failures: ["`value` is no gzip data, or more than 128 MiB large without it."],
  returns: Part.bytes,
  typeOf: () => TypeDef.of(Kind.bytes).fallible,
  prepare: () => (value: Text) => {
    const bytes = inflate(bytesOf(value), "gzip");
    return bytes === undefined ? new Failure("unable to decode value with Gzip decoder") : textOf(bytes);
  },
};

export const examples: readonly Example[] = [
  {
    title: "Decompress",
    source: 'decode_gzip!(decode_base64!("H4sIAAAAAAAA/wvIycwryQAAIzjT7QYAAAA="))',
    result: "Plinth",
  },
];

export const tests: readonly Example[] = [
  {
    title: "There and back",
    source: 'decode_gzip!(encode_gzip("café, café, café"))',
    result: "café, café, café",
  },
  { title: "Nothing", source: 'decode_gzip!(encode_gzip(""))', result: "s''" },
  { title: "Two members", source: 'decode_gzip!(encode_gzip("ab") + encode_gzip("cd"))', result: "abcd" },
  {
    title: "Empty",
    source: 'decode_gzip!("")',
    error: 'function call error for "decode_gzip" at (0:16): unable to decode value with Gzip decoder',
  },
  {
    title: "Cut off",
    source: 'decode_gzip!(slice!(encode_gzip("Plinth"), 0, 20))',
    error: 'function call error for "decode_gzip" at (0:50): unable to decode value with Gzip decoder',
  },
  {
    title: "Something else",
    source: 'decode_gzip!("Plinth")',
    error: 'function call error for "decode_gzip" at (0:22): unable to decode value with Gzip decoder',
  },
];
