import { Collection, Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { Failure } from "../runtime/failure.ts";
import { floatOf } from "../runtime/float.ts";
import { setKey } from "../runtime/object.ts";
import { lossyText, type Text } from "../runtime/text.ts";
import { Timestamp } from "../runtime/timestamp.ts";
import type { Value, VrlObject } from "../runtime/value.ts";
import type { Example, FunctionDefinition } from "./define.ts";
import { parseInfluxLines, type InfluxLine } from "./influxdb/line.ts";

export const parseInfluxdb: FunctionDefinition = {
  name: "parse_influxdb",
  category: "Parse",
  usage:
    "Reads `value` as lines of [InfluxDB's line protocol](https://docs.influxdata.com/influxdb/v2/reference/syntax/line-protocol/). " +
    "Each field makes one object in the shape of a Vector metric.",
  parameters: [{ name: "value", kind: Part.bytes, description: "The lines." }],
  failures: ["`value` is no line protocol.", "A field's value is a string.", "A field's value is no number."],
  returns: Part.array,
  notices: [
    "The objects are events, no metrics yet: a `log_to_metric` transform with `all_metrics` set to `true` makes metrics " +
      "of them.",
    "All metrics are gauges, named by the measurement, an underscore, and the field's key.",
    "Fields that hold strings are refused, as metrics cannot.",
  ],
  isFresh: true,
  typeOf: () =>
    TypeDef.of(
      Kind.arrayOf(
        Kind.object({
          name: Kind.bytes,
          tags: Kind.ofObject(Collection.ofUnknown(Kind.bytes)).or(Kind.null),
          timestamp: Kind.timestamp.or(Kind.null),
          kind: Kind.bytes,
          gauge: Kind.object({ value: Kind.float }),
        }),
      ),
    ).fallible,
  prepare: () => (value: Text) => {
    const lines = parseInfluxLines(lossyText(value));
    if (typeof lines === "string") return new Failure(`InfluxDB line protocol parsing error: ${lines}`);
    const metrics: Value[] = [];
    for (const line of lines) {
      if (!addMetrics(metrics, line)) return new Failure(NO_STRINGS);
    }
    return metrics;
  },
};

const NO_STRINGS =
  "Error while converting InfluxDB line protocol metric to Vector's metric model: field set values of type string " +
  "are not supported";

/** False: a field is a string. */
function addMetrics(metrics: Value[], { measurement, tags, fields, timestamp }: InfluxLine): boolean {
  for (const [key, number] of fields) {
    if (number === "string") return false;
    const metric: VrlObject = {
      name: `${measurement}_${key}`,
      kind: "absolute",
      gauge: { value: floatOf(number) },
    };
    if (tags !== undefined) {
      const object: VrlObject = {};
      for (const [name, value] of tags) setKey(object, name, value);
      metric["tags"] = object;
    }
    if (timestamp !== undefined) metric["timestamp"] = timestampOf(timestamp);
    metrics.push(metric);
  }
  return true;
}

function timestampOf(nanoseconds: bigint): Timestamp {
  const rest = ((nanoseconds % NANOSECONDS) + NANOSECONDS) % NANOSECONDS;
  return new Timestamp(Number((nanoseconds - rest) / NANOSECONDS), Number(rest));
}

const NANOSECONDS = 1_000_000_000n;

export const examples: readonly Example[] = [
  {
    title: "Read a line",
    source: 'parse_influxdb!("disk,host=db1 used=0.75,free=12i")',
    result:
      '[{"name": "disk_used", "tags": {"host": "db1"}, "kind": "absolute", "gauge": {"value": 0.75}}, ' +
      '{"name": "disk_free", "tags": {"host": "db1"}, "kind": "absolute", "gauge": {"value": 12.0}}]',
  },
];

export const tests: readonly Example[] = [
  {
    title: "Its time",
    source: 'parse_influxdb!("a b=1 1709208000000000001")[0].timestamp',
    result: "t'2024-02-29T12:00:00.000000001Z'",
  },
  {
    title: "A time before 1970",
    source: 'parse_influxdb!("a b=1 -1")[0].timestamp',
    result: "t'1969-12-31T23:59:59.999999999Z'",
  },
  {
    title: "No tags, no time",
    source: 'parse_influxdb!("a b=1")',
    result: '[{"name": "a_b", "kind": "absolute", "gauge": {"value": 1.0}}]',
  },
  {
    title: "Booleans",
    source: 'parse_influxdb!("a b=t,c=FALSE")',
    result:
      '[{"name": "a_b", "kind": "absolute", "gauge": {"value": 1.0}}, {"name": "a_c", "kind": "absolute", "gauge": {"value": 0.0}}]',
  },
  {
    title: "Many lines and a comment",
    source: String.raw`parse_influxdb!("# c\na b=1\n\nc d=2u\n")`,
    result:
      '[{"name": "a_b", "kind": "absolute", "gauge": {"value": 1.0}}, {"name": "c_d", "kind": "absolute", "gauge": {"value": 2.0}}]',
  },
  {
    title: "Escapes",
    source: String.raw`parse_influxdb!("a\\ b\\,c,d\\=e=f\\ g h=-1.5e-3")`,
    result: '[{"name": "a b,c_h", "tags": {"d=e": "f g"}, "kind": "absolute", "gauge": {"value": -0.0015}}]',
  },
  { title: "Empty", source: 'parse_influxdb!("")', result: "[]" },
  {
    title: "A string",
    source: String.raw`parse_influxdb!("a b=\"c\"")`,
    error:
      'function call error for "parse_influxdb" at (0:28): Error while converting InfluxDB line protocol metric to ' +
      "Vector's metric model: field set values of type string are not supported",
  },
  {
    title: "No fields",
    source: 'parse_influxdb!("a b")',
    error:
      'function call error for "parse_influxdb" at (0:22): InfluxDB line protocol parsing error: No fields were provided',
  },
  {
    title: "Tags without values",
    source: 'parse_influxdb!("a,b c=1")',
    error:
      'function call error for "parse_influxdb" at (0:26): InfluxDB line protocol parsing error: Tag Set Malformed',
  },
  {
    title: "Too large an integer",
    source: 'parse_influxdb!("a b=9223372036854775808i")',
    error:
      'function call error for "parse_influxdb" at (0:43): InfluxDB line protocol parsing error: Unable to parse ' +
      "integer value '9223372036854775808'",
  },
  {
    title: "More after it",
    source: 'parse_influxdb!("a b=1 2 3")',
    error:
      'function call error for "parse_influxdb" at (0:28): InfluxDB line protocol parsing error: Could not parse entire ' +
      "line. Found trailing content: '3'",
  },
];
