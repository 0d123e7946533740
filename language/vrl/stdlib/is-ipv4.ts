import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { lossyText, type Text } from "../runtime/text.ts";
import type { Example, FunctionDefinition } from "./define.ts";
import { parseIpv4 } from "./ip/address.ts";

export const isIpv4: FunctionDefinition = {
  name: "is_ipv4",
  category: "IP",
  usage:
    "Tells whether the string is an IPv4 address. IPv6 addresses that stand for one " +
    "([RFC 6890](https://datatracker.ietf.org/doc/html/rfc6890)) are none.",
  parameters: [{ name: "value", kind: Part.bytes, description: "What to look at." }],
  returns: Part.boolean,
  returnRules: ["`true` if `value` is an IPv4 address.", "`false` if it is anything else."],
  typeOf: () => TypeDef.of(Kind.boolean),
  prepare: () => (value: Text) => parseIpv4(lossyText(value)) !== undefined,
};

export const examples: readonly Example[] = [
  { title: "It is one", source: 'is_ipv4("203.0.113.9")', result: "true" },
  { title: "Of the other family", source: 'is_ipv4("2001:db8::9")', result: "false" },
];

export const tests: readonly Example[] = [
  { title: "Text", source: 'is_ipv4("localhost")', result: "false" },
  { title: "Empty", source: 'is_ipv4("")', result: "false" },
  { title: "With a port", source: 'is_ipv4("203.0.113.9:80")', result: "false" },
  { title: "Mapped", source: 'is_ipv4("::ffff:203.0.113.9")', result: "false" },
  { title: "Hexadecimal", source: 'is_ipv4("0x7f.0.0.1")', result: "false" },
];
