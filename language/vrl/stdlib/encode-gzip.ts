import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import type { Integer } from "../runtime/integer.ts";
import type { Text } from "../runtime/text.ts";
import { deflate, LEVEL_MAX } from "./compression/deflate.ts";
import type { CallView, Example, FunctionDefinition } from "./define.ts";

export const encodeGzip: FunctionDefinition = {
  name: "encode_gzip",
  category: "Codec",
  usage: "Compresses `value` to [gzip](https://www.gzip.org/).",
  parameters: [
    { name: "value", kind: Part.bytes, description: "What to compress." },
    {
      name: "compression_level",
      kind: Part.integer,
      isOptional: true,
      default: 6,
      description: "From 0 (not at all) to 10 (as well as it can).",
    },
  ],
  returns: Part.bytes,
  typeOf: (call) => TypeDef.of(Kind.bytes).maybeFallible(!hasKnownLevel(call)),
  prepare: () => (value: Text, level: Integer) => deflate(value, level, "gzip"),
};

function hasKnownLevel(call: CallView): boolean {
  const level = call.constant("compression_level");
  return (typeof level === "number" || typeof level === "bigint") && level <= LEVEL_MAX;
}

export const examples: readonly Example[] = [
  {
    title: "Compress",
    source: 'encode_base64(encode_gzip("Plinth"))',
    result: "s'H4sIAAAAAAAA/wvIycwryQAAIzjT7QYAAAA='",
  },
];

export const tests: readonly Example[] = [
  {
    title: "As well as it can",
    source: 'decode_gzip!(encode_gzip("aaaaaaaaaaaaaaaa", 9))',
    result: "aaaaaaaaaaaaaaaa",
  },
  {
    title: "Not at all",
    source: 'length(encode_gzip("aaaaaaaaaaaaaaaa", compression_level: 0))',
    result: "39",
  },
  { title: "Nothing", source: 'decode_gzip!(encode_gzip(""))', result: "s''" },
  {
    title: "Bytes that are no text",
    source: 'encode_base16(decode_gzip!(encode_gzip(decode_base16!("ff00"))))',
    result: "ff00",
  },
  {
    title: "A level there is not",
    source: 'encode_gzip!("a", compression_level: 11)',
    error: 'function call error for "encode_gzip" at (0:40): compression level must be <= 10',
  },
  {
    title: "A negative level",
    source: 'encode_gzip!("a", .level)',
    input: '{"level": -1}',
    error: 'function call error for "encode_gzip" at (0:25): compression level must be <= 10',
  },
];
