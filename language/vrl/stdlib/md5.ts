import { md5 as hash } from "@noble/hashes/legacy.js";
import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { bytesOf, type Text } from "../runtime/text.ts";
import type { Example, FunctionDefinition } from "./define.ts";
import { base16Text } from "./encoding/base16.ts";

export const md5: FunctionDefinition = {
  name: "md5",
  category: "Cryptography",
  usage:
    "Calculates the [MD5](https://en.wikipedia.org/wiki/MD5) hash of `value`, in hexadecimal digits. It is broken: use it only where others ask for it.",
  parameters: [{ name: "value", kind: Part.bytes, description: "What to calculate it of." }],
  returns: Part.bytes,
  typeOf: () => TypeDef.of(Kind.bytes),
  prepare: () => (value: Text) => base16Text(hash(bytesOf(value))),
};

export const examples: readonly Example[] = [
  { title: "Hash a string", source: 'md5("Plinth")', result: "s'd2af81642a598b8e68c7ae026a2ade4f'" },
];

export const tests: readonly Example[] = [
  { title: "Nothing", source: 'md5("")', result: "s'd41d8cd98f00b204e9800998ecf8427e'" },
  { title: "Unicode", source: 'md5("日本")', result: "s'4dbed2e657457884e67137d3514119b3'" },
  {
    title: "Bytes that are no text",
    source: 'md5(decode_base16!("ff"))',
    result: "s'00594fd4f42ba43fc1ca0427a0576295'",
  },
  {
    title: "Only strings",
    source: "md5!(.a)",
    input: '{"a": 1}',
    error: 'function call error for "md5" at (0:8): expected string, got integer',
  },
];
