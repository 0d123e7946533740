import { sha1 as hash } from "@noble/hashes/legacy.js";
import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { bytesOf, type Text } from "../runtime/text.ts";
import type { Example, FunctionDefinition } from "./define.ts";
import { base16Text } from "./encoding/base16.ts";

export const sha1: FunctionDefinition = {
  name: "sha1",
  category: "Cryptography",
  usage:
    "Calculates the [SHA-1](https://en.wikipedia.org/wiki/SHA-1) hash of `value`, in hexadecimal digits. It is broken: use it only where others ask for it.",
  parameters: [{ name: "value", kind: Part.bytes, description: "What to calculate it of." }],
  returns: Part.bytes,
  typeOf: () => TypeDef.of(Kind.bytes),
  prepare: () => (value: Text) => base16Text(hash(bytesOf(value))),
};

export const examples: readonly Example[] = [
  { title: "Hash a string", source: 'sha1("Plinth")', result: "s'e660f9a3c7c08c61ac102c7eb3d688069072c727'" },
];

export const tests: readonly Example[] = [
  { title: "Nothing", source: 'sha1("")', result: "s'da39a3ee5e6b4b0d3255bfef95601890afd80709'" },
  { title: "Unicode", source: 'sha1("日本")', result: "s'44da6bbcf285cdb317aa91174217990d1b94d64d'" },
  {
    title: "Bytes that are no text",
    source: 'sha1(decode_base16!("ff"))',
    result: "s'85e53271e14006f0265921d02d4d736cdc580b0b'",
  },
  {
    title: "Only strings",
    source: "sha1!(.a)",
    input: '{"a": 1}',
    error: 'function call error for "sha1" at (0:9): expected string, got integer',
  },
];
