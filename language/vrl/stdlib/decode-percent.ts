import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import type { Text } from "../runtime/text.ts";
import type { Example, FunctionDefinition } from "./define.ts";
import { percentDecoded } from "./encoding/percent.ts";

export const decodePercent: FunctionDefinition = {
  name: "decode_percent",
  category: "Codec",
  usage:
    "Replaces each `%` and its two digits by the byte they stand for, as in a " +
    "[URL](https://url.spec.whatwg.org/#percent-encoded-bytes). What is not UTF-8 then becomes `�`.",
  parameters: [{ name: "value", kind: Part.bytes, description: "The encoded string." }],
  returns: Part.bytes,
  typeOf: () => TypeDef.of(Kind.bytes),
  prepare: () => (value: Text) => percentDecoded(value),
};

export const examples: readonly Example[] = [
  { title: "Of a URL", source: 'decode_percent("caf%C3%A9%20au%20lait")', result: "café au lait" },
];

export const tests: readonly Example[] = [
  { title: "Lower case", source: 'decode_percent("%c3%a9")', result: "é" },
  { title: "Nothing to decode", source: 'decode_percent("a+b")', result: "a+b" },
  { title: "Not two digits", source: 'decode_percent("100% %zz %4")', result: "100% %zz %4" },
  { title: "Not UTF-8", source: 'decode_percent("%ff")', result: "�" },
  { title: "Empty", source: 'decode_percent("")', result: "s''" },
];
