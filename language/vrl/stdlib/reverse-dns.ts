import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { Failure } from "../runtime/failure.ts";
import { lossyText, type Text } from "../runtime/text.ts";
import type { Example, FunctionDefinition } from "./define.ts";
import { ipText, parseIp } from "./ip/address.ts";
import { NETWORK_NOTICE, noNetwork } from "./network/absent.ts";

export const reverseDns: FunctionDefinition = {
  name: "reverse_dns",
  category: "System",
  usage: "Asks the DNS for the name of an IP address.",
  parameters: [{ name: "value", kind: Part.bytes, description: "The IP address (v4 or v6)." }],
  failures: ["The host offers no DNS.", "`value` is no IP address.", "It has no name."],
  returns: Part.bytes,
  notices: [NETWORK_NOTICE],
  isImpure: true,
  typeOf: () => TypeDef.of(Kind.bytes).fallible,
  prepare: ({ host }) => {
    const { network } = host;
    return (value: Text) => {
      const address = parseIp(lossyText(value));
      if (address === undefined) return new Failure("unable to parse IP address: invalid IP address syntax");
      return network?.reverse?.(ipText(address)) ?? noNetwork("unable to perform a lookup ");
    };
  },
};

export const examples: readonly Example[] = [
  { title: "Who that is", source: 'reverse_dns!("192.0.2.7")', isCompiledOnly: true },
];

export const tests: readonly Example[] = [
  {
    title: "A host without a network",
    source: 'reverse_dns!("192.0.2.7")',
    error:
      'function call error for "reverse_dns" at (0:25): unable to perform a lookup : the host offers no network',
  },
  { title: "The address instead", source: 'reverse_dns("192.0.2.7") ?? "192.0.2.7"', result: "192.0.2.7" },
  {
    title: "No address",
    source: 'reverse_dns!("example.com")',
    error:
      'function call error for "reverse_dns" at (0:27): unable to parse IP address: invalid IP address syntax',
  },
  {
    title: "Only strings",
    source: "reverse_dns!(.a)",
    input: '{"a": 1}',
    error: 'function call error for "reverse_dns" at (0:16): expected string, got integer',
  },
];
