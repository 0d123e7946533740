import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { Failure } from "../runtime/failure.ts";
import { isText, kindOf } from "../runtime/kind-of.ts";
import { lossyText, type Text } from "../runtime/text.ts";
import { readInFormat, timeFormatOf, type TimeFormat } from "../runtime/time/conversion.ts";
import { zoneOf, type Zone } from "../runtime/time/zone.ts";
import { Timestamp } from "../runtime/timestamp.ts";
import type { Value } from "../runtime/value.ts";
import { debugText } from "./conversion/debug.ts";
import type { Example, FunctionDefinition } from "./define.ts";
import { noSuchZone } from "./time/no-such-zone.ts";

export const parseTimestamp: FunctionDefinition = {
  name: "parse_timestamp",
  category: "Parse",
  usage:
    "Reads `value` as a date and time written in `format`, whose " +
    "[specifiers](https://docs.rs/chrono/latest/chrono/format/strftime/index.html#specifiers) are those of `strftime`.",
  parameters: [
    {
      name: "value",
      kind: Part.bytes | Part.timestamp,
      isUnchecked: true,
      description: "The text; a timestamp stays what it is.",
    },
    { name: "format", kind: Part.bytes, description: "How it is written." },
    {
      name: "timezone",
      kind: Part.bytes,
      isOptional: true,
      description:
        "The timezone whose clocks showed it, where `format` has no offset: a name of the " +
        "[TZ database](https://en.wikipedia.org/wiki/List_of_tz_database_time_zones), or `local`. The program's own " +
        "where it is not given.",
    },
  ],
  failures: [
    "`value` is not written in `format`.",
    "There is no such `timezone`, or its clocks never showed `value`.",
  ],
  returns: Part.timestamp,
  typeOf: () => TypeDef.of(Kind.timestamp).fallible,
  prepare: (call) => {
    const { host, timezone } = call;
    const programZone = zoneOf(timezone, host.localTimezone);
    const format = call.constant("format");
    const known = isText(format) ? timeFormatOf(lossyText(format)) : undefined;
    return (value: Value, formatText: Text, zoneName: Text | undefined) => {
      if (value instanceof Timestamp) return value;
      if (!isText(value)) return new Failure(`unable to convert ${kindName(value)} value to timestamp`);
      const name = zoneName === undefined ? timezone : lossyText(zoneName);
      const zone = zoneName === undefined ? programZone : zoneOf(name, host.localTimezone);
      if (zone === undefined) return noSuchZone(name);
      return parse(lossyText(value), known ?? timeFormatOf(lossyText(formatText)), zone);
    };
  },
};

/** A regular expression is a string here, and an object a map. */
function kindName(value: Value): string {
  const kind = kindOf(value);
  return kind === "regex" ? "string" : kind === "object" ? "map" : kind;
}

function parse(text: string, format: TimeFormat, zone: Zone): Timestamp | Failure {
  const timestamp = readInFormat(text, format, zone);
  return typeof timestamp === "string"
    ? new Failure(`Invalid timestamp ${debugText(text)}: ${timestamp}`)
    : timestamp;
}

export const examples: readonly Example[] = [
  {
    title: "With an offset",
    source: 'parse_timestamp!("24/Dec/2023:18:30:00 +0100", format: "%d/%b/%Y:%T %z")',
    result: "t'2023-12-24T17:30:00Z'",
  },
  {
    title: "As a clock showed it somewhere",
    source: 'parse_timestamp!("2024-07-01 08:00", format: "%F %R", timezone: "America/New_York")',
    result: "t'2024-07-01T12:00:00Z'",
  },
  {
    title: "Another format",
    source: 'parse_timestamp!("yesterday", format: "%F")',
    error:
      'function call error for "parse_timestamp" at (0:43): Invalid timestamp "yesterday": input contains invalid characters',
  },
];

export const tests: readonly Example[] = [
  {
    title: "A timestamp",
    source: "parse_timestamp!(t'2024-02-29T00:00:00Z', \"%Q\")",
    result: "t'2024-02-29T00:00:00Z'",
  },
  {
    title: "Seconds since 1970, with a fraction",
    source: 'parse_timestamp!("1700000000.25", "%s%.f")',
    result: "t'2023-11-14T22:13:20.250Z'",
  },
  {
    title: "Seconds since 1970 alone",
    source: 'parse_timestamp!("1700000000", "%s")',
    result: "t'2023-11-14T22:13:20Z'",
  },
  {
    title: "Names, blanks and noon",
    source: 'parse_timestamp!("thursday   FEB 29 2024 12:05 pm", "%A %b %e %Y %I:%M %p")',
    result: "t'2024-02-29T12:05:00Z'",
  },
  {
    title: "Any number of digits of a second",
    source: 'parse_timestamp!("2024-02-29T01:02:03.1234567891Z", "%+")',
    result: "t'2024-02-29T01:02:03.123456789Z'",
  },
  {
    title: "By week",
    source: 'parse_timestamp!("2021-W01-1 00:30", "%G-W%V-%u %R")',
    result: "t'2021-01-04T00:30:00Z'",
  },
  {
    title: "No clock showed it",
    source: 'parse_timestamp!("2024-03-31 02:30", "%F %R", "Europe/Berlin")',
    error:
      'function call error for "parse_timestamp" at (0:62): Invalid timestamp "2024-03-31 02:30": no possible date and time matching input',
  },
  {
    title: "Clocks showed it twice",
    source: 'parse_timestamp!("2024-10-27 02:30", "%F %R", "Europe/Berlin")',
    error:
      'function call error for "parse_timestamp" at (0:62): Invalid timestamp "2024-10-27 02:30": input is not enough for unique date and time',
  },
  {
    title: "Clocks showed it before the database begins",
    source: 'parse_timestamp!("1850-01-01 00:00", "%F %R", "Europe/Berlin")',
    result: "t'1849-12-31T23:06:32Z'",
  },
  {
    title: "Neither a text nor a timestamp",
    source: 'parse_timestamp!(.o, "%F")',
    input: '{"o": {"a": 1}}',
    error: 'function call error for "parse_timestamp" at (0:26): unable to convert map value to timestamp',
  },
  {
    title: "No date",
    source: 'parse_timestamp!("12:00:00", "%T")',
    error:
      'function call error for "parse_timestamp" at (0:34): Invalid timestamp "12:00:00": input is not enough for unique date and time',
  },
  {
    title: "No format",
    source: 'parse_timestamp!("2024", "%Y%!")',
    error:
      'function call error for "parse_timestamp" at (0:32): Invalid timestamp "2024": bad or unsupported format string',
  },
  {
    title: "No timezone",
    source: 'parse_timestamp!("2024-01-01 00:00", "%F %R", "Europe/Atlantis")',
    error: 'function call error for "parse_timestamp" at (0:64): unable to parse timezone: Europe/Atlantis',
  },
  {
    title: "February 30",
    source: 'parse_timestamp!("2024-02-30 00:00", "%F %R")',
    error:
      'function call error for "parse_timestamp" at (0:45): Invalid timestamp "2024-02-30 00:00": input is out of range',
  },
  {
    title: "More than the format",
    source: 'parse_timestamp!("2024-02-28 00:00Z", "%F %R")',
    error:
      'function call error for "parse_timestamp" at (0:46): Invalid timestamp "2024-02-28 00:00Z": trailing input',
  },
];
