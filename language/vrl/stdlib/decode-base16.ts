import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { Failure } from "../runtime/failure.ts";
import { lossyText, textOf, type Text } from "../runtime/text.ts";
import type { Example, FunctionDefinition } from "./define.ts";
import { base16Bytes } from "./encoding/base16.ts";

export const decodeBase16: FunctionDefinition = {
  name: "decode_base16",
  category: "Codec",
  usage:
    "Reads `value` as [Base16](https://en.wikipedia.org/wiki/Hexadecimal): two hexadecimal digits for each byte.",
  parameters: [{ name: "value", kind: Part.bytes, description: "The digits." }],
  failures: ["`value` is no Base16."],
  returns: Part.bytes,
  typeOf: () => TypeDef.of(Kind.bytes).fallible,
  prepare: () => (value: Text) => {
    const bytes = base16Bytes(lossyText(value));
    return bytes === undefined ? new Failure("unable to decode value to base16") : textOf(bytes);
  },
};

export const examples: readonly Example[] = [
  { title: "Read digits", source: 'decode_base16!("506c696e7468")', result: "Plinth" },
];

export const tests: readonly Example[] = [
  { title: "Upper case", source: 'decode_base16!("C3A9")', result: "é" },
  { title: "Empty", source: 'decode_base16!("")', result: "s''" },
  { title: "Bytes that are no text", source: 'encode_base64(decode_base16!("00ff"))', result: "AP8=" },
  {
    title: "Half a byte",
    source: 'decode_base16!("abc")',
    error: 'function call error for "decode_base16" at (0:21): unable to decode value to base16',
  },
  {
    title: "No digit",
    source: 'decode_base16!("0g")',
    error: 'function call error for "decode_base16" at (0:20): unable to decode value to base16',
  },
];
