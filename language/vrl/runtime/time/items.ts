/**
 * Formats of dates and times: `strftime`'s specifiers as the crate chrono 0.4 knows them, for writing and reading.
 */

/** What a number fills up with. */
export type Pad = "none" | "zero" | "space";

export type NumberField =
  | "year"
  | "century"
  | "year-of-century"
  | "iso-year"
  | "iso-year-of-century"
  | "quarter"
  | "month"
  | "day"
  | "week-from-sunday"
  | "week-from-monday"
  | "iso-week"
  /** Sunday is 0. */
  | "days-from-sunday"
  /** Monday is 1. */
  | "weekday-from-monday"
  | "day-of-year"
  | "hour"
  | "hour-of-12"
  | "minute"
  | "second"
  | "nanosecond"
  | "timestamp";

export type TextField =
  | "short-month"
  | "long-month"
  | "short-weekday"
  | "long-weekday"
  | "lower-am-pm"
  | "upper-am-pm"
  /** With the dot, as many digits as there are: none, 3, 6 or 9. */
  | "fraction"
  | "fraction-3"
  | "fraction-6"
  | "fraction-9"
  /** Without the dot. */
  | "digits-3"
  | "digits-6"
  | "digits-9"
  | "zone-name"
  | "offset"
  | "offset-colon"
  | "offset-seconds"
  | "offset-hours"
  /** Minutes may be missing; it cannot be written. */
  | "offset-permissive"
  | "rfc3339";

export type Item =
  | { readonly kind: "literal"; readonly text: string }
  | { readonly kind: "space"; readonly text: string }
  | { readonly kind: "number"; readonly field: NumberField; readonly pad: Pad }
  | { readonly kind: "text"; readonly field: TextField }
  /** What is no specifier. */
  | { readonly kind: "error" };

const error: Item = { kind: "error" };

const numbers: ReadonlyMap<string, readonly [field: NumberField, pad: Pad]> = new Map([
  ["C", ["century", "zero"]],
  ["G", ["iso-year", "zero"]],
  ["H", ["hour", "zero"]],
  ["I", ["hour-of-12", "zero"]],
  ["M", ["minute", "zero"]],
  ["S", ["second", "zero"]],
  ["U", ["week-from-sunday", "zero"]],
  ["V", ["iso-week", "zero"]],
  ["W", ["week-from-monday", "zero"]],
  ["Y", ["year", "zero"]],
  ["d", ["day", "zero"]],
  ["e", ["day", "space"]],
  ["f", ["nanosecond", "zero"]],
  ["g", ["iso-year-of-century", "zero"]],
  ["j", ["day-of-year", "zero"]],
  ["k", ["hour", "space"]],
  ["l", ["hour-of-12", "space"]],
  ["m", ["month", "zero"]],
  ["q", ["quarter", "none"]],
  ["s", ["timestamp", "none"]],
  ["u", ["weekday-from-monday", "none"]],
  ["w", ["days-from-sunday", "none"]],
  ["y", ["year-of-century", "zero"]],
]);

/** By all that follows the percent sign. */
const texts: ReadonlyMap<string, TextField> = new Map([
  ["A", "long-weekday"],
  ["B", "long-month"],
  ["P", "lower-am-pm"],
  ["Z", "zone-name"],
  ["a", "short-weekday"],
  ["b", "short-month"],
  ["h", "short-month"],
  ["p", "upper-am-pm"],
  ["z", "offset"],
  [":z", "offset-colon"],
  ["::z", "offset-seconds"],
  [":::z", "offset-hours"],
  ["#z", "offset-permissive"],
  ["+", "rfc3339"],
  [".f", "fraction"],
  [".3f", "fraction-3"],
  [".6f", "fraction-6"],
  [".9f", "fraction-9"],
  ["3f", "digits-3"],
  ["6f", "digits-6"],
  ["9f", "digits-9"],
]);

/** Specifiers that stand for formats. */
const shorthands: ReadonlyMap<string, string> = new Map([
  ["D", "%m/%d/%y"],
  ["F", "%Y-%m-%d"],
  ["R", "%H:%M"],
  ["T", "%H:%M:%S"],
  ["X", "%H:%M:%S"],
  ["c", "%a %b %e %H:%M:%S %Y"],
  ["r", "%I:%M:%S %p"],
  ["v", "%e-%b-%Y"],
  ["x", "%m/%d/%y"],
]);

const pads: ReadonlyMap<string, Pad> = new Map([
  ["-", "none"],
  ["0", "zero"],
  ["_", "space"],
]);

/** A piece of a format: blanks, a specifier, or what else there is. */
const piece =
  /(?<blanks>\p{White_Space}+)|%(?<spec>[-0_#]?(?:::?:?z|\.[369]?f|[369]f|[^]))?|(?<literal>[^%\p{White_Space}]+)/gu;

export function parseFormat(format: string): readonly Item[] {
  const items: Item[] = [];
  for (const { groups = {} } of format.matchAll(piece)) {
    const { blanks, spec, literal } = groups;
    if (blanks !== undefined) items.push({ kind: "space", text: blanks });
    else if (literal !== undefined) items.push({ kind: "literal", text: literal });
    else items.push(...specified(spec ?? ""));
  }
  return items;
}

function specified(spec: string): readonly Item[] {
  const pad = pads.get(spec[0] ?? "");
  const name = pad === undefined ? spec : spec.slice(1);
  const number = numbers.get(name);
  if (number !== undefined) return [{ kind: "number", field: number[0], pad: pad ?? number[1] }];
  // Only numbers are filled up.
  if (pad !== undefined) return [error];
  const field = texts.get(name);
  if (field !== undefined) return [{ kind: "text", field }];
  const shorthand = shorthands.get(name);
  if (shorthand !== undefined) return parseFormat(shorthand);
  if (name === "%") return [{ kind: "literal", text: "%" }];
  if (name === "n" || name === "t") return [{ kind: "space", text: name === "n" ? "\n" : "\t" }];
  return [error];
}
