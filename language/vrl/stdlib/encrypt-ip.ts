import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import type { Text } from "../runtime/text.ts";
import { runIpcrypt } from "./cryptography/ipcrypt.ts";
import type { Example, FunctionDefinition } from "./define.ts";

export const encryptIp: FunctionDefinition = {
  name: "encrypt_ip",
  category: "IP",
  usage:
    "Encrypts an IP address to another one.\n\n" +
    "* `aes128` encrypts it whole: an IPv4 address mostly becomes an IPv6 address.\n" +
    "* `pfx` keeps networks: addresses that begin alike still do, and their family stays.",
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
  prepare: () => (ip: Text, key: Text, mode: Text) => runIpcrypt("encrypt", ip, key, mode),
};

export const examples: readonly Example[] = [
  {
    title: "As a whole",
    source: 'encrypt_ip!("203.0.113.9", "0123456789abcdef", "aes128")',
    result: "s'98e2:4fe1:72b5:9e72:9f4b:ac3b:5f5d:1846'",
  },
  {
    title: "Networks stay together",
    source: 'encrypt_ip!("203.0.113.9", "0123456789abcdefghijklmnopqrstuv", "pfx")',
    result: "s'42.126.171.55'",
  },
];

export const tests: readonly Example[] = [
  {
    title: "A neighbour",
    source: 'encrypt_ip!("203.0.113.8", "0123456789abcdefghijklmnopqrstuv", "pfx")',
    result: "s'42.126.171.54'",
  },
  {
    title: "IPv6",
    source: 'encrypt_ip!("2001:db8::9", "0123456789abcdef", "aes128")',
    result: "s'f883:e4e9:4b4:7e23:b6f4:7ed2:6a96:9470'",
  },
  {
    title: "IPv6 whose networks stay together",
    source: 'encrypt_ip!("2001:db8::9", "0123456789abcdefghijklmnopqrstuv", "pfx")',
    result: "s'30bb:95c:a299:bd6:ed40:5cc:586:dc10'",
  },
  {
    title: "An unknown mode",
    source: 'encrypt_ip!("203.0.113.9", "0123456789abcdef", "rot13")',
    error:
      "function call error for \"encrypt_ip\" at (0:55): Invalid mode 'rot13'. Must be 'aes128' or 'pfx'",
  },
  {
    title: "A key of another size",
    source: 'encrypt_ip!("::1", "short", "pfx")',
    error: 'function call error for "encrypt_ip" at (0:34): pfx mode requires a 32-byte key for IPv6',
  },
  {
    title: "No address",
    source: 'encrypt_ip!("localhost", "short", "pfx")',
    error:
      'function call error for "encrypt_ip" at (0:40): unable to parse IP address: invalid IP address syntax',
  },
];
