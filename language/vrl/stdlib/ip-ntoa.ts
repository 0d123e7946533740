import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { Failure } from "../runtime/failure.ts";
import type { Integer } from "../runtime/integer.ts";
import type { Example, FunctionDefinition } from "./define.ts";
import { bytesOfIpv4, ipText } from "./ip/address.ts";

const IPV4_MAX = 2 ** 32 - 1;

export const ipNtoa: FunctionDefinition = {
  name: "ip_ntoa",
  category: "IP",
  usage:
    "Turns an integer into the IPv4 address whose bytes in network order it is, as " +
    "[inet_ntoa](https://linux.die.net/man/3/inet_ntoa) does.",
  parameters: [{ name: "value", kind: Part.integer, description: "The address as an integer." }],
  failures: ["`value` is not in the range of 32 bits without a sign."],
  returns: Part.bytes,
  typeOf: () => TypeDef.of(Kind.bytes).fallible,
  prepare: () => (value: Integer) =>
    value >= 0 && value <= IPV4_MAX
      ? ipText(bytesOfIpv4(Number(value)))
      : new Failure("cannot convert to bytes: integer does not fit in u32"),
};

export const examples: readonly Example[] = [
  { title: "An integer as an address", source: "ip_ntoa!(167772161)", result: "10.0.0.1" },
];

export const tests: readonly Example[] = [
  { title: "The largest", source: "ip_ntoa!(4294967295)", result: "255.255.255.255" },
  { title: "The smallest", source: "ip_ntoa!(0)", result: "0.0.0.0" },
  {
    title: "Too large",
    source: "ip_ntoa!(4294967296)",
    error:
      'function call error for "ip_ntoa" at (0:20): cannot convert to bytes: integer does not fit in u32',
  },
  {
    title: "Negative",
    source: "ip_ntoa!(-1)",
    error:
      'function call error for "ip_ntoa" at (0:12): cannot convert to bytes: integer does not fit in u32',
  },
  {
    title: "Of 64 bits",
    source: "ip_ntoa!(9223372036854775807)",
    error:
      'function call error for "ip_ntoa" at (0:29): cannot convert to bytes: integer does not fit in u32',
  },
];
