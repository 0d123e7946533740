import { Collection, Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { Failure } from "../runtime/failure.ts";
import { isInteger, isText } from "../runtime/kind-of.ts";
import { getKey } from "../runtime/object.ts";
import { lossyText, type Text } from "../runtime/text.ts";
import type { Value, VrlObject } from "../runtime/value.ts";
import { mismatch } from "./type/mismatch.ts";
import type { Example, FunctionDefinition } from "./define.ts";
import type { DnsOptions } from "./host.ts";
import { NETWORK_NOTICE, noNetwork } from "./network/absent.ts";
import { OUT_OF_RANGE } from "./number/unsigned.ts";

const DNS_PORT = 53;

const record: Kind = Kind.object({
  class: Kind.bytes,
  domainName: Kind.bytes,
  rData: Kind.bytes,
  recordType: Kind.bytes,
  recordTypeId: Kind.integer,
  ttl: Kind.integer,
});

const answer: Kind = Kind.object({
  fullRcode: Kind.integer,
  rcodeName: Kind.bytes.or(Kind.null),
  time: Kind.bytes.or(Kind.null),
  timePrecision: Kind.bytes.or(Kind.null),
  answers: Kind.ofArray(Collection.ofUnknown(record)),
  authority: Kind.ofArray(Collection.ofUnknown(record)),
  additional: Kind.ofArray(Collection.ofUnknown(record)),
  header: Kind.object({
    aa: Kind.boolean,
    ad: Kind.boolean,
    anCount: Kind.integer,
    arCount: Kind.integer,
    cd: Kind.boolean,
    nsCount: Kind.integer,
    opcode: Kind.integer,
    qdCount: Kind.integer,
    qr: Kind.integer,
    ra: Kind.boolean,
    rcode: Kind.integer,
    rd: Kind.boolean,
    tc: Kind.boolean,
  }),
  question: Kind.arrayOf(
    Kind.object({
      class: Kind.bytes,
      domainName: Kind.bytes,
      questionType: Kind.bytes,
      questionTypeId: Kind.integer,
    }),
  ),
});

export const dnsLookup: FunctionDefinition = {
  name: "dns_lookup",
  category: "System",
  usage: "Asks the DNS for the records of a name, and yields the whole answer.",
  parameters: [
    { name: "value", kind: Part.bytes, description: "The domain name." },
    {
      name: "qtype",
      kind: Part.bytes,
      isOptional: true,
      default: "A",
      description: "The type of record, such as `A`, `AAAA`, `MX` or `TXT`.",
    },
    { name: "class", kind: Part.bytes, isOptional: true, default: "IN", description: "The class of record." },
    {
      name: "options",
      kind: Part.object,
      isOptional: true,
      default: {},
      description:
        "How to ask: `servers` (an array of addresses), `timeout` (seconds), `attempts`, `ndots`, `aa_only`, `tcp`, " +
        "`recurse`, `rotate`.",
    },
  ],
  failures: ["The host offers no DNS.", "The name, type or class is none.", "There is no answer."],
  returns: Part.object,
  notices: [NETWORK_NOTICE],
  isImpure: true,
  isFresh: true,
  typeOf: () => TypeDef.of(answer).fallible,
  prepare: ({ host }) => {
    const { network } = host;
    return (name: Text, type: Text, queryClass: Text, options: VrlObject) => {
      const read = optionsOf(options);
      if (read instanceof Failure) return read;
      return (
        network?.resolve?.({
          name: lossyText(name),
          type: lossyText(type),
          class: lossyText(queryClass),
          options: read,
        }) ?? noNetwork("query failed")
      );
    };
  },
};

function optionsOf(options: VrlObject): DnsOptions | Failure {
  const problems: Failure[] = [];
  const flag = (name: string) => {
    const value = getKey(options, name);
    if (value === undefined || typeof value === "boolean") return value;
    problems.push(mismatch("boolean", value));
    return undefined;
  };
  const count = (name: string) => {
    const value = getKey(options, name);
    if (value === undefined) return undefined;
    if (!isInteger(value)) problems.push(mismatch("integer", value));
    else if (value < 0)
      problems.push(new Failure(`${name} has to be a positive integer, got: ${value}. (${OUT_OF_RANGE})`));
    return Number(value);
  };
  const read: DnsOptions = {
    ndots: count("ndots"),
    attempts: count("attempts"),
    aa_only: flag("aa_only"),
    tcp: flag("tcp"),
    recurse: flag("recurse"),
    rotate: flag("rotate"),
    timeoutSeconds: count("timeout"),
    servers: serversOf(getKey(options, "servers"), problems),
  };
  return problems[0] ?? read;
}

function serversOf(value: Value | undefined, problems: Failure[]): string[] | undefined {
  if (value === undefined) return undefined;
  if (!Array.isArray(value)) {
    problems.push(mismatch("array", value));
    return undefined;
  }
  return value.map((server) => {
    if (!isText(server)) {
      problems.push(mismatch("string", server));
      return "";
    }
    const address = lossyText(server);
    return address.includes(":") ? address : `${address}:${DNS_PORT}`;
  });
}

export const examples: readonly Example[] = [
  {
    title: "Addresses of a name",
    source: 'dns_lookup!("example.com").answers',
    isCompiledOnly: true,
  },
  {
    title: "From another server",
    source: 'dns_lookup!("example.com", qtype: "MX", options: {"servers": ["192.0.2.53"], "timeout": 2})',
    isCompiledOnly: true,
  },
];

export const tests: readonly Example[] = [
  {
    title: "A host without a network",
    source: 'dns_lookup!("example.com")',
    error: 'function call error for "dns_lookup" at (0:26): query failed: the host offers no network',
  },
  {
    title: "Another instead",
    source: 'dns_lookup("example.com") ?? {}',
    result: "{}",
  },
  {
    title: "A time that is none",
    source: 'dns_lookup!("example.com", options: {"attempts": -1})',
    error:
      'function call error for "dns_lookup" at (0:53): attempts has to be a positive integer, got: -1. (out of range ' +
      "integral type conversion attempted)",
  },
  {
    title: "Servers that are none",
    source: 'dns_lookup!("example.com", options: {"servers": "192.0.2.53"})',
    error: 'function call error for "dns_lookup" at (0:62): expected array, got string',
  },
];
