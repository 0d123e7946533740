import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { Failure } from "../runtime/failure.ts";
import { lossyText, type Text } from "../runtime/text.ts";
import type { Example, FunctionDefinition } from "./define.ts";
import { parseIpv4 } from "./ip/address.ts";

export const ipAton: FunctionDefinition = {
  name: "ip_aton",
  category: "IP",
  usage:
    "Turns an IPv4 address into the integer its four bytes make in network order, as " +
    "[inet_aton](https://linux.die.net/man/3/inet_aton) does.",
  parameters: [{ name: "value", kind: Part.bytes, description: "The IPv4 address." }],
  failures: ["`value` is no IPv4 address."],
  returns: Part.integer,
  typeOf: () => TypeDef.of(Kind.integer).fallible,
  prepare: () => (value: Text) =>
    parseIpv4(lossyText(value)) ?? new Failure("unable to parse IPv4 address: invalid IPv4 address syntax"),
};

export const examples: readonly Example[] = [
  { title: "An address as an integer", source: 'ip_aton!("10.0.0.1")', result: "167772161" },
];

export const tests: readonly Example[] = [
  { title: "The largest", source: 'ip_aton!("255.255.255.255")', result: "4294967295" },
  { title: "The smallest", source: 'ip_aton!("0.0.0.0")', result: "0" },
  {
    title: "No leading zeros",
    source: 'ip_aton!("010.0.0.1")',
    error:
      'function call error for "ip_aton" at (0:21): unable to parse IPv4 address: invalid IPv4 address syntax',
  },
  {
    title: "Three parts are too few",
    source: 'ip_aton!("10.0.1")',
    error:
      'function call error for "ip_aton" at (0:18): unable to parse IPv4 address: invalid IPv4 address syntax',
  },
  {
    title: "A part above 255",
    source: 'ip_aton!("10.0.0.256")',
    error:
      'function call error for "ip_aton" at (0:22): unable to parse IPv4 address: invalid IPv4 address syntax',
  },
];
