import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { Failure } from "../runtime/failure.ts";
import { isText } from "../runtime/kind-of.ts";
import { lossyText, type Text } from "../runtime/text.ts";
import { parseFormat, type Item } from "../runtime/time/items.ts";
import { writeTimestamp } from "../runtime/time/write.ts";
import { utc, zoneOf } from "../runtime/time/zone.ts";
import type { Timestamp } from "../runtime/timestamp.ts";
import type { Example, FunctionDefinition } from "./define.ts";
import { noSuchZone } from "./time/no-such-zone.ts";

const invalidFormat = new Failure("invalid format");

export const formatTimestamp: FunctionDefinition = {
  name: "format_timestamp",
  category: "Timestamp",
  usage:
    "Writes `value` in `format`, whose " +
    "[specifiers](https://docs.rs/chrono/latest/chrono/format/strftime/index.html#specifiers) are those of `strftime`.",
  parameters: [
    { name: "value", kind: Part.timestamp, description: "The timestamp to write." },
    { name: "format", kind: Part.bytes, description: "How to write it." },
    {
      name: "timezone",
      kind: Part.bytes,
      isOptional: true,
      description:
        "Whose clocks show it: a name of the " +
        "[TZ database](https://en.wikipedia.org/wiki/List_of_tz_database_time_zones), or `local`. UTC where it is not given.",
    },
  ],
  failures: ["`format` has something that is no specifier.", "There is no such `timezone`."],
  returns: Part.bytes,
  typeOf: () => TypeDef.of(Kind.bytes).fallible,
  prepare: (call) => {
    const { localTimezone } = call.host;
    const format = call.constant("format");
    const known = isText(format) ? itemsOf(format) : undefined;
    return (value: Timestamp, formatText: Text, zoneName: Text | undefined) => {
      const items = known ?? itemsOf(formatText);
      if (items instanceof Failure) return items;
      const name = zoneName === undefined ? "" : lossyText(zoneName);
      const zone = zoneName === undefined ? utc : zoneOf(name, localTimezone);
      if (zone === undefined) return noSuchZone(name);
      return writeTimestamp(value, items, zone.spanAt(value.seconds));
    };
  },
};

function itemsOf(format: Text): readonly Item[] | Failure {
  const items = parseFormat(lossyText(format));
  // The permissive offset is for reading alone.
  const isInvalid = items.some(
    (item) => item.kind === "error" || (item.kind === "text" && item.field === "offset-permissive"),
  );
  return isInvalid ? invalidFormat : items;
}

export const examples: readonly Example[] = [
  {
    title: "Date and time",
    source: "format_timestamp!(t'2024-02-29T13:07:00Z', format: \"%a, %d %b %Y %T\")",
    result: "Thu, 29 Feb 2024 13:07:00",
  },
  {
    title: "In a timezone",
    source: 'format_timestamp!(t\'2024-02-29T23:30:00Z\', format: "%F %R %Z", timezone: "Asia/Tokyo")',
    result: "2024-03-01 08:30 JST",
  },
  {
    title: "RFC 3339",
    source: "format_timestamp!(t'2024-02-29T13:07:00.25Z', format: \"%+\")",
    result: "s'2024-02-29T13:07:00.250+00:00'",
  },
];

export const tests: readonly Example[] = [
  {
    title: "Seconds since 1970",
    source: "format_timestamp!(t'1970-01-01T00:01:00Z', \"%s\")",
    result: "s'60'",
  },
  {
    title: "Fractions of a second",
    source: "format_timestamp!(t'2024-01-01T00:00:00.0012Z', \"%.f %.3f %3f %f %-f\")",
    result: ".001200 .001 001 001200000 1200000",
  },
  {
    title: "Filled up otherwise",
    source: "format_timestamp!(t'2024-01-02T03:04:05Z', \"%-d|%_m|%0e|%_j|%k|%l%P\")",
    result: "2| 1|02|  2| 3| 3am",
  },
  {
    title: "Weeks",
    source: "format_timestamp!(t'2021-01-03T00:00:00Z', \"%G-W%V-%u %U %W %w %q\")",
    result: "s'2020-W53-7 01 00 0 1'",
  },
  {
    title: "Offsets",
    source: 'format_timestamp!(t\'1890-01-01T00:00:00Z\', "%z %:z %::z %:::z %Z", "Europe/Berlin")',
    result: "s'+0053 +00:53 +00:53:28 +00 LMT'",
  },
  {
    title: "Years beyond four digits",
    source: 'format_timestamp!(from_unix_timestamp!(-70000000000), "%Y|%-Y|%C|%y|%+")',
    result: "s'-0249|-249|I3|51|-0249-10-15T19:33:20+00:00'",
  },
  {
    title: "In UTC",
    source: "format_timestamp!(t'2024-01-01T00:00:00Z', \"%Z%%%n\")",
    result: String.raw`"UTC%\n"`,
  },
  {
    title: "In the machine's own timezone",
    source: 'format_timestamp!(t\'2024-01-01T00:00:00Z\', "%Z", "local")',
    result: "s'+00:00'",
  },
  {
    title: "No specifier",
    source: "format_timestamp!(t'2024-01-01T00:00:00Z', \"%Y %!\")",
    error: 'function call error for "format_timestamp" at (0:51): invalid format',
  },
  {
    title: "Only for reading",
    source: "format_timestamp!(t'2024-01-01T00:00:00Z', \"%#z\")",
    error: 'function call error for "format_timestamp" at (0:49): invalid format',
  },
  {
    title: "No timezone",
    source: 'format_timestamp!(t\'2024-01-01T00:00:00Z\', "%Y", "Mars")',
    error: 'function call error for "format_timestamp" at (0:56): unable to parse timezone: Mars',
  },
  {
    title: "Only timestamps",
    source: 'format_timestamp!(.t, "%Y")',
    input: '{"t": "2024"}',
    error: 'function call error for "format_timestamp" at (0:27): expected timestamp, got string',
  },
];
