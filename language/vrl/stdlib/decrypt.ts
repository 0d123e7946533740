import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { CIPHER_TABLE } from "./cryptography/ciphers.ts";
import type { Example, FunctionDefinition } from "./define.ts";
import { cipherFailures, cipherParameters, prepareCipher } from "./encrypt.ts";

export const decrypt: FunctionDefinition = {
  name: "decrypt",
  category: "Cryptography",
  usage: `Decrypts what \`encrypt\` has encrypted with the same key and initialization vector.\n\n${CIPHER_TABLE}\n\nSizes are of bytes that are not encoded.`,
  parameters: [
    { name: "ciphertext", kind: Part.bytes, description: "What to decrypt: bytes, not encoded." },
    ...cipherParameters,
  ],
  failures: [...cipherFailures, "`ciphertext` was changed, or encrypted by another key or algorithm."],
  returns: Part.bytes,
  typeOf: () => TypeDef.of(Kind.bytes).fallible,
  prepare: (call) => prepareCipher(call, "decrypt"),
};

const KEY_16 = "0123456789abcdef";
const KEY_24 = "0123456789abcdef01234567";
const KEY_32 = "0123456789abcdef0123456789abcdef";

function program(algorithm: string, key: string, iv: string): string {
  const rest = `"${algorithm}", key: "${key}", iv: "${iv}"`;
  return `decrypt!(encrypt!("a message of twenty bytes", ${rest}), ${rest})`;
}

const MESSAGE = "a message of twenty bytes";

export const examples: readonly Example[] = [
  {
    title: "Decrypt",
    source: `decrypt!(decode_base64!("Ih4X5mq0"), "AES-128-CTR-BE", key: "${KEY_16}", iv: "${KEY_16}")`,
    result: "Plinth",
  },
  { title: "There and back", source: program("CHACHA20-POLY1305", KEY_32, "0123456789ab"), result: MESSAGE },
];

export const tests: readonly Example[] = [
  { title: "CFB", source: program("AES-256-CFB", KEY_32, KEY_16), result: MESSAGE },
  { title: "OFB", source: program("AES-192-OFB", KEY_24, KEY_16), result: MESSAGE },
  { title: "A counter", source: program("AES-128-CTR-LE", KEY_16, KEY_16), result: MESSAGE },
  { title: "CBC", source: program("AES-128-CBC-PKCS7", KEY_16, KEY_16), result: MESSAGE },
  {
    title: "CBC, zeros and a number",
    source: program("AES-128-CBC-ANSIX923", KEY_16, KEY_16),
    result: MESSAGE,
  },
  { title: "CBC, a bit and zeros", source: program("AES-128-CBC-ISO7816", KEY_16, KEY_16), result: MESSAGE },
  {
    title: "CBC, anything and a number",
    source: program("AES-128-CBC-ISO10126", KEY_16, KEY_16),
    result: MESSAGE,
  },
  { title: "SIV", source: program("AES-128-SIV", KEY_32, KEY_16), result: MESSAGE },
  { title: "A longer vector", source: program("XCHACHA20-POLY1305", KEY_32, KEY_24), result: MESSAGE },
  { title: "Salsa", source: program("XSALSA20-POLY1305", KEY_32, KEY_24), result: MESSAGE },
  {
    title: "No whole blocks",
    source: `decrypt!("short", "AES-128-CBC-PKCS7", key: "${KEY_16}", iv: "${KEY_16}")`,
    error: 'function call error for "decrypt" at (0:87): Invalid input',
  },
  {
    title: "A key of another size",
    source: `decrypt!("a", "AES-256-CFB", key: "${KEY_16}", iv: "${KEY_16}")`,
    error: 'function call error for "decrypt" at (0:77): Invalid key size. Expected 32 bytes. Found 16 bytes',
  },
];
