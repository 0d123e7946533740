import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { Failure } from "../runtime/failure.ts";
import { lossyText, textOf, type Text } from "../runtime/text.ts";
import type { Example, FunctionDefinition } from "./define.ts";
import { decoderOf, encodeCharset as encode, labelOf } from "./encoding/charset.ts";

export const encodeCharset: FunctionDefinition = {
  name: "encode_charset",
  category: "Codec",
  usage:
    "Writes the text `value` in a [character set](https://encoding.spec.whatwg.org/#names-and-labels) that is not " +
    "UTF-8. A character that it does not have becomes a reference like `&#233;`.",
  parameters: [
    { name: "value", kind: Part.bytes, description: "The text." },
    {
      name: "to_charset",
      kind: Part.bytes,
      description: "The [character set](https://encoding.spec.whatwg.org/#names-and-labels) to write it in.",
    },
  ],
  failures: ["`to_charset` is no [character set](https://encoding.spec.whatwg.org/#names-and-labels)."],
  returns: Part.bytes,
  typeOf: () => TypeDef.of(Kind.bytes).fallible,
  prepare: () => (value: Text, charset: Text) => {
    const decoder = decoderOf(lossyText(charset));
    if (decoder === undefined) return new Failure(`Unknown charset: ${labelOf(charset)}`);
    return textOf(encode(lossyText(value), decoder));
  },
};

export const examples: readonly Example[] = [
  {
    title: "Western European",
    source: 'encode_base16(encode_charset!("café", "iso-8859-1"))',
    result: "s'636166e9'",
  },
  { title: "Japanese", source: 'encode_base16(encode_charset!("日本", "shift_jis"))', result: "s'93fa967b'" },
];

export const tests: readonly Example[] = [
  {
    title: "Chinese",
    source: 'encode_base16(encode_charset!("A漢字é😀€", "gb18030"))',
    result: "s'419d68d7d6a8a69439fc36a2e3'",
  },
  {
    title: "Taiwanese",
    source: 'encode_base16(encode_charset!("漢字十€", "big5"))',
    result: "s'ba7ea672a451a3e1'",
  },
  { title: "Korean", source: 'encode_base16(encode_charset!("한글", "euc-kr"))', result: "s'c7d1b1db'" },
  {
    title: "By escapes",
    source: 'encode_base16(encode_charset!("ｶA漢", "iso-2022-jp"))',
    result: "s'1b2442252b1b2842411b244234411b2842'",
  },
  {
    title: "What the set has not",
    source: 'encode_charset!("a😀", "windows-1252")',
    result: "s'a&#128512;'",
  },
  { title: "Sixteen bits are not written", source: 'encode_charset!("é", "utf-16le")', result: "é" },
  { title: "Euro", source: 'encode_base16(encode_charset!("€", "gbk"))', result: "s'80'" },
  {
    title: "An unknown one",
    source: 'encode_charset!("a", "ebcdic")',
    error: 'function call error for "encode_charset" at (0:30): Unknown charset: ebcdic',
  },
];
