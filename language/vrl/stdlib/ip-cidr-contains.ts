import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { Failure } from "../runtime/failure.ts";
import { isText } from "../runtime/kind-of.ts";
import { lossyText, type Text } from "../runtime/text.ts";
import type { Value } from "../runtime/value.ts";
import type { CallRefusal, Example, FunctionDefinition } from "./define.ts";
import { parseIp } from "./ip/address.ts";
import { networkHas, parseNetwork, type Network } from "./ip/network.ts";
import { mismatch } from "./type/mismatch.ts";

const NO_ADDRESS = "unable to parse IP address: invalid IP address syntax";

export const ipCidrContains: FunctionDefinition = {
  name: "ip_cidr_contains",
  category: "IP",
  usage: "Tells whether an IP address is in a network, or in one of several.",
  parameters: [
    {
      name: "cidr",
      kind: Part.bytes | Part.array,
      description: "The network (v4 or v6) like `10.0.0.0/8`, or an array of them.",
    },
    { name: "value", kind: Part.bytes, description: "The IP address (v4 or v6)." },
  ],
  failures: ["`cidr` is no network.", "`value` is no IP address."],
  returns: Part.boolean,
  typeOf: () => TypeDef.of(Kind.boolean).fallible,
  prepare: (call) => {
    const cidr = call.constant("cidr");
    if (cidr === undefined) return isInOneOf;
    const networks = constantNetworks(cidr);
    if (!Array.isArray(networks)) return networks;
    return (_cidr: Value, value: Text) => {
      const ip = parseIp(lossyText(value));
      return ip === undefined ? new Failure(NO_ADDRESS) : networks.some((network) => networkHas(network, ip));
    };
  },
};

function constantNetworks(cidr: Value): Network[] | CallRefusal {
  const name = "ip_cidr_contains";
  const networks: Network[] = [];
  for (const value of Array.isArray(cidr) ? cidr : [cidr]) {
    if (!isText(value)) return { refused: "argument", name, value, error: '"cidr" must be string' };
    const network = parseNetwork(lossyText(value));
    if (typeof network === "string")
      return { refused: "argument", name, value, error: '"cidr" must be valid cidr' };
    networks.push(network);
  }
  return networks;
}

function isInOneOf(cidr: Text | Value[], value: Text): boolean | Failure {
  const ip = parseIp(lossyText(value));
  if (ip === undefined) return new Failure(NO_ADDRESS);
  for (const each of Array.isArray(cidr) ? cidr : [cidr]) {
    if (!isText(each)) return mismatch("string", each);
    const network = parseNetwork(lossyText(each));
    if (typeof network === "string") return new Failure(`unable to parse CIDR: ${network}`);
    if (networkHas(network, ip)) return true;
  }
  return false;
}

export const examples: readonly Example[] = [
  { title: "In a network", source: 'ip_cidr_contains!("203.0.113.0/24", "203.0.113.9")', result: "true" },
  {
    title: "In one of several",
    source: 'ip_cidr_contains!(["10.0.0.0/8", "fd00::/8"], "fd12::1")',
    result: "true",
  },
  { title: "In none", source: 'ip_cidr_contains!("203.0.113.0/24", "198.51.100.7")', result: "false" },
];

export const tests: readonly Example[] = [
  {
    title: "Not at a byte's end",
    source: 'ip_cidr_contains!("10.64.0.0/10", "10.127.255.255")',
    result: "true",
  },
  { title: "Just outside", source: 'ip_cidr_contains!("10.64.0.0/10", "10.128.0.0")', result: "false" },
  { title: "All", source: 'ip_cidr_contains!("0.0.0.0/0", "8.8.8.8")', result: "true" },
  { title: "Of the other family", source: 'ip_cidr_contains!("0.0.0.0/0", "::1")', result: "false" },
  { title: "One address", source: 'ip_cidr_contains!("10.0.0.1", "10.0.0.1")', result: "true" },
  {
    title: "From the event",
    source: "ip_cidr_contains!(.nets, .ip)",
    input: '{"nets": ["10.0.0.0/8"], "ip": "10.1.2.3"}',
    result: "true",
  },
  {
    title: "No address",
    source: 'ip_cidr_contains!("10.0.0.0/8", "ten")',
    error:
      'function call error for "ip_cidr_contains" at (0:38): unable to parse IP address: invalid IP address syntax',
  },
  {
    title: "No network",
    source: "ip_cidr_contains!(.net, .ip)",
    input: '{"net": "10.0.0.1/8", "ip": "10.1.2.3"}',
    error:
      'function call error for "ip_cidr_contains" at (0:28): unable to parse CIDR: host part of address was not zero',
  },
  {
    title: "Too long a mask",
    source: "ip_cidr_contains!(.net, .ip)",
    input: '{"net": "10.0.0.0/33", "ip": "10.1.2.3"}',
    error:
      'function call error for "ip_cidr_contains" at (0:28): unable to parse CIDR: invalid length for network: ' +
      "Network length 33 is too long for Ipv4 (maximum: 32)",
  },
  {
    title: "No mask",
    source: "ip_cidr_contains!(.net, .ip)",
    input: '{"net": "10.0.0.0/", "ip": "10.1.2.3"}',
    error:
      'function call error for "ip_cidr_contains" at (0:28): unable to parse CIDR: couldn\'t parse length in network: ' +
      "cannot parse integer from empty string",
  },
];
