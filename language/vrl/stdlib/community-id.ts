import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { Failure } from "../runtime/failure.ts";
import type { Integer } from "../runtime/integer.ts";
import { isInteger } from "../runtime/kind-of.ts";
import { lossyText, type Text } from "../runtime/text.ts";
import type { Example, FunctionDefinition } from "./define.ts";
import { parseIp } from "./ip/address.ts";
import { communityIdOf } from "./ip/community.ts";
import { OUT_OF_RANGE } from "./number/unsigned.ts";

const BYTE_MAX = 255;
const PORT_MAX = 65_535;

const bounds: readonly (readonly [name: string, max: number])[] = [
  ["protocol", BYTE_MAX],
  ["source_port", PORT_MAX],
  ["destination_port", PORT_MAX],
  ["seed", PORT_MAX],
];

const outside = (value: Integer | undefined, max: number): boolean =>
  value !== undefined && (value < 0 || value > max);

export const communityId: FunctionDefinition = {
  name: "community_id",
  category: "String",
  usage:
    "Makes the [Community ID](https://github.com/corelight/community-id-spec) of a network flow: the same one for " +
    "packets of both directions.",
  parameters: [
    { name: "source_ip", kind: Part.bytes, description: "The source's IP address." },
    { name: "destination_ip", kind: Part.bytes, description: "The destination's IP address." },
    { name: "protocol", kind: Part.integer, description: "The protocol's number." },
    {
      name: "source_port",
      kind: Part.integer,
      isOptional: true,
      description: "The source's port, or the type of an ICMP message.",
    },
    {
      name: "destination_port",
      kind: Part.integer,
      isOptional: true,
      description: "The destination's port, or the code of an ICMP message.",
    },
    {
      name: "seed",
      kind: Part.integer,
      isOptional: true,
      description: "A number that makes ids of your own.",
    },
  ],
  returns: Part.bytes,
  typeOf: () => TypeDef.of(Kind.bytes).fallible,
  prepare: (call) => {
    for (const [name, max] of bounds) {
      const value = call.argument(name)?.constant;
      if (isInteger(value) && outside(value, max))
        return { refused: "argument", name, value, error: `"${name}" must be between 0 and ${max}` };
    }
    return run;
  },
};

function run(
  sourceIp: Text,
  destinationIp: Text,
  protocol: Integer,
  sourcePort: Integer | undefined,
  destinationPort: Integer | undefined,
  seed: Integer | undefined,
): string | Failure {
  const source = parseIp(lossyText(sourceIp));
  if (source === undefined)
    return new Failure("unable to parse source IP address: invalid IP address syntax");
  const destination = parseIp(lossyText(destinationIp));
  if (destination === undefined)
    return new Failure("unable to parse destination IP address: invalid IP address syntax");
  if (outside(protocol, BYTE_MAX)) return new Failure(`protocol must be between 0 and 255: ${OUT_OF_RANGE}`);
  if (outside(sourcePort, PORT_MAX))
    return new Failure(`source port must be between 0 and 65535: ${OUT_OF_RANGE}`);
  if (outside(destinationPort, PORT_MAX))
    return new Failure(`destination port must be between 0 and 65535: ${OUT_OF_RANGE}`);
  if (outside(seed, PORT_MAX)) return new Failure(`seed must be between 0 and 65535: ${OUT_OF_RANGE}`);
  const made = communityIdOf({
    source,
    destination,
    protocol: Number(protocol),
    sourcePort: sourcePort === undefined ? undefined : Number(sourcePort),
    destinationPort: destinationPort === undefined ? undefined : Number(destinationPort),
    seed: Number(seed ?? 0),
  });
  return "id" in made ? made.id : new Failure(made.problem);
}

export const examples: readonly Example[] = [
  {
    title: "Of TCP",
    source: 'community_id!("203.0.113.9", "198.51.100.7", 6, source_port: 50123, destination_port: 443)',
    result: "s'1:0Ahr56SEwfyPznii1oc5kCKSHiM='",
  },
  {
    title: "Of the answer",
    source: 'community_id!("198.51.100.7", "203.0.113.9", 6, source_port: 443, destination_port: 50123)',
    result: "s'1:0Ahr56SEwfyPznii1oc5kCKSHiM='",
  },
];

export const tests: readonly Example[] = [
  {
    title: "UDP",
    source: 'community_id!("203.0.113.9", "198.51.100.7", 17, 53, 53)',
    result: "s'1:yAHzmi54TTzmaVYjwj+CDCnMDAc='",
  },
  {
    title: "IPv6",
    source: 'community_id!("2001:db8::9", "2001:db8::7", 132, 1, 2)',
    result: "s'1:brPHSQspJ5rLaJJOYi/N9jUJ0Kk='",
  },
  {
    title: "A ping",
    source: 'community_id!("203.0.113.9", "198.51.100.7", 1, 8, 0)',
    result: "s'1:w6gZXCaQTB0e6M78Yte0ckX86lg='",
  },
  {
    title: "An error message",
    source: 'community_id!("203.0.113.9", "198.51.100.7", 1, 3, 1)',
    result: "s'1:Fv1KkRqY1t6KQj/okL9XVY+VJqk='",
  },
  {
    title: "A ping of IPv6",
    source: 'community_id!("2001:db8::9", "2001:db8::7", 58, 129, 0)',
    result: "s'1:WosR4Rg3vFKynbRNVE4Wn0zCZ9E='",
  },
  {
    title: "No ports",
    source: 'community_id!("203.0.113.9", "198.51.100.7", 47)',
    result: "s'1:Tkv36vqw73rgKRLH1ZftdMnsnQU='",
  },
  {
    title: "A seed",
    source: 'community_id!("203.0.113.9", "198.51.100.7", 6, 1, 2, seed: 7)',
    result: "s'1:sW+HbEeNqw3Y6ujADfldmhQDHXc='",
  },
  {
    title: "Ports that have to be",
    source: 'community_id!("203.0.113.9", "198.51.100.7", 6)',
    error:
      'function call error for "community_id" at (0:47): src port and dst port should be set when protocol is tcp/udp/sctp',
  },
  {
    title: "Of two families",
    source: 'community_id!("203.0.113.9", "::1", 6, 1, 2)',
    error: 'function call error for "community_id" at (0:44): src ip and dst ip should be same version!',
  },
  {
    title: "A port that is none",
    source: 'community_id!("203.0.113.9", "198.51.100.7", 6, .port, 2)',
    input: '{"port": 65536}',
    error:
      'function call error for "community_id" at (0:57): source port must be between 0 and 65535: out of range ' +
      "integral type conversion attempted",
  },
  {
    title: "No address",
    source: 'community_id!("a", "198.51.100.7", 6, 1, 2)',
    error:
      'function call error for "community_id" at (0:43): unable to parse source IP address: invalid IP address syntax',
  },
];
