import { sha224, sha256, sha384, sha512, sha512_224, sha512_256 } from "@noble/hashes/sha2.js";
import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { bytesOf, type Text } from "../runtime/text.ts";
import type { Example, FunctionDefinition } from "./define.ts";
import { base16Text } from "./encoding/base16.ts";
import { knownVariantOf } from "./arguments/variant.ts";

const hashes: Readonly<Record<string, (bytes: Uint8Array) => Uint8Array>> = {
  "SHA-224": sha224,
  "SHA-256": sha256,
  "SHA-384": sha384,
  "SHA-512": sha512,
  "SHA-512/224": sha512_224,
  "SHA-512/256": sha512_256,
};

export const sha2: FunctionDefinition = {
  name: "sha2",
  category: "Cryptography",
  usage: "Calculates a [SHA-2](https://en.wikipedia.org/wiki/SHA-2) hash of `value`, in hexadecimal digits.",
  parameters: [
    { name: "value", kind: Part.bytes, description: "What to calculate it of." },
    {
      name: "variant",
      kind: Part.bytes,
      isOptional: true,
      default: "SHA-512/256",
      variants: {
        "SHA-224": "224 bits",
        "SHA-256": "256 bits",
        "SHA-384": "384 bits",
        "SHA-512": "512 bits",
        "SHA-512/224": "224 of 512 bits",
        "SHA-512/256": "256 of 512 bits",
      },
      description: "Which one.",
    },
  ],
  returns: Part.bytes,
  typeOf: () => TypeDef.of(Kind.bytes),
  prepare: (call) => {
    const variant = knownVariantOf(call, "variant", Object.keys(hashes));
    if (typeof variant !== "string") return variant;
    const hash = hashes[variant]!;
    return (value: Text) => base16Text(hash(bytesOf(value)));
  },
};

export const examples: readonly Example[] = [
  {
    title: "The usual one",
    source: 'sha2("Plinth")',
    result: "s'7a19efb1b76f185d3b1ebbf07fd614566383541beebad375893bb66e9335c536'",
  },
  {
    title: "Of 256 bits",
    source: 'sha2("Plinth", variant: "SHA-256")',
    result: "s'57bf24e516c2b0dd04895e81518f24542a1e52eeb003527435648ba05bedfdb5'",
  },
];

export const tests: readonly Example[] = [
  {
    title: "Nothing",
    source: 'sha2("", "SHA-256")',
    result: "s'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'",
  },
  {
    title: "224 bits",
    source: 'sha2("a", "SHA-224")',
    result: "s'abd37534c7d9a2efb9465de931cd7055ffdb8879563ae98078d6d6d5'",
  },
  {
    title: "384 bits",
    source: 'sha2("a", "SHA-384")',
    result:
      "s'54a59b9f22b0b80880d8427e548b7c23abd873486e1f035dce9cd697e85175033caa88e6d57bc35efae0b5afd3145f31'",
  },
  {
    title: "512 bits",
    source: 'sha2("a", "SHA-512")',
    result:
      "s'1f40fc92da241694750979ee6cf582f2d5d7d28e18335de05abc54d0560e0f5302860c652bf08d560252aa5e74210546f369fbbbce8c12cfc7957b2652fe9a75'",
  },
  {
    title: "224 of 512 bits",
    source: 'sha2("a", "SHA-512/224")',
    result: "s'd5cdb9ccc769a5121d4175f2bfdd13d6310e0d3d361ea75d82108327'",
  },
  {
    title: "Bytes that are no text",
    source: 'sha2(decode_base16!("ff"))',
    result: "s'a68aff198ec99857eb2a0dc2227d536d78f9c9eeb49a2d6c6dacccd8721378dd'",
  },
];
