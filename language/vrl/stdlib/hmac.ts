import { hmac as codeOf } from "@noble/hashes/hmac.js";
import { sha1 } from "@noble/hashes/legacy.js";
import { sha224, sha256, sha384, sha512 } from "@noble/hashes/sha2.js";
import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { Failure } from "../runtime/failure.ts";
import { isText } from "../runtime/kind-of.ts";
import { bytesOf, lossyText, textOf, type Text } from "../runtime/text.ts";
import type { Example, FunctionDefinition } from "./define.ts";

const hashes = {
  SHA1: sha1,
  "SHA-224": sha224,
  "SHA-256": sha256,
  "SHA-384": sha384,
  "SHA-512": sha512,
} as const;

export const hmac: FunctionDefinition = {
  name: "hmac",
  category: "Cryptography",
  usage:
    "Calculates the [HMAC](https://en.wikipedia.org/wiki/HMAC) of `value` under `key`: bytes, which " +
    "[encode_base16](/docs/reference/vrl/functions/#encode_base16) or " +
    "[encode_base64](/docs/reference/vrl/functions/#encode_base64) make printable. It can fail only where `algorithm` " +
    "is not known before the program runs, or is none.",
  parameters: [
    { name: "value", kind: Part.bytes, description: "What to calculate it of." },
    { name: "key", kind: Part.bytes, description: "The key." },
    {
      name: "algorithm",
      kind: Part.bytes,
      isOptional: true,
      default: "SHA-256",
      variants: {
        SHA1: "SHA-1",
        "SHA-224": "SHA-2 of 224 bits",
        "SHA-256": "SHA-2 of 256 bits",
        "SHA-384": "SHA-2 of 384 bits",
        "SHA-512": "SHA-2 of 512 bits",
      },
      description: "The hash it is made of.",
    },
  ],
  returns: Part.bytes,
  typeOf: (call) => {
    const algorithm = call.constant("algorithm");
    const isKnown = isText(algorithm) && Object.hasOwn(hashes, lossyText(algorithm).toUpperCase());
    return TypeDef.of(Kind.bytes).maybeFallible(!isKnown);
  },
  prepare: () => (value: Text, key: Text, algorithm: Text) => {
    const name = lossyText(algorithm).toUpperCase();
    if (!Object.hasOwn(hashes, name)) return new Failure(`Invalid algorithm: ${name}`);
    return textOf(codeOf(hashes[name as keyof typeof hashes], bytesOf(key), bytesOf(value)));
  },
};

export const examples: readonly Example[] = [
  {
    title: "Sign a message",
    source: 'encode_base16(hmac("Plinth", "a secret"))',
    result: "s'81ed97858603ab2e159f4b56412c9cbda2785cec51fdf2737270fa2d9e2bb759'",
  },
  {
    title: "By another hash",
    source: 'encode_base64(hmac("Plinth", "a secret", algorithm: "SHA1"))',
    result: "s'U3mCIXR35x402475H/kNPksgbD4='",
  },
];

export const tests: readonly Example[] = [
  {
    title: "224 bits",
    source: 'encode_base16(hmac("a", "b", "SHA-224"))',
    result: "s'a04a3802594be5c1ccaa49445f7a1170671c7d7f7eba996f05e6ca19'",
  },
  {
    title: "384 bits",
    source: 'encode_base16(hmac("a", "b", "sha-384"))',
    result:
      "s'40292a79a280f609aef472272d2a2a0d148bfb83fa18fd2806440d07d16e31d9f0d398891063c11f6c73891e6f646106'",
  },
  {
    title: "512 bits",
    source: 'encode_base16(hmac("a", "b", "SHA-512"))',
    result:
      "s'68c1687fa7cb5170ff800580a0cec29dc0ccb515aaf95587bdfe5c923730a7852e2beefefd6be31d97aa612ad8b8569bba61ed2c339cd9b28409751b0b9e96a0'",
  },
  {
    title: "No message, no key",
    source: 'encode_base16(hmac("", ""))',
    result: "s'b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad'",
  },
  {
    title: "A key longer than a block",
    source: `encode_base16(hmac("a", "${"0123456789abcdef".repeat(5)}"))`,
    result: "s'4f31db76350d722eafeee5df188ccd916956cffbefe1a680daf93899f42a284b'",
  },
  {
    title: "An unknown one",
    source: 'hmac!("a", "b", .c)',
    input: '{"c": "md5"}',
    error: 'function call error for "hmac" at (0:19): Invalid algorithm: MD5',
  },
];
