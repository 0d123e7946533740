import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { Failure } from "../runtime/failure.ts";
import { bytesOf, type Text } from "../runtime/text.ts";
import type { Example, FunctionDefinition, Parameter } from "./define.ts";
import { base64Text } from "./encoding/base64.ts";

export const base64Charset: Parameter = {
  name: "charset",
  kind: Part.bytes,
  isOptional: true,
  default: "standard",
  variants: {
    standard: "The [usual](https://tools.ietf.org/html/rfc4648#section-4) alphabet, with `+` and `/`.",
    url_safe:
      "The alphabet of [URLs and file names](https://tools.ietf.org/html/rfc4648#section-5), with `-` and `_`.",
  },
  description: "The alphabet.",
};

export const encodeBase64: FunctionDefinition = {
  name: "encode_base64",
  category: "Codec",
  usage: "Writes the bytes of `value` in [Base64](https://en.wikipedia.org/wiki/Base64).",
  parameters: [
    { name: "value", kind: Part.bytes, description: "What to write." },
    {
      name: "padding",
      kind: Part.boolean,
      isOptional: true,
      default: true,
      description: "Whether `=` fills the text up to a multiple of four characters.",
    },
    base64Charset,
  ],
  returns: Part.bytes,
  typeOf: () => TypeDef.of(Kind.bytes),
  prepare: () => (value: Text, isPadded: boolean, charset: Text) =>
    charset === "standard" || charset === "url_safe"
      ? base64Text(bytesOf(value), charset, isPadded)
      : new Failure("unknown charset"),
};

export const examples: readonly Example[] = [
  { title: "Write bytes", source: 'encode_base64("Plinth")', result: "UGxpbnRo" },
  { title: "Without padding", source: 'encode_base64("a", padding: false)', result: "YQ" },
  {
    title: "For URLs",
    source: 'encode_base64(decode_base16!("fbff"), charset: "url_safe")',
    result: "s'-_8='",
  },
];

export const tests: readonly Example[] = [
  { title: "Empty", source: 'encode_base64("")', result: "s''" },
  { title: "One byte", source: 'encode_base64("a")', result: "YQ==" },
  { title: "Two bytes", source: 'encode_base64("ab")', result: "YWI=" },
  { title: "Unicode", source: 'encode_base64("日本")', result: "5pel5pys" },
  { title: "The usual alphabet", source: 'encode_base64(decode_base16!("fbff"))', result: "s'+/8='" },
  {
    title: "An unknown alphabet",
    source: 'encode_base64("a", charset: "other")',
    error: 'function call error for "encode_base64" at (0:36): unknown charset',
  },
];
