/** `date("format"[, "timezone"])`: matches a date and makes it milliseconds since 1970. */
import { Regex } from "../../../runtime/regex.ts";
import { parseFormat } from "../../../runtime/time/items.ts";
import { readTimestamp } from "../../../runtime/time/read.ts";
import { utc, Zone, zoneOf } from "../../../runtime/time/zone.ts";
import { civilOf, type Timestamp } from "../../../runtime/timestamp.ts";
import type { Value } from "../../../runtime/value.ts";
import type { Host } from "../../host.ts";
import { type DateFormat, parseDateFormat } from "./date-format.ts";
import type { Filter } from "./filter.ts";

export interface DateMatcher {
  /** What it matches. */
  readonly expression: string;
  readonly filter: Filter;
}

/** Undefined: the format or the timezone is none. */
export function dateMatcher(
  source: string,
  timezone: string | undefined,
  host: Host,
): DateMatcher | undefined {
  const format = parseDateFormat(source);
  if (format === undefined) return undefined;
  const regex = Regex.compile(format.groupedExpression);
  const zone = timezone === undefined ? utc : offsetZone(timezone, host);
  if (!(regex instanceof Regex) || zone === undefined) return undefined;
  const endsInZulu = source.endsWith("Z");
  const filter = (value: Value): Value | undefined => {
    if (typeof value !== "string") return undefined;
    const timestamp = readDate(value, { format, regex, zone, endsInZulu, host });
    return timestamp?.milliseconds;
  };
  return { expression: format.expression, filter };
}

interface DateReader {
  readonly format: DateFormat;
  readonly regex: Regex;
  /** Of dates that tell none. */
  readonly zone: Zone;
  readonly endsInZulu: boolean;
  readonly host: Host;
}

function readDate(text: string, reader: DateReader): Timestamp | undefined {
  const { format, regex } = reader;
  let date = withToday(text, format.strftime, reader.host);
  if (reader.endsInZulu && date.endsWith("Z")) date = `${date.slice(0, -1)}+0000`;
  if (format.hasFraction) date = withDot(date, regex);
  const items = parseFormat(withToday("", format.strftime, undefined) + format.strftime);
  if (format.hasTimezoneName) {
    const name = regex.groups(text)?.[regex.groupNames.indexOf("tz")];
    const zone = namedZone(name);
    return zone && known(readTimestamp(date, items, zone));
  }
  if (format.hasTimezone) return known(readTimestamp(date, items, undefined));
  return known(readTimestamp(date, items, reader.zone)) ?? readDay(date, format, items);
}

/** A day without a time is the midnight it begins with, in UTC. */
function readDay(
  date: string,
  { strftime }: DateFormat,
  items: ReturnType<typeof parseFormat>,
): Timestamp | undefined {
  if (/%[IHMSp]/.test(strftime)) return undefined;
  return known(readTimestamp(`${date} 00:00:00`, [...items, ...parseFormat(" %H:%M:%S")], utc));
}

function known(timestamp: Timestamp | string): Timestamp | undefined {
  return typeof timestamp === "string" ? undefined : timestamp;
}

/** With what the format does not tell in front: the year, and day and month. `host` undefined: the format of that. */
function withToday(text: string, strftime: string, host: Host | undefined): string {
  const today = host && civilOf(Number(host.now() / 1_000_000_000n));
  let front = "";
  if (!/y/i.test(strftime)) front += today === undefined ? "%Y " : `${today.year} `;
  if (!strftime.includes("d")) front += today === undefined ? "%-m %-d " : `${today.month} ${today.day} `;
  return front + text;
}

function withDot(date: string, regex: Regex): string {
  const group = regex.groupNames.indexOf("fr");
  const match = regex.exec(date, 0);
  const start = match?.places[group * 2] ?? -1;
  const end = match?.places[group * 2 + 1] ?? -1;
  return start < 0 ? date : `${date.slice(0, start)}.${date.slice(end)}`;
}

/** A fixed offset: of a name, the one it has now. */
function offsetZone(timezone: string, host: Host): Zone | undefined {
  if (["GMT", "UTC", "UT", "Z"].includes(timezone)) return utc;
  const plus = timezone.indexOf("+");
  const sign = plus === -1 ? timezone.indexOf("-") : plus;
  if (sign !== -1 || timezone.startsWith("-"))
    return writtenOffset(timezone.slice(timezone.startsWith("-") ? 0 : sign));
  const zone = namedZone(timezone);
  return zone && fixed(zone.spanAt(Number(host.now() / 1_000_000_000n)).offset);
}

/** Of the database; the machine's own is none of its. */
function namedZone(name: string | undefined): Zone | undefined {
  return name === undefined || name === "" || name === "local" ? undefined : zoneOf(name, "");
}

function writtenOffset(text: string): Zone | undefined {
  const [, sign, hours, minutes = "0"] =
    /^([+-])([0-9]{1,2}|[0-9]{2}(?=:?[0-9]{2}$)):?([0-9]{2})?$/.exec(text) ?? [];
  if (hours === undefined || Number(hours) > 23 || Number(minutes) > 59) return undefined;
  return fixed((sign === "-" ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60);
}

function fixed(offset: number): Zone {
  return new Zone([], [{ offset, name: "" }]);
}
