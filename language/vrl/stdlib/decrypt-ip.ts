import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import type { Text } from "../runtime/text.ts";
import { runIpcrypt } from "./cryptography/ipcrypt.ts";
import type { Example, FunctionDefinition } from "./define.ts";

export const decryptIp: FunctionDefinition = {
  name: "decrypt_ip",
  category: "IP",
  usage: "Decrypts an IP address that `encrypt_ip` has encrypted with the same key and mode.",
  parameters: [
    { name: "ip", kind: Part.bytes, description: "The IP address (v4 or v6)." },
    {
      name: "key",
      kind: Part.bytes,
      description: "The key, not encoded: 16 bytes for `aes128`, 32 for `pfx`.",
    },
    { name: "mode", kind: Part.bytes, description: "`aes128` or `pfx`." },
  ],
  failures: [
    "`ip` is no IP address.",
    "`mode` is neither `aes128` nor `pfx`.",
    "`key` is not as long as `mode` asks for, or its halves are the same.",
  ],
  returns: Part.bytes,
  notices: [
    "These are `ipcrypt-deterministic` and `ipcrypt-pfx` of [IPCrypt](https://ipcrypt-std.github.io): the same " +
      "address and key yield the same result each time.",
  ],
  typeOf: () => TypeDef.of(Kind.bytes).fallible,
  prepare: () => (ip: Text, key: Text, mode: Text) => runIpcrypt("decrypt", ip, key, mode),
};

export const examples: readonly Example[] = [
  {
    title: "There and back",
    source:
      'decrypt_ip!(encrypt_ip!("203.0.113.9", "0123456789abcdef", "aes128"), "0123456789abcdef", "aes128")',
    result: "203.0.113.9",
  },
];

export const tests: readonly Example[] = [
  {
    title: "Networks",
    source:
      'decrypt_ip!(encrypt_ip!("203.0.113.9", "0123456789abcdefghijklmnopqrstuv", "pfx"), "0123456789abcdefghijklmnopqrstuv", "pfx")',
    result: "203.0.113.9",
  },
  {
    title: "IPv6",
    source:
      'decrypt_ip!(encrypt_ip!("2001:db8::9", "0123456789abcdefghijklmnopqrstuv", "pfx"), "0123456789abcdefghijklmnopqrstuv", "pfx")',
    result: "2001:db8::9",
  },
  {
    title: "IPv6 as a whole",
    source:
      'decrypt_ip!(encrypt_ip!("2001:db8::9", "0123456789abcdef", "aes128"), "0123456789abcdef", "aes128")',
    result: "2001:db8::9",
  },
  {
    title: "A key of another size",
    source: 'decrypt_ip!("203.0.113.9", "short", "aes128")',
    error: 'function call error for "decrypt_ip" at (0:45): aes128 mode requires a 16-byte key for IPv4',
  },
  {
    title: "No address",
    source: 'decrypt_ip!("", "short", "aes128")',
    error:
      'function call error for "decrypt_ip" at (0:34): unable to parse IP address: invalid IP address syntax',
  },
];
