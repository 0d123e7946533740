import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { Failure } from "../runtime/failure.ts";
import { lossyText, textOf, type Text } from "../runtime/text.ts";
import type { Example, FunctionDefinition } from "./define.ts";
import { parseIp } from "./ip/address.ts";

export const ipPton: FunctionDefinition = {
  name: "ip_pton",
  category: "IP",
  usage:
    "Turns the text of an IPv4 address into its 4 bytes, and that of an IPv6 address into its 16, as " +
    "[inet_pton](https://linux.die.net/man/3/inet_pton) does.",
  parameters: [{ name: "value", kind: Part.bytes, description: "The IP address (v4 or v6)." }],
  failures: ["`value` is no IP address."],
  returns: Part.bytes,
  notices: ["Such bytes are hard to print, but functions such as `encode_base64` take them as they are."],
  typeOf: () => TypeDef.of(Kind.bytes).fallible,
  prepare: () => (value: Text) => {
    const bytes = parseIp(lossyText(value));
    return bytes === undefined
      ? new Failure("unable to parse IP address: invalid IP address syntax")
      : textOf(bytes);
  },
};

export const examples: readonly Example[] = [
  { title: "An IPv4 address", source: 'encode_base16(ip_pton!("10.0.0.1"))', result: `s'0a000001'` },
  {
    title: "An IPv6 address",
    source: 'encode_base16(ip_pton!("2001:db8::1"))',
    result: `s'20010db8000000000000000000000001'`,
  },
];

export const tests: readonly Example[] = [
  { title: "There and back", source: 'ip_ntop!(ip_pton!("fe80::1:0"))', result: "fe80::1:0" },
  {
    title: "No zeros",
    source: 'encode_base16(ip_pton!("1:2:3:4:5:6:7:8"))',
    result: `s'00010002000300040005000600070008'`,
  },
  {
    title: "Ends in IPv4",
    source: 'encode_base16(ip_pton!("::ffff:1.2.3.4"))',
    result: `s'00000000000000000000ffff01020304'`,
  },
  {
    title: "Two gaps",
    source: 'ip_pton!("1::2::3")',
    error:
      'function call error for "ip_pton" at (0:19): unable to parse IP address: invalid IP address syntax',
  },
  {
    title: "A zone",
    source: 'ip_pton!("fe80::1%eth0")',
    error:
      'function call error for "ip_pton" at (0:24): unable to parse IP address: invalid IP address syntax',
  },
];
