import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { lossyText, type Text } from "../runtime/text.ts";
import type { Example, FunctionDefinition } from "./define.ts";
import { parseIpv6 } from "./ip/address.ts";

export const isIpv6: FunctionDefinition = {
  name: "is_ipv6",
  category: "IP",
  usage: "Tells whether the string is an IPv6 address.",
  parameters: [{ name: "value", kind: Part.bytes, description: "What to look at." }],
  returns: Part.boolean,
  returnRules: ["`true` if `value` is an IPv6 address.", "`false` if it is anything else."],
  typeOf: () => TypeDef.of(Kind.boolean),
  prepare: () => (value: Text) => parseIpv6(lossyText(value)) !== undefined,
};

export const examples: readonly Example[] = [
  { title: "It is one", source: 'is_ipv6("2001:db8::9")', result: "true" },
  { title: "Of the other family", source: 'is_ipv6("203.0.113.9")', result: "false" },
];

export const tests: readonly Example[] = [
  { title: "Only a gap", source: 'is_ipv6("::")', result: "true" },
  { title: "Mapped", source: 'is_ipv6("::ffff:203.0.113.9")', result: "true" },
  { title: "In brackets", source: 'is_ipv6("[::1]")', result: "false" },
  { title: "A group of five digits", source: 'is_ipv6("::12345")', result: "false" },
  { title: "Empty", source: 'is_ipv6("")', result: "false" },
  { title: "Eight groups and a gap", source: 'is_ipv6("1:2:3:4:5:6:7::8")', result: "false" },
];
