/** Records of VPC flow logs: fields between single spaces, in the order that a format tells. */
import { Kind } from "../../checker/kind.ts";
import { Failure } from "../../runtime/failure.ts";
import { parseInteger } from "../../runtime/integer.ts";
import type { Value, VrlObject } from "../../runtime/value.ts";

export const DEFAULT_FORMAT =
  "version account_id interface_id srcaddr dstaddr srcport dstport protocol packets bytes start end action log_status";

const integerNames = [
  "bytes",
  "dstport",
  "encryption_status",
  "end",
  "packets",
  "protocol",
  "srcport",
  "start",
  "tcp_flags",
  "traffic_path",
  "version",
];

const textNames = [
  "account_id",
  "action",
  "asg_tag",
  "asg_tag_2",
  "az_id",
  "dstaddr",
  "ecs_cluster_arn",
  "ecs_cluster_name",
  "ecs_container_id",
  "ecs_container_instance_arn",
  "ecs_container_instance_id",
  "ecs_second_container_id",
  "ecs_service_name",
  "ecs_task_arn",
  "ecs_task_definition_arn",
  "ecs_task_id",
  "flow_direction",
  "instance_id",
  "instance_tag",
  "instance_tag_2",
  "interface_id",
  "interface_tag",
  "interface_tag_2",
  "interface_type",
  "log_status",
  "next_hop_az_id",
  "next_hop_interface_id",
  "next_hop_interface_type",
  "next_hop_subnet_id",
  "next_hop_vpc_id",
  "pkt_dst_aws_service",
  "pkt_dstaddr",
  "pkt_src_aws_service",
  "pkt_srcaddr",
  "region",
  "reject_reason",
  "resource_id",
  "srcaddr",
  "sublocation_id",
  "sublocation_type",
  "subnet_id",
  "type",
  "vpc_id",
];

/** By name, whether it is an integer. */
const fields: ReadonlyMap<string, boolean> = new Map([
  ...integerNames.map((name) => [name, true] as const),
  ...textNames.map((name) => [name, false] as const),
]);

export const flowKind: Kind = Kind.object(
  Object.fromEntries(
    [...fields].map(([name, isInteger]) => [name, (isInteger ? Kind.integer : Kind.bytes).or(Kind.null)]),
  ),
);

export function readFlow(record: string, keys: readonly string[]): Value | Failure {
  const flow: VrlObject = {};
  const values = record.split(" ");
  for (let index = 0; index < keys.length; index++) {
    const key = keys[index]!;
    const text = values[index];
    if (text === undefined) return new Failure(`no item for key: \`${key}\``);
    const isInteger = fields.get(key);
    if (isInteger === undefined) return new Failure(`unknown key: \`${key}\``);
    let value: Value | undefined = text;
    if (text === "-") value = null;
    else if (isInteger) value = parseInteger(text);
    if (value === undefined)
      return new Failure(`failed to parse value as i64 (key: \`${key}\`): \`${text}\``);
    if (Object.hasOwn(flow, key)) return new Failure(`value already exists for key: \`${key}\``);
    flow[key] = value;
  }
  const beyond = values[keys.length];
  return beyond === undefined ? flow : new Failure(`no key for value: \`${beyond}\``);
}
