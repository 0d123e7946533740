import { sha3_224, sha3_256, sha3_384, sha3_512 } from "@noble/hashes/sha3.js";
import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { bytesOf, type Text } from "../runtime/text.ts";
import type { Example, FunctionDefinition } from "./define.ts";
import { base16Text } from "./encoding/base16.ts";
import { knownVariantOf } from "./arguments/variant.ts";

const hashes: Readonly<Record<string, (bytes: Uint8Array) => Uint8Array>> = {
  "SHA3-224": sha3_224,
  "SHA3-256": sha3_256,
  "SHA3-384": sha3_384,
  "SHA3-512": sha3_512,
};

export const sha3: FunctionDefinition = {
  name: "sha3",
  category: "Cryptography",
  usage: "Calculates a [SHA-3](https://en.wikipedia.org/wiki/SHA-3) hash of `value`, in hexadecimal digits.",
  parameters: [
    { name: "value", kind: Part.bytes, description: "What to calculate it of." },
    {
      name: "variant",
      kind: Part.bytes,
      isOptional: true,
      default: "SHA3-512",
      variants: {
        "SHA3-224": "224 bits",
        "SHA3-256": "256 bits",
        "SHA3-384": "384 bits",
        "SHA3-512": "512 bits",
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
    source: 'sha3("Plinth")',
    result:
      "s'd8748ccc9e483da7d2a4cb03f06196ec0527b1fe86d9b76ff14b4e02bcb6ddf440e470f3b46e4846bba16b65627fb961738362f0136ff41fada967617eb67b54'",
  },
  {
    title: "Of 256 bits",
    source: 'sha3("Plinth", variant: "SHA3-256")',
    result: "s'240f1b3efd309e52ac497071d7ab821f8c25457ce5ca2b5347ff89b25718f5a9'",
  },
];

export const tests: readonly Example[] = [
  {
    title: "Nothing",
    source: 'sha3("", "SHA3-256")',
    result: "s'a7ffc6f8bf1ed76651c14756a061d662f580ff4de43b49fa82d80a4b80f8434a'",
  },
  {
    title: "224 bits",
    source: 'sha3("a", "SHA3-224")',
    result: "s'9e86ff69557ca95f405f081269685b38e3a819b309ee942f482b6a8b'",
  },
  {
    title: "384 bits",
    source: 'sha3("a", "SHA3-384")',
    result:
      "s'1815f774f320491b48569efec794d249eeb59aae46d22bf77dafe25c5edc28d7ea44f93ee1234aa88f61c91912a4ccd9'",
  },
  {
    title: "Bytes that are no text",
    source: 'sha3(decode_base16!("ff"))',
    result:
      "s'a6f098adf45424539eb214272e0436894bb6fe3f22f5bf45725e1d4f37313a9547415ca108ea84664995d9ccd3983dc21806765fb8e20d6b686ce51ee6583ec8'",
  },
];
