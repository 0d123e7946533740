import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { Failure } from "../runtime/failure.ts";
import { bytesOf, textOf, type Text } from "../runtime/text.ts";
import { inflate } from "./compression/deflate.ts";
import type { Example, FunctionDefinition } from "./define.ts";

export const decodeZlib: FunctionDefinition = {
  name: "decode_zlib",
  category: "Codec",
  usage: "Decompresses [zlib](https://www.zlib.net) data.",
  parameters: [{ name: "value", kind: Part.bytes, description: "The zlib data." }],
  failures: ["`value` is no zlib data, or more than 128 MiB large without it."],
  returns: Part.bytes,
  typeOf: () => TypeDef.of(Kind.bytes).fallible,
  prepare: () => (value: Text) => {
    const bytes = inflate(bytesOf(value), "zlib");
    return bytes === undefined ? new Failure("unable to decode value with Zlib decoder") : textOf(bytes);
  },
};

export const examples: readonly Example[] = [
  { title: "Decompress", source: 'decode_zlib!(decode_base64!("eJwLyMnMK8kAAAhAAnA="))', result: "Plinth" },
];

export const tests: readonly Example[] = [
  {
    title: "There and back",
    source: 'decode_zlib!(encode_zlib("café, café, café"))',
    result: "café, café, café",
  },
  { title: "Nothing", source: 'decode_zlib!(encode_zlib(""))', result: "s''" },
  { title: "Empty", source: 'decode_zlib!("")', result: "s''" },
  { title: "More after it is left out", source: 'decode_zlib!(encode_zlib("ab") + "cd")', result: "ab" },
  {
    title: "Something else",
    source: 'decode_zlib!("Plinth")',
    error: 'function call error for "decode_zlib" at (0:22): unable to decode value with Zlib decoder',
  },
];
