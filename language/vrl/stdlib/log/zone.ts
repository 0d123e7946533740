/** Timestamps of log lines: in the program's timezone where they tell none. */
import { Failure } from "../../runtime/failure.ts";
import { type Civil, secondsOf, Timestamp } from "../../runtime/timestamp.ts";
import { parseFormat } from "../../runtime/time/items.ts";
import { readTimestamp } from "../../runtime/time/read.ts";
import { utc, type Zone, zoneOf } from "../../runtime/time/zone.ts";
import type { Host } from "../host.ts";
import { ACCESS_TIME, readAccessTime } from "./access-time.ts";

/** The program's timezone; the compiler has seen to it that there is one of that name. */
export function programZone(timezone: string, host: Host): Zone {
  return zoneOf(timezone, host.localTimezone) ?? utc;
}

/** Reads timestamps in chrono's format; a failure says why not. */
export function timestampReader(
  format: string,
  timezone: string,
  host: Host,
): (text: string) => Timestamp | Failure {
  const items = parseFormat(format);
  const zone = programZone(timezone, host);
  const readQuickly = format === ACCESS_TIME ? readAccessTime : undefined;
  return (text) => {
    const quick = readQuickly?.(text);
    if (quick !== undefined) return quick;
    const local = readTimestamp(text, items, zone);
    if (typeof local !== "string") return local;
    // What it says of an offset may be another than the timezone's.
    const own = readTimestamp(text, items, undefined);
    if (typeof own !== "string") return own;
    return new Failure(`failed parsing timestamp ${text} using format ${format}: ${own}`);
  };
}

/** The earliest time that the timezone's clocks show so; undefined: they skip it. */
export function earliestLocalTime(civil: Civil, zone: Zone): Timestamp | undefined {
  const seconds = secondsOf(civil);
  const [span] = zone.spansAtLocal(seconds);
  return span === undefined ? undefined : new Timestamp(seconds - span.offset, 0);
}
