import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { Failure } from "../runtime/failure.ts";
import { lossyText, type Text } from "../runtime/text.ts";
import type { Example, FunctionDefinition } from "./define.ts";
import { ipText, isIpv4Mapped, isZero, parseIp } from "./ip/address.ts";

export const ipv6ToIpv4: FunctionDefinition = {
  name: "ipv6_to_ipv4",
  category: "IP",
  usage:
    "Turns an IPv6 address that stands for an IPv4 address (`::ffff:a.b.c.d` or `::a.b.c.d`) into it. An IPv4 address " +
    "stays what it is.",
  parameters: [{ name: "value", kind: Part.bytes, description: "The IP address." }],
  failures: ["`value` is no IP address.", "`value` is an IPv6 address that stands for no IPv4 address."],
  returns: Part.bytes,
  returnRules: ["An IPv4 address stays what it is; an IPv6 address has to stand for one."],
  typeOf: () => TypeDef.of(Kind.bytes).fallible,
  prepare: () => (value: Text) => {
    const bytes = parseIp(lossyText(value));
    if (bytes === undefined) return new Failure("unable to parse IP address: invalid IP address syntax");
    if (bytes.length === 4) return ipText(bytes);
    return isIpv4Mapped(bytes) || isZero(bytes.subarray(0, 12))
      ? ipText(bytes.subarray(12))
      : new Failure(`IPV6 address ${ipText(bytes)} is not compatible with IPV4`);
  },
};

export const examples: readonly Example[] = [
  { title: "A mapped address", source: 'ipv6_to_ipv4!("::ffff:203.0.113.9")', result: "203.0.113.9" },
];

export const tests: readonly Example[] = [
  { title: "A compatible address", source: 'ipv6_to_ipv4!("::cb00:7109")', result: "203.0.113.9" },
  { title: "IPv4 already", source: 'ipv6_to_ipv4!("203.0.113.9")', result: "203.0.113.9" },
  { title: "The loopback address", source: 'ipv6_to_ipv4!("::1")', result: "0.0.0.1" },
  {
    title: "It stands for none",
    source: 'ipv6_to_ipv4!("2001:db8:0::9")',
    error:
      'function call error for "ipv6_to_ipv4" at (0:30): IPV6 address 2001:db8::9 is not compatible with IPV4',
  },
  {
    title: "A host name",
    source: 'ipv6_to_ipv4!("localhost")',
    error:
      'function call error for "ipv6_to_ipv4" at (0:26): unable to parse IP address: invalid IP address syntax',
  },
];
