import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { isText } from "../runtime/kind-of.ts";
import { lossyText, type Text } from "../runtime/text.ts";
import { CIPHER_TABLE, cipherOf, runCipher, type Direction } from "./cryptography/ciphers.ts";
import type { CallRefusal, Example, FunctionDefinition, Parameter, PrepareView, Run } from "./define.ts";

export const cipherParameters: readonly Parameter[] = [
  { name: "algorithm", kind: Part.bytes, description: "The algorithm, one of those above." },
  {
    name: "key",
    kind: Part.bytes,
    description: "The key: as many bytes as the algorithm asks for, not encoded.",
  },
  {
    name: "iv",
    kind: Part.bytes,
    description:
      "The initialization vector: as many bytes as the algorithm asks for, not encoded. Each message needs one of its " +
      "own, which `random_bytes` makes.",
  },
];

export const cipherFailures: readonly string[] = [
  "`algorithm` is none of those above.",
  "`key` is not as long as the algorithm asks for.",
  "`iv` is not as long as the algorithm asks for.",
];

/** Algorithms that are known before the program runs are checked then. */
export function prepareCipher(call: PrepareView, direction: Direction): Run | CallRefusal {
  const algorithm = call.constant("algorithm");
  if (isText(algorithm) && cipherOf(lossyText(algorithm).toUpperCase()) === undefined)
    return { refused: "argument", name: "algorithm", value: algorithm, error: "Invalid algorithm" };
  return (input: Text, name: Text, key: Text, iv: Text) =>
    runCipher(direction, input, lossyText(name).toUpperCase(), key, iv);
}

export const encrypt: FunctionDefinition = {
  name: "encrypt",
  category: "Cryptography",
  usage: `Encrypts \`plaintext\` by a key that also decrypts it.\n\n${CIPHER_TABLE}\n\nSizes are of bytes that are not encoded.`,
  parameters: [{ name: "plaintext", kind: Part.bytes, description: "What to encrypt." }, ...cipherParameters],
  failures: cipherFailures,
  returns: Part.bytes,
  typeOf: () => TypeDef.of(Kind.bytes).fallible,
  prepare: (call) => prepareCipher(call, "encrypt"),
};

const KEY_16 = "0123456789abcdef";
const KEY_24 = "0123456789abcdef01234567";
const KEY_32 = "0123456789abcdef0123456789abcdef";

function program(
  algorithm: string,
  key: string,
  iv: string,
  text: string = "a message of twenty bytes",
): string {
  return `encode_base16(encrypt!("${text}", "${algorithm}", key: "${key}", iv: "${iv}"))`;
}

export const examples: readonly Example[] = [
  {
    title: "With a tag that shows changes",
    source: program("CHACHA20-POLY1305", KEY_32, "0123456789ab"),
    result: "s'25eb4bf30e67f8979911b61a56d46fac6ee3c82c554557b5ceb1a2d19ae34fff198d058d7633da1d40'",
  },
  {
    title: "AES with a counter",
    source: program("AES-256-CTR-BE", KEY_32, KEY_16),
    result: "s'991cf705af7fbaff44bf16b0f5af6150dbeb115d2d1b56020f'",
  },
];

export const tests: readonly Example[] = [
  {
    title: "CFB",
    source: program("AES-128-CFB", KEY_16, KEY_16),
    result: "s'135213ed6daf9c666587770e597dc200854b319460559072ba'",
  },
  { title: "CFB of 192 bits", source: program("AES-192-CFB", KEY_24, KEY_16, "data"), result: "s'be0d7a48'" },
  {
    title: "OFB",
    source: program("AES-128-OFB", KEY_16, KEY_16),
    result: "s'135213ed6daf9c666587770e597dc2000a01ab65dfef808ddb'",
  },
  {
    title: "OFB of 256 bits",
    source: program("aes-256-ofb", KEY_32, KEY_16),
    result: "s'991cf705af7fbaff44bf16b0f5af61501588ec5f889fc1bba0'",
  },
  {
    title: "A counter from its low end",
    source: program("AES-128-CTR-LE", KEY_16, KEY_16),
    result: "s'135213ed6daf9c666587770e597dc200446f76970f67b0dc29'",
  },
  {
    title: "By its old name",
    source: program("AES-192-CTR", KEY_24, KEY_16),
    result: "s'bb4c634cb5e11342833f366b949e0f92e94ba1818b61cedee7'",
  },
  {
    title: "CBC",
    source: program("AES-128-CBC-PKCS7", KEY_16, KEY_16),
    result: "s'6ecc79df784590281b90c1e89b320e376d43ca8b452fd2448fcece2f1a2fe423'",
  },
  {
    title: "CBC, zeros and a number",
    source: program("AES-192-CBC-ANSIX923", KEY_24, KEY_16),
    result: "s'174ad1313f9efbe65cf4a75751965e701e65583cd90c6d6ccc583cee3136aeac'",
  },
  {
    title: "CBC, a bit and zeros",
    source: program("AES-256-CBC-ISO7816", KEY_32, KEY_16),
    result: "s'262d50e5c27218cd8bf18d5d78421a1be73c5dc5868b519efe3f468f5b4d1198'",
  },
  {
    title: "CBC, anything and a number",
    source: program("AES-128-CBC-ISO10126", KEY_16, KEY_16),
    result: "s'6ecc79df784590281b90c1e89b320e376d43ca8b452fd2448fcece2f1a2fe423'",
  },
  {
    title: "A whole block is padded, too",
    source: program("AES-128-CBC-PKCS7", KEY_16, KEY_16, KEY_16),
    result: "s'0b9b15da4b44a0f5151dcfc4c01f35d5bf31b919e3892ddc3b59212d6a7b11e6'",
  },
  {
    title: "SIV",
    source: program("AES-128-SIV", KEY_32, KEY_16),
    result: "s'6dc3a48aa5c59bdcdf4f7218f9b0a7b3d2471a71dc4071049c52cdd83506fb94a9da4a746c5be274f4'",
  },
  {
    title: "SIV of 256 bits",
    source: program("AES-256-SIV", KEY_32 + KEY_32, KEY_16),
    result: "s'ebac608de1c919c96b0e582c6f6bfa22cf6e0cb7d11843917fc68b9b9fca22c1cba65af2799bc429f4'",
  },
  {
    title: "A longer vector",
    source: program("XCHACHA20-POLY1305", KEY_32, KEY_24),
    result: "s'28cc10b331a938a05713e51bc9c7fbd68c56cca6d7ee35d10b72daf5a56ed4561786d9d522a4dd07f6'",
  },
  {
    title: "Salsa",
    source: program("XSALSA20-POLY1305", KEY_32, KEY_24),
    result: "s'377036c215763e3d5b0e6aeac456126b3ccf96714344685a16ff57cb97ca331086f0a163ad701cdfa5'",
  },
  { title: "Nothing", source: program("AES-128-OFB", KEY_16, KEY_16, ""), result: "s''" },
  {
    title: "A counter that overflows",
    source: `encode_base16(encrypt!("a message of twenty bytes", "AES-128-CTR-BE", key: "${KEY_16}", iv: decode_base16!("0102030405060708ffffffffffffffff")))`,
    result: "s'3e4cd759530f0a617b8b6dcfccba00cf43d0b119032f618155'",
  },
  {
    title: "A key of another size",
    source: 'encrypt!("a", "AES-128-CFB", key: "short", iv: "0123456789abcdef")',
    error: 'function call error for "encrypt" at (0:66): Invalid key size. Expected 16 bytes. Found 5 bytes',
  },
  {
    title: "A vector of another size",
    source: 'encrypt!("a", "AES-128-CFB", key: "0123456789abcdef", iv: "short")',
    error: 'function call error for "encrypt" at (0:66): Invalid iv size. Expected 16 bytes. Found 5 bytes',
  },
  {
    title: "An unknown algorithm",
    source: 'encrypt!("a", .a, key: "0123456789abcdef", iv: "0123456789abcdef")',
    input: '{"a": "rot-13"}',
    error: 'function call error for "encrypt" at (0:66): Invalid algorithm: ROT-13',
  },
];
