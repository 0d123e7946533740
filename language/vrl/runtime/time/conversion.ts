/** Texts as points in time, as VRL takes them: in a format, or in one of many that are usual. */
import { parseInteger } from "../integer.ts";
import { SECONDS_MAX, SECONDS_MIN, Timestamp } from "../timestamp.ts";
import { parseFormat, type Item } from "./items.ts";
import type { TimeProblemText } from "./parsed.ts";
import { readMailTimestamp, readTimestamp } from "./read.ts";
import type { Zone } from "./zone.ts";

/** A format, ready to read. */
export interface TimeFormat {
  readonly items: readonly Item[];
  /** Whether texts tell the offset themselves, so that no timezone is asked. */
  readonly hasZone: boolean;
}

export function timeFormatOf(format: string): TimeFormat {
  return {
    items: parseFormat(format),
    hasZone: ["%Z", "%z", "%:z", "%#z", "%+"].some((specifier) => format.includes(specifier)),
  };
}

/** A text: what is wrong. */
export function readInFormat(
  text: string,
  { items, hasZone }: TimeFormat,
  zone: Zone,
): Timestamp | TimeProblemText {
  return readTimestamp(text, items, hasZone ? undefined : zone);
}

const localFormats = [
  "%F %T",
  "%v %T",
  "%FT%T",
  "%m/%d/%Y:%T",
  "%a, %d %b %Y %T",
  "%a %d %b %T %Y",
  "%A %d %B %T %Y",
  "%a %b %e %T %Y",
].map(parseFormat);

const zonedFormats = [
  "%+",
  "%a %d %b %T %Z %Y",
  "%a %d %b %T %z %Y",
  "%a %d %b %T %#z %Y",
  "%d/%b/%Y:%T %z",
].map(parseFormat);

/** Undefined: it is in none of the usual formats. What has no offset is as the clocks of `zone` show it. */
export function readUsualTimestamp(text: string, zone: Zone): Timestamp | undefined {
  for (const items of localFormats) {
    const timestamp = readTimestamp(text, items, zone);
    if (typeof timestamp !== "string") return timestamp;
  }
  const seconds = parseInteger(text);
  if (seconds !== undefined && seconds >= SECONDS_MIN && seconds <= SECONDS_MAX)
    return new Timestamp(Number(seconds), 0);
  const ofMail = readMailTimestamp(text);
  if (ofMail !== undefined) return ofMail;
  for (const items of zonedFormats) {
    const timestamp = readTimestamp(text, items, undefined);
    if (typeof timestamp !== "string") return timestamp;
  }
  return undefined;
}
