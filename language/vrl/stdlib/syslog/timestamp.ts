/** Timestamps of syslog messages: RFC 3339's, or `Oct 11 22:14:15` with or without a year after the day. */
import { type Civil, secondsOf, Timestamp } from "../../runtime/timestamp.ts";
import { isCivil } from "../log/calendar.ts";
import { parseRfc3339 } from "../log/rfc3339.ts";
import type { Cursor } from "./cursor.ts";

/** What a date alone does not tell. */
export interface DateReader {
  /** The year of a date without one; months from 1. */
  yearOf(month: number): number;
  /** The earliest time that clocks of the program's timezone show so; undefined: they skip it. */
  localTime(civil: Civil): Timestamp | undefined;
  /** Whether the timezone is the machine's own. */
  readonly isLocal: boolean;
}

/** RFC 3339 up to the next space. */
export function takeTimestamp(cursor: Cursor): Timestamp | undefined {
  const end = cursor.text.indexOf(" ", cursor.at);
  if (end === -1) return undefined;
  const timestamp = parseRfc3339(cursor.text.slice(cursor.at, end));
  if (timestamp !== undefined) cursor.at = end;
  return timestamp;
}

/** Undefined: there is none, or no calendar has it. */
export function takeLooseTimestamp(cursor: Cursor, reader: DateReader): Timestamp | undefined {
  return takeDate(cursor, reader) ?? takeTimestamp(cursor);
}

const months: readonly string[] = [
  "jan",
  "feb",
  "mar",
  "apr",
  "may",
  "jun",
  "jul",
  "aug",
  "sep",
  "oct",
  "nov",
  "dec",
];

// Larger than any part of a date; the calendar refuses what is too large.
const NUMBER_MAX = 2 ** 31 - 1;

function takeDate(cursor: Cursor, reader: DateReader): Timestamp | undefined {
  const start = cursor.at;
  const month = months.indexOf(cursor.text.slice(start, start + 3).toLowerCase()) + 1;
  if (month === 0) return undefined;
  cursor.at += 3;
  const timestamp = takeDay(cursor, month, reader);
  if (timestamp === undefined) cursor.at = start;
  return timestamp;
}

function takeDay(cursor: Cursor, month: number, reader: DateReader): Timestamp | undefined {
  if (!cursor.takeSpaces()) return undefined;
  const day = cursor.takeNumber(NUMBER_MAX);
  if (day === -1 || !cursor.takeSpaces()) return undefined;
  let hour = cursor.takeNumber(NUMBER_MAX);
  let year: number | undefined;
  // What stands where the hour should is the year if no colon follows.
  if (hour !== -1 && cursor.takeSpaces()) {
    year = hour;
    hour = cursor.takeNumber(NUMBER_MAX);
  }
  if (hour === -1 || !cursor.take(":")) return undefined;
  const minute = cursor.takeNumber(NUMBER_MAX);
  if (minute === -1 || !cursor.take(":")) return undefined;
  const second = cursor.takeNumber(NUMBER_MAX);
  if (second === -1) return undefined;
  cursor.take(":");
  const civil = { year: year ?? reader.yearOf(month), month, day, hour, minute, second };
  if (!isCivil(civil)) return undefined;
  if (year === undefined) return reader.localTime(civil);
  // With a year, the time is that of the machine's own clock or else UTC, whatever the program's timezone.
  const local = reader.isLocal ? reader.localTime(civil) : undefined;
  return local ?? new Timestamp(secondsOf(civil), 0);
}
