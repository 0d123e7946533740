import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { Failure } from "../runtime/failure.ts";
import { bytesOf, type Text } from "../runtime/text.ts";
import type { Example, FunctionDefinition } from "./define.ts";
import { ipText } from "./ip/address.ts";

export const ipNtop: FunctionDefinition = {
  name: "ip_ntop",
  category: "IP",
  usage:
    "Writes the bytes of an IPv4 or IPv6 address as text, as [inet_ntop](https://linux.die.net/man/3/inet_ntop) does.",
  parameters: [
    {
      name: "value",
      kind: Part.bytes,
      description: "The address's bytes: 4 of an IPv4 address, 16 of an IPv6 address.",
    },
  ],
  failures: ["`value` is neither 4 nor 16 bytes long."],
  returns: Part.bytes,
  notices: ["Such bytes are hard to print, but functions such as `decode_base64` yield them as they are."],
  typeOf: () => TypeDef.of(Kind.bytes).fallible,
  prepare: () => (value: Text) => {
    const bytes = bytesOf(value);
    return bytes.length === 4 || bytes.length === 16
      ? ipText(bytes)
      : new Failure('"value" must be of length 4 or 16 bytes');
  },
};

export const examples: readonly Example[] = [
  { title: "Four bytes", source: 'ip_ntop!(decode_base16!("0a000001"))', result: "10.0.0.1" },
  {
    title: "Sixteen bytes",
    source: 'ip_ntop!(decode_base16!("20010db8000000000000000000000001"))',
    result: "2001:db8::1",
  },
];

export const tests: readonly Example[] = [
  { title: "Bytes that are text", source: 'ip_ntop!("abcd")', result: "97.98.99.100" },
  {
    title: "All zeros",
    source: String.raw`ip_ntop!(decode_base16!("00000000000000000000000000000000"))`,
    result: "s'::'",
  },
  {
    title: "An IPv4 address within",
    source: 'ip_ntop!(decode_base16!("00000000000000000000ffff0a000001"))',
    result: "s'::ffff:10.0.0.1'",
  },
  {
    title: "The first of equal gaps",
    source: 'ip_ntop!(decode_base16!("00010000000000020003000000000004"))',
    result: "1::2:3:0:0:4",
  },
  {
    title: "One zero is no gap",
    source: 'ip_ntop!(decode_base16!("00010000000200030004000500060007"))',
    result: "1:0:2:3:4:5:6:7",
  },
  {
    title: "Five bytes",
    source: 'ip_ntop!("abcde")',
    error: 'function call error for "ip_ntop" at (0:17): "value" must be of length 4 or 16 bytes',
  },
];
