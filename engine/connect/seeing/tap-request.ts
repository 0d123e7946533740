import { Fault } from "@plinth/fault";
import type { TapFilter } from "@plinth/resource";
import { TAP_RPS_MAX, TAP_TEXT_MAX } from "./limits.ts";

const TEXTS = ["app", "from", "to", "method", "path", "status"] as const;

/** Checks a filter that came as JSON. Fault "invalid" names what is wrong with it. */
export function parseTapFilter(value: unknown): TapFilter {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw wrong("it is not an object");
  const filter = value as Readonly<Record<string, unknown>>;
  for (const name of TEXTS) {
    const text = filter[name];
    if (text === undefined) continue;
    if (typeof text !== "string" || text === "" || text.length > TAP_TEXT_MAX)
      throw wrong(`${name} is not a text of at most ${TAP_TEXT_MAX} characters`);
  }
  const { status, maxRps, query } = filter;
  if (status !== undefined && !/^[1-5][0-9x]{2}$/i.test(status as string))
    throw wrong(`status ${JSON.stringify(status)} is neither a status such as 503 nor a class such as 5xx`);
  if (
    maxRps !== undefined &&
    (typeof maxRps !== "number" || !Number.isInteger(maxRps) || maxRps < 1 || maxRps > TAP_RPS_MAX)
  )
    throw wrong(`maxRps is not a whole number from 1 to ${TAP_RPS_MAX}`);
  if (query !== undefined && typeof query !== "boolean") throw wrong("query is not true or false");
  return filter;
}

function wrong(why: string): Fault {
  return new Fault("invalid", `Cannot tap: ${why}`);
}
