import { Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import type { Failure } from "../runtime/failure.ts";
import { lossyText, type Text } from "../runtime/text.ts";
import type { Value } from "../runtime/value.ts";
import { DEFAULT_FORMAT, flowKind, readFlow } from "./aws/vpc-flow-log.ts";
import type { Example, FunctionDefinition } from "./define.ts";

export const parseAwsVpcFlowLog: FunctionDefinition = {
  name: "parse_aws_vpc_flow_log",
  category: "Parse",
  usage:
    "Parses a record of AWS's [VPC flow logs](https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs.html).",
  parameters: [
    { name: "value", kind: Part.bytes, description: "The record." },
    {
      name: "format",
      kind: Part.bytes,
      isOptional: true,
      description:
        "The names of the record's fields, in order, with a space between; AWS's own order if it is not given.",
    },
  ],
  failures: ["`value` is not a properly formatted AWS VPC Flow log."],
  returns: Part.object,
  isFresh: true,
  typeOf: () => TypeDef.of(flowKind).fallible,
  prepare: (call) => {
    const constant = call.argument("format") === undefined ? DEFAULT_FORMAT : call.constant("format");
    const keys = constant === undefined ? undefined : keysOf(constant as Text);
    return (value: Text, format: Text): Value | Failure => readFlow(lossyText(value), keys ?? keysOf(format));
  },
};

function keysOf(format: Text): readonly string[] {
  return lossyText(format).split(" ");
}

export const examples: readonly Example[] = [
  {
    title: "AWS's own order",
    source:
      'parse_aws_vpc_flow_log!("2 123456789010 eni-0a 10.0.0.7 192.0.2.1 443 50122 6 20 4249 1418530010 1418530070 ACCEPT OK")',
    result:
      '{"account_id": "123456789010", "action": "ACCEPT", "bytes": 4249, "dstaddr": "192.0.2.1", "dstport": 50122, "end": 1418530070, "interface_id": "eni-0a", "log_status": "OK", "packets": 20, "protocol": 6, "srcaddr": "10.0.0.7", "srcport": 443, "start": 1418530010, "version": 2}',
  },
  {
    title: "Another order",
    source:
      'parse_aws_vpc_flow_log!("eni-0a - REJECT 3", format: "interface_id instance_id action tcp_flags")',
    result: '{"action": "REJECT", "instance_id": null, "interface_id": "eni-0a", "tcp_flags": 3}',
  },
];

export const tests: readonly Example[] = [
  {
    title: "No data",
    source: 'parse_aws_vpc_flow_log!("- -", "bytes region")',
    result: '{"bytes": null, "region": null}',
  },
  {
    title: "Too few fields",
    source: 'parse_aws_vpc_flow_log!("1", "version region")',
    error: 'function call error for "parse_aws_vpc_flow_log" at (0:46): no item for key: `region`',
  },
  {
    title: "Too many fields",
    source: 'parse_aws_vpc_flow_log!("1 2", "version")',
    error: 'function call error for "parse_aws_vpc_flow_log" at (0:41): no key for value: `2`',
  },
  {
    title: "An unknown field",
    source: 'parse_aws_vpc_flow_log!("1", "constructor")',
    error: 'function call error for "parse_aws_vpc_flow_log" at (0:43): unknown key: `constructor`',
  },
  {
    title: "A field twice",
    source: 'parse_aws_vpc_flow_log!("1 2", "version version")',
    error:
      'function call error for "parse_aws_vpc_flow_log" at (0:49): value already exists for key: `version`',
  },
  {
    title: "Not an integer",
    source: 'parse_aws_vpc_flow_log!("x", "bytes")',
    error:
      'function call error for "parse_aws_vpc_flow_log" at (0:37): failed to parse value as i64 (key: `bytes`): `x`',
  },
  {
    title: "A format only the event tells",
    source: "parse_aws_vpc_flow_log!(.v, .f)",
    input: '{"v": "9223372036854775807", "f": "bytes"}',
    result: '{"bytes": 9223372036854775807}',
  },
];
