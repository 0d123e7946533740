import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { Failure } from "../runtime/failure.ts";
import { lossyText, type Text } from "../runtime/text.ts";
import type { Example, FunctionDefinition } from "./define.ts";
import { ipText, parseIp } from "./ip/address.ts";
import { maskBytes } from "./ip/network.ts";
import { unsignedOf } from "./number/unsigned.ts";

const U32_MAX = 2n ** 32n - 1n;

export const ipSubnet: FunctionDefinition = {
  name: "ip_subnet",
  category: "IP",
  usage:
    "Yields the address of the network that `value` is in: its bits under the mask `subnet`, all others 0.",
  parameters: [
    { name: "value", kind: Part.bytes, description: "The IP address (v4 or v6)." },
    {
      name: "subnet",
      kind: Part.bytes,
      description: "The mask: its length like `/8`, or an address like `255.255.0.0` of the same family.",
    },
  ],
  failures: ["`value` is no IP address.", "`subnet` is no mask."],
  returns: Part.bytes,
  notices: ["The mask has to be of the same family as the address."],
  typeOf: () => TypeDef.of(Kind.bytes).fallible,
  prepare: () => (value: Text, subnet: Text) => {
    const ip = parseIp(lossyText(value));
    if (ip === undefined) return new Failure("unable to parse IP address: invalid IP address syntax");
    const mask = maskOf(lossyText(subnet), ip.length);
    if (mask instanceof Failure) return mask;
    return ipText(ip.map((byte, index) => byte & mask[index]!));
  },
};

function maskOf(subnet: string, length: number): Uint8Array | Failure {
  if (subnet.startsWith("/")) {
    const bits = unsignedOf(subnet.slice(1), U32_MAX);
    if (typeof bits === "string") return new Failure(`${subnet} is not a valid subnet`);
    if (bits > length * 8) {
      const family = length === 4 ? "ipv4" : "ipv6";
      return new Failure(`subnet cannot be greater than ${length * 8} for ${family} addresses`);
    }
    return maskBytes(length, Number(bits));
  }
  const mask = parseIp(subnet);
  if (mask === undefined) return new Failure("unable to parse mask: invalid IP address syntax");
  if (mask.length === length) return mask;
  return new Failure(
    length === 16
      ? "attempting to mask an ipv6 address with an ipv4 mask"
      : "attempting to mask an ipv4 address with an ipv6 mask",
  );
}

export const examples: readonly Example[] = [
  { title: "By the mask's length", source: 'ip_subnet!("203.0.113.9", "/24")', result: "203.0.113.0" },
  { title: "By a mask", source: 'ip_subnet!("203.0.113.9", "255.0.0.0")', result: "203.0.0.0" },
  { title: "IPv6", source: 'ip_subnet!("2001:db8:1:2::9", "/48")', result: "2001:db8:1::" },
];

export const tests: readonly Example[] = [
  { title: "All bits", source: 'ip_subnet!("203.0.113.9", "/32")', result: "203.0.113.9" },
  { title: "Not at a byte's end", source: 'ip_subnet!("203.0.113.255", "/27")', result: "203.0.113.224" },
  {
    title: "Too long for IPv4",
    source: 'ip_subnet!("203.0.113.9", "/33")',
    error:
      'function call error for "ip_subnet" at (0:32): subnet cannot be greater than 32 for ipv4 addresses',
  },
  {
    title: "Too long for IPv6",
    source: 'ip_subnet!("::1", "/129")',
    error:
      'function call error for "ip_subnet" at (0:25): subnet cannot be greater than 128 for ipv6 addresses',
  },
  {
    title: "Of another family",
    source: 'ip_subnet!("::1", "255.0.0.0")',
    error:
      'function call error for "ip_subnet" at (0:30): attempting to mask an ipv6 address with an ipv4 mask',
  },
  {
    title: "No number",
    source: 'ip_subnet!("10.0.0.1", "/x")',
    error: 'function call error for "ip_subnet" at (0:28): /x is not a valid subnet',
  },
  {
    title: "No mask",
    source: 'ip_subnet!("10.0.0.1", "24")',
    error: 'function call error for "ip_subnet" at (0:28): unable to parse mask: invalid IP address syntax',
  },
];
