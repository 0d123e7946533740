import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { Failure } from "../runtime/failure.ts";
import { bytesOf, lossyText, type Text } from "../runtime/text.ts";
import type { Example, FunctionDefinition } from "./define.ts";
import { decodeCharset as decode, decoderOf, labelOf } from "./encoding/charset.ts";

export const decodeCharset: FunctionDefinition = {
  name: "decode_charset",
  category: "Codec",
  usage:
    "Reads the bytes of `value` as text in a [character set](https://encoding.spec.whatwg.org/#names-and-labels) that " +
    "is not UTF-8.",
  parameters: [
    { name: "value", kind: Part.bytes, description: "The bytes." },
    {
      name: "from_charset",
      kind: Part.bytes,
      description: "The [character set](https://encoding.spec.whatwg.org/#names-and-labels) they are in.",
    },
  ],
  failures: ["`from_charset` is no [character set](https://encoding.spec.whatwg.org/#names-and-labels)."],
  returns: Part.bytes,
  typeOf: () => TypeDef.of(Kind.bytes).fallible,
  prepare: () => (value: Text, charset: Text) => {
    const decoder = decoderOf(lossyText(charset));
    if (decoder === undefined) return new Failure(`Unknown charset: ${labelOf(charset)}`);
    return decode(bytesOf(value), decoder);
  },
};

export const examples: readonly Example[] = [
  {
    title: "Western European",
    source: 'decode_charset!(decode_base16!("636166e9"), "iso-8859-1")',
    result: "café",
  },
  { title: "Japanese", source: 'decode_charset!(decode_base16!("93fa967b"), "shift_jis")', result: "日本" },
];

export const tests: readonly Example[] = [
  { title: "Chinese", source: 'decode_charset!(decode_base16!("d6d0cec4"), "GBK")', result: "中文" },
  { title: "Korean", source: 'decode_charset!(decode_base16!("c7d1b1db"), "euc-kr")', result: "한글" },
  {
    title: "Sixteen bits",
    source: 'decode_charset!(decode_base16!("61003dd800de"), "utf-16le")',
    result: "a😀",
  },
  {
    title: "A mark tells more",
    source: 'decode_charset!(decode_base16!("fffe6100"), "shift_jis")',
    result: "a",
  },
  { title: "What the set has not", source: 'decode_charset!(decode_base16!("61ff"), "utf-8")', result: "a�" },
  { title: "Space around the name", source: 'decode_charset!("a", " UTF8 ")', result: "a" },
  {
    title: "An unknown one",
    source: 'decode_charset!("a", "ebcdic")',
    error: 'function call error for "decode_charset" at (0:30): Unknown charset: ebcdic',
  },
];
