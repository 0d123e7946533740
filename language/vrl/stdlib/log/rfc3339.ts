/** Timestamps of RFC 3339, section 5.6. */
import { Timestamp } from "../../runtime/timestamp.ts";
import { isDay, leapTimestamp } from "./calendar.ts";

// Anchored, each part by its own characters: linear. The minus of an offset may be Unicode's.
const FORM =
  /^([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt ]([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]+))?(?:[Zz]|([+\-\u2212])([0-9]{2}):([0-5][0-9]))$/;

/** Undefined: it is none. A leap second is the one before it with a second more of nanoseconds. */
export function parseRfc3339(text: string): Timestamp | undefined {
  const found = FORM.exec(text);
  if (found === null) return undefined;
  const year = Number(found[1]);
  const month = Number(found[2]);
  const day = Number(found[3]);
  const hour = Number(found[4]);
  const minute = Number(found[5]);
  const second = Number(found[6]);
  if (!isDay(year, month, day) || hour > 23 || minute > 59 || second > 60) return undefined;
  const offsetHours = Number(found[9] ?? 0);
  if (offsetHours > 23) return undefined;
  const offset = (offsetHours * 60 + Number(found[10] ?? 0)) * 60 * (found[8] === "+" ? 1 : -1);
  const fraction = found[7] === undefined ? 0 : Number(found[7].slice(0, 9).padEnd(9, "0"));
  const local = leapTimestamp({ year, month, day, hour, minute, second }, fraction);
  return new Timestamp(local.seconds - offset, local.nanoseconds);
}
