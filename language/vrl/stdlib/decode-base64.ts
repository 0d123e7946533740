import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { Failure } from "../runtime/failure.ts";
import { lossyText, textOf, type Text } from "../runtime/text.ts";
import type { Example, FunctionDefinition } from "./define.ts";
import { base64Bytes } from "./encoding/base64.ts";
import { base64Charset } from "./encode-base64.ts";

export const decodeBase64: FunctionDefinition = {
  name: "decode_base64",
  category: "Codec",
  usage: "Reads `value` as [Base64](https://en.wikipedia.org/wiki/Base64), with or without padding.",
  parameters: [{ name: "value", kind: Part.bytes, description: "The Base64 text." }, base64Charset],
  failures: ["`value` is no Base64."],
  returns: Part.bytes,
  typeOf: () => TypeDef.of(Kind.bytes).fallible,
  prepare: () => (value: Text, charset: Text) => {
    if (charset !== "standard" && charset !== "url_safe") return new Failure("unknown charset");
    const bytes = base64Bytes(withoutPadding(lossyText(value)), charset);
    return bytes === undefined ? new Failure("unable to decode value from base64") : textOf(bytes);
  },
};

/** However much of it there is; a text of nothing but padding is kept. */
function withoutPadding(text: string): string {
  let end = text.length;
  while (end > 0 && text[end - 1] === "=") end--;
  return end === 0 ? text : text.slice(0, end);
}

export const examples: readonly Example[] = [
  { title: "Read it", source: 'decode_base64!("UGxpbnRo")', result: "Plinth" },
  {
    title: "The alphabet of URLs",
    source: 'encode_base16(decode_base64!("-_8", charset: "url_safe"))',
    result: "s'fbff'",
  },
];

export const tests: readonly Example[] = [
  { title: "With padding", source: 'decode_base64!("YQ==")', result: "a" },
  { title: "Without", source: 'decode_base64!("YQ")', result: "a" },
  { title: "Too much of it", source: 'decode_base64!("YWJj===")', result: "abc" },
  { title: "Empty", source: 'decode_base64!("")', result: "s''" },
  {
    title: "Padding alone",
    source: 'decode_base64!("=")',
    error: 'function call error for "decode_base64" at (0:19): unable to decode value from base64',
  },
  {
    title: "Of the other alphabet",
    source: 'decode_base64!("-_8=")',
    error: 'function call error for "decode_base64" at (0:22): unable to decode value from base64',
  },
  {
    title: "Space",
    source: 'decode_base64!("YW Jj")',
    error: 'function call error for "decode_base64" at (0:23): unable to decode value from base64',
  },
  {
    title: "An unknown alphabet",
    source: 'decode_base64!("YQ", charset: "other")',
    error: 'function call error for "decode_base64" at (0:38): unknown charset',
  },
];
