/** Writes points in time in a format. */
import type { Timestamp } from "../timestamp.ts";
import { DAY_SECONDS, dayOf, isoWeekOf, weeksFrom, type CalendarDay } from "./calendar.ts";
import type { Item, NumberField, Pad, TextField } from "./items.ts";
import { monthNames, weekdayNames } from "./names.ts";
import { exactOffsetText, offsetText } from "./offset.ts";
import type { Span } from "./zone.ts";

/** A point in time as the clocks of a timezone show it. */
interface LocalTime {
  readonly day: CalendarDay;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  /** 1,000,000,000 and more in a leap second. */
  readonly nanosecond: number;
  /** Since 1970 in UTC. */
  readonly timestamp: number;
  readonly span: Span;
}

/** `items` have no error. */
export function writeTimestamp(timestamp: Timestamp, items: readonly Item[], span: Span): string {
  const local = timestamp.seconds + span.offset;
  const number = Math.floor(local / DAY_SECONDS);
  const rest = local - number * DAY_SECONDS;
  const time: LocalTime = {
    day: dayOf(number),
    hour: Math.floor(rest / 3600),
    minute: Math.floor((rest % 3600) / 60),
    second: rest % 60,
    nanosecond: timestamp.nanoseconds,
    timestamp: timestamp.seconds,
    span,
  };
  let text = "";
  for (const item of items) text += writeItem(item, time);
  return text;
}

function writeItem(item: Item, time: LocalTime): string {
  switch (item.kind) {
    case "literal":
    case "space":
      return item.text;
    case "number":
      return writeNumber(item.field, item.pad, time);
    case "text":
      return writeText(item.field, time);
    case "error":
      return "";
  }
}

function writeNumber(field: NumberField, pad: Pad, time: LocalTime): string {
  const { day } = time;
  switch (field) {
    case "year":
      return year(day.year, pad);
    case "century":
      return two(Math.floor(day.year / 100), pad);
    case "year-of-century":
      return two(modulo(day.year, 100), pad);
    case "iso-year":
      return year(isoWeekOf(day).year, pad);
    case "iso-year-of-century":
      return two(modulo(isoWeekOf(day).year, 100), pad);
    case "quarter":
      return String(Math.floor((day.month - 1) / 3) + 1);
    case "month":
      return two(day.month, pad);
    case "day":
      return two(day.day, pad);
    case "week-from-sunday":
      return two(weeksFrom(day, 6), pad);
    case "week-from-monday":
      return two(weeksFrom(day, 0), pad);
    case "iso-week":
      return two(isoWeekOf(day).week, pad);
    case "days-from-sunday":
      return String((day.weekday + 1) % 7);
    case "weekday-from-monday":
      return String(day.weekday + 1);
    case "day-of-year":
      return padded(day.dayOfYear, 3, pad);
    case "hour":
      return two(time.hour, pad);
    case "hour-of-12":
      return two(time.hour % 12 || 12, pad);
    case "minute":
      return two(time.minute, pad);
    case "second":
      return two(time.second + Math.floor(time.nanosecond / 1e9), pad);
    case "nanosecond":
      return padded(time.nanosecond % 1e9, 9, pad);
    case "timestamp":
      return padded(time.timestamp, 9, pad);
  }
}

function modulo(left: number, right: number): number {
  return ((left % right) + right) % right;
}

function year(value: number, pad: Pad): string {
  if (value >= 0 && value <= 9999) return padded(value, 4, pad);
  const sign = value < 0 ? "-" : "+";
  const size = String(Math.abs(value));
  if (pad === "none") return sign + size;
  return pad === "zero" ? sign + size.padStart(4, "0") : (sign + size).padStart(5);
}

/** Two digits of a byte: centuries beyond it are not what they were. */
function two(value: number, pad: Pad): string {
  const byte = modulo(value, 256);
  const tens = Math.floor(byte / 10);
  const first = tens > 0 || pad === "zero" ? String.fromCharCode(0x30 + tens) : pad === "space" ? " " : "";
  return first + String(byte % 10);
}

function padded(value: number, width: number, pad: Pad): string {
  if (pad === "none") return String(value);
  if (pad === "space") return String(value).padStart(width);
  return value < 0 ? `-${String(-value).padStart(width - 1, "0")}` : String(value).padStart(width, "0");
}

function writeText(field: TextField, time: LocalTime): string {
  const { day, nanosecond, span } = time;
  const fraction = nanosecond % 1e9;
  switch (field) {
    case "short-month":
      return monthNames[day.month - 1]!.slice(0, 3);
    case "long-month":
      return monthNames[day.month - 1]!;
    case "short-weekday":
      return weekdayNames[day.weekday]!.slice(0, 3);
    case "long-weekday":
      return weekdayNames[day.weekday]!;
    case "lower-am-pm":
      return time.hour < 12 ? "am" : "pm";
    case "upper-am-pm":
      return time.hour < 12 ? "AM" : "PM";
    case "fraction":
      return anyFraction(fraction);
    case "fraction-3":
      return `.${digits(fraction, 3)}`;
    case "fraction-6":
      return `.${digits(fraction, 6)}`;
    case "fraction-9":
      return `.${digits(fraction, 9)}`;
    case "digits-3":
      return digits(fraction, 3);
    case "digits-6":
      return digits(fraction, 6);
    case "digits-9":
      return digits(fraction, 9);
    case "zone-name":
      return span.name;
    case "offset":
      return offsetText(span.offset, "");
    case "offset-colon":
      return offsetText(span.offset, ":");
    case "offset-seconds":
      return exactOffsetText(span.offset);
    case "offset-hours":
      return exactOffsetText(span.offset).slice(0, 3);
    case "offset-permissive":
      return "";
    case "rfc3339":
      return rfc3339(time);
  }
}

function rfc3339(time: LocalTime): string {
  const { day, hour, minute, second, nanosecond, span } = time;
  const seconds = second + Math.floor(nanosecond / 1e9);
  const date = `${year(day.year, "zero")}-${two(day.month, "zero")}-${two(day.day, "zero")}`;
  const clock = `${two(hour, "zero")}:${two(minute, "zero")}:${two(seconds, "zero")}`;
  return `${date}T${clock}${anyFraction(nanosecond % 1e9)}${offsetText(span.offset, ":")}`;
}

/** The first of nine digits. */
function digits(nanosecond: number, count: number): string {
  return String(nanosecond).padStart(9, "0").slice(0, count);
}

function anyFraction(nanosecond: number): string {
  if (nanosecond === 0) return "";
  return `.${digits(nanosecond, nanosecond % 1e6 === 0 ? 3 : nanosecond % 1e3 === 0 ? 6 : 9)}`;
}
