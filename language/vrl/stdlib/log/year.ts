import { civilOf } from "../../runtime/timestamp.ts";
import type { Host } from "../host.ts";

/** The year of a log line that tells none: this one, but for December's lines of last year while it is January. */
export function currentYear(host: Host, month: number): number {
  const now = civilOf(Number(host.now() / 1_000_000_000n));
  return now.month === 1 && month === 12 ? now.year - 1 : now.year;
}
