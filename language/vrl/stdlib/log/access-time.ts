/** The time of access logs, `29/Feb/2024:10:11:12 +0100`, which is `%d/%b/%Y:%T %z`: read at once where it is as servers write it. */
import { secondsOf, Timestamp } from "../../runtime/timestamp.ts";
import { isCivil } from "./calendar.ts";

export const ACCESS_TIME = "%d/%b/%Y:%T %z";

// Anchored, each part of a fixed length: linear.
const FORM =
  /^([0-9]{2})\/([A-Z][a-z]{2})\/([0-9]{4}):([0-9]{2}):([0-9]{2}):([0-9]{2}) ([+-])([0-9]{2})([0-5][0-9])$/;

const months: ReadonlyMap<string, number> = new Map(
  ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"].map((name, index) => [
    name,
    index + 1,
  ]),
);

/** Undefined: it is not as they write it, and may yet be one. */
export function readAccessTime(text: string): Timestamp | undefined {
  const found = FORM.exec(text);
  const month = found === null ? undefined : months.get(found[2]!);
  if (found === null || month === undefined) return undefined;
  const civil = {
    year: Number(found[3]),
    month,
    day: Number(found[1]),
    hour: Number(found[4]),
    minute: Number(found[5]),
    second: Number(found[6]),
  };
  const offsetHours = Number(found[8]);
  if (!isCivil(civil) || offsetHours > 23) return undefined;
  const offset = (offsetHours * 60 + Number(found[9])) * (found[7] === "-" ? -60 : 60);
  return new Timestamp(secondsOf(civil) - offset, 0);
}
