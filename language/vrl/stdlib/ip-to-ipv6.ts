import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { Failure } from "../runtime/failure.ts";
import { lossyText, type Text } from "../runtime/text.ts";
import type { Example, FunctionDefinition } from "./define.ts";
import { ipText, mappedToIpv6, parseIp } from "./ip/address.ts";

export const ipToIpv6: FunctionDefinition = {
  name: "ip_to_ipv6",
  category: "IP",
  usage: "Turns an IPv4 address into the IPv6 address it is mapped to.",
  parameters: [{ name: "value", kind: Part.bytes, description: "The IP address (v4 or v6)." }],
  failures: ["`value` is no IP address."],
  returns: Part.bytes,
  returnRules: [
    "An IPv6 address stays what it is.",
    "An IPv4 address becomes the IPv6 address it is mapped to.",
  ],
  typeOf: () => TypeDef.of(Kind.bytes).fallible,
  prepare: () => (value: Text) => {
    const bytes = parseIp(lossyText(value));
    return bytes === undefined
      ? new Failure("unable to parse IP address: invalid IP address syntax")
      : ipText(mappedToIpv6(bytes));
  },
};

export const examples: readonly Example[] = [
  { title: "Map an address", source: 'ip_to_ipv6!("203.0.113.9")', result: "s'::ffff:203.0.113.9'" },
];

export const tests: readonly Example[] = [
  { title: "It is one already", source: 'ip_to_ipv6!("2001:db8::9")', result: "2001:db8::9" },
  { title: "In its short form", source: 'ip_to_ipv6!("2001:0DB8:0:0:0:0:0:0009")', result: "2001:db8::9" },
  { title: "Mapped already", source: 'ip_to_ipv6!("::ffff:cb00:7109")', result: "s'::ffff:203.0.113.9'" },
  {
    title: "IPv4 in the last groups of another",
    source: 'ip_to_ipv6!("64:ff9b::203.0.113.9")',
    result: "64:ff9b::cb00:7109",
  },
  {
    title: "A host name",
    source: 'ip_to_ipv6!("localhost")',
    error:
      'function call error for "ip_to_ipv6" at (0:24): unable to parse IP address: invalid IP address syntax',
  },
];
