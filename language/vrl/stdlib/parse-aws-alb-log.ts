import { Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import type { Failure } from "../runtime/failure.ts";
import { lossyText, type Text } from "../runtime/text.ts";
import type { Value } from "../runtime/value.ts";
import { entryKind, readEntry } from "./aws/alb-log.ts";
import type { Example, FunctionDefinition } from "./define.ts";

export const parseAwsAlbLog: FunctionDefinition = {
  name: "parse_aws_alb_log",
  category: "Parse",
  usage:
    "Parses an entry of the [access log](https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-access-logs.html) of an AWS application load balancer.",
  parameters: [
    { name: "value", kind: Part.bytes, description: "The entry." },
    {
      name: "strict_mode",
      kind: Part.boolean,
      isOptional: true,
      default: true,
      description: "Whether it fails where more fields follow than it knows. If not, it passes over them.",
    },
  ],
  failures: ["`value` is not a properly formatted AWS ALB log."],
  returns: Part.object,
  isFresh: true,
  typeOf: () => TypeDef.of(entryKind).fallible,
  prepare:
    () =>
    (value: Text, isStrict = true): Value | Failure =>
      readEntry(lossyText(value), isStrict),
};

const ENTRY =
  'h2 2024-02-29T22:23:00.186641Z app/web/50dc6c495c0c9188 198.51.100.9:2817 10.0.0.1:80 0.000 0.001 0.25 200 200 34 366 "GET https://a.example:443/x y HTTP/2.0" "curl/8.5.0" - TLSv1.3 arn:aws:tg/web/1 "Root=1-58" "a.example" "-" 0 2024-02-29T22:22:48.364000Z "forward" "-" "-"';

const fields =
  '"actions_executed": "forward", "chosen_cert_arn": null, "classification": null, "classification_reason": null, "client_host": "198.51.100.9:2817", "domain_name": "a.example", "elb": "app/web/50dc6c495c0c9188", "elb_status_code": "200", "error_reason": null, "matched_rule_priority": "0", "received_bytes": 34, "redirect_url": null, "request_creation_time": "2024-02-29T22:22:48.364000Z", "request_method": "GET", "request_processing_time": 0.0, "request_protocol": "HTTP/2.0", "request_url": "https://a.example:443/x y", "response_processing_time": 0.25, "sent_bytes": 366, "ssl_cipher": null, "ssl_protocol": "TLSv1.3", "target_group_arn": "arn:aws:tg/web/1", "target_host": "10.0.0.1:80", "target_processing_time": 0.001, "target_status_code": "200", "timestamp": "2024-02-29T22:23:00.186641Z", "trace_id": "Root=1-58", "type": "h2", "user_agent": "curl/8.5.0"';

export const examples: readonly Example[] = [
  {
    title: "An entry",
    source: `parse_aws_alb_log!(s'${ENTRY} "10.0.0.1:80" 200 "-" "-" TID_12ab')`,
    result: `{${fields}, "target_port_list": ["10.0.0.1:80"], "target_status_code_list": ["200"], "traceability_id": "TID_12ab"}`,
  },
  {
    title: "Fields that it does not know",
    source: `parse_aws_alb_log!(s'${ENTRY} "-" "-" "-" "-" TID_12ab new 1', strict_mode: false)`,
    result: `{${fields}, "target_port_list": [], "target_status_code_list": [], "traceability_id": "TID_12ab"}`,
  },
];

function refused(value: string, message: string): Pick<Example, "source" | "error"> {
  const source = `parse_aws_alb_log!(s'${value}')`;
  return { source, error: `function call error for "parse_aws_alb_log" at (0:${source.length}): ${message}` };
}

export const tests: readonly Example[] = [
  {
    title: "No traceability",
    source: `parse_aws_alb_log!(s'${ENTRY} - 200 "-" "-"')`,
    result: `{${fields}, "target_port_list": ["-"], "target_status_code_list": ["200"], "traceability_id": null}`,
  },
  {
    title: "More than it knows",
    ...refused(`${ENTRY} "-" "-" "-" "-" x`, 'Log should be fully consumed: " x"'),
  },
  { title: "Empty", ...refused("", 'failed to get field `type`: Parsing Error: ("", TakeWhile1)') },
  {
    title: "It ends",
    ...refused("http", 'failed to get field `timestamp`: Parsing Error: ("", Char)'),
  },
  {
    title: "Another character than a field has",
    ...refused(
      String.raw`http "x	\"`,
      String.raw`failed to get field ${"`timestamp`"}: Parsing Error: ("\"x\t\\\"", TakeWhile1)`,
    ),
  },
  {
    title: "Not an integer",
    ...refused(
      ENTRY.replace(" 34 ", " - "),
      `failed to get field \`received_bytes\`: Parsing Error: (" ${debugged(ENTRY.slice(ENTRY.indexOf(" 366")).replace(/^/, "-"))}", MapRes)`,
    ),
  },
  {
    title: "A quote that is not closed",
    ...refused(
      ENTRY.slice(0, ENTRY.indexOf(" y HTTP")),
      "failed to get field `request`: Parsing requires more data",
    ),
  },
  {
    title: "A request without an address",
    ...refused(ENTRY.replace(/"GET [^"]*"/, '"GET x"'), "failed to get field `request_url`"),
  },
  {
    title: "Two elements",
    ...refused(`${ENTRY} "1:2 3:4" "-" "-" "-"`, "failed to get field `target_port_list`: Parsing Error: ()"),
  },
];

function debugged(text: string): string {
  return text.replaceAll('"', '\\"');
}
