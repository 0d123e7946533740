/** What `redact` puts in the place of what it takes out. */
import { sha224, sha256, sha384, sha512, sha512_224, sha512_256 } from "@noble/hashes/sha2.js";
import { sha3_224, sha3_256, sha3_384, sha3_512 } from "@noble/hashes/sha3.js";
import { isObject, isText } from "../../runtime/kind-of.ts";
import { getKey } from "../../runtime/object.ts";
import { bytesOf, lossyText } from "../../runtime/text.ts";
import type { Value, VrlObject } from "../../runtime/value.ts";
import { base16Text } from "../encoding/base16.ts";
import { base64Text } from "../encoding/base64.ts";

export type Redactor = (text: string) => string;

type Hash = (bytes: Uint8Array) => Uint8Array;

interface Family {
  readonly variants: ReadonlyMap<string, Hash>;
  readonly usual: Hash;
  readonly notText: string;
}

const families: ReadonlyMap<string, Family> = new Map([
  [
    "sha2",
    {
      variants: new Map<string, Hash>([
        ["SHA-224", sha224],
        ["SHA-256", sha256],
        ["SHA-384", sha384],
        ["SHA-512", sha512],
        ["SHA-512/224", sha512_224],
        ["SHA-512/256", sha512_256],
      ]),
      usual: sha512_256,
      notText: "`variant` must be a string",
    },
  ],
  [
    "sha3",
    {
      variants: new Map<string, Hash>([
        ["SHA3-224", sha3_224],
        ["SHA3-256", sha3_256],
        ["SHA3-384", sha3_384],
        ["SHA3-512", sha3_512],
      ]),
      usual: sha3_512,
      // The quote is not closed in VRL, either.
      notText: "`variant must be a string",
    },
  ],
]);

const full: Redactor = () => "[REDACTED]";

/** A string: what is wrong with it. */
export function redactorOf(value: Value): Redactor | string {
  if (isObject(value)) return ofObject(value);
  if (!isText(value)) return "unknown literal for redactor, must be redactor name or object";
  const name = lossyText(value);
  if (name === "full") return full;
  const family = families.get(name);
  return family === undefined ? "unknown name of redactor" : hashed(family.usual, base64);
}

function ofObject(object: VrlObject): Redactor | string {
  const type = getKey(object, "type");
  // The line break and the blanks are VRL's own.
  if (type === undefined) return "redactor specified as objects must have type\n        parameter";
  if (!isText(type)) return "type key in redactor must be a string";
  const name = lossyText(type);
  if (name === "full") return full;
  if (name === "text") return ofText(getKey(object, "replacement"));
  const family = families.get(name);
  return family === undefined ? "unknown `type` for `redactor`" : ofFamily(family, object);
}

function ofText(replacement: Value | undefined): Redactor | string {
  if (replacement === undefined) return "text redactor must have\n                `replacement` specified";
  if (!isText(replacement)) return "`replacement` must be a string";
  const text = lossyText(replacement);
  return () => text;
}

function ofFamily({ variants, usual, notText }: Family, object: VrlObject): Redactor | string {
  const variant = getKey(object, "variant");
  let hash: Hash | undefined = usual;
  if (variant !== undefined) {
    if (!isText(variant)) return notText;
    hash = variants.get(lossyText(variant));
    if (hash === undefined) return "invalid sha2 variant";
  }
  const encoding = getKey(object, "encoding");
  if (encoding === undefined) return hashed(hash, base64);
  if (!isText(encoding)) return "encoding must be string";
  const name = lossyText(encoding);
  if (name === "base64") return hashed(hash, base64);
  return name === "base16" || name === "hex" ? hashed(hash, base16Text) : "unexpected encoding";
}

function base64(bytes: Uint8Array): string {
  return base64Text(bytes, "standard", true);
}

function hashed(hash: Hash, encode: (bytes: Uint8Array) => string): Redactor {
  return (text) => encode(hash(bytesOf(text)));
}
