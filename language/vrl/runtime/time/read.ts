/** Reads dates and times in a format. */
import type { Timestamp } from "../timestamp.ts";
import { byteLength } from "../text.ts";
import { parseFormat, type Item, type NumberField, type TextField } from "./items.ts";
import { monthNames, weekdayNames } from "./names.ts";
import { Parsed, TimeProblem, type ParsedField, type TimeProblemText } from "./parsed.ts";
import type { Zone } from "./zone.ts";

/** What has no offset in `items` is as the clocks of `zone` show it; undefined: `items` have one. */
export function readTimestamp(
  text: string,
  items: readonly Item[],
  zone: Zone | undefined,
): Timestamp | TimeProblemText {
  const reader = new TimeReader(text);
  const problem = reader.read(items) ?? (reader.isAtEnd ? undefined : TimeProblem.tooLong);
  if (problem !== undefined) return problem;
  return zone === undefined ? reader.parsed.toTimestamp() : reader.parsed.toTimestampIn(zone);
}

/** RFC 3339, also with blanks around its parts and years of any length: the text of a timestamp literal. */
export function readTimestampLiteral(text: string): Timestamp | TimeProblemText {
  const reader = new TimeReader(text);
  const problem = reader.readRfc3339();
  if (problem !== undefined) return problem;
  reader.skipBlanks();
  return reader.isAtEnd ? reader.parsed.toTimestamp() : TimeProblem.tooLong;
}

interface NumberRule {
  readonly width: number;
  readonly isSigned?: true;
  readonly set: (parsed: Parsed, value: number) => TimeProblemText | undefined;
}

function rule(width: number, field: ParsedField): NumberRule {
  return { width, set: (parsed, value) => parsed.set(field, value) };
}

const numberRules: Readonly<Record<NumberField, NumberRule>> = {
  year: { ...rule(4, "year"), isSigned: true },
  century: rule(2, "century"),
  "year-of-century": rule(2, "yearOfCentury"),
  "iso-year": { ...rule(4, "isoYear"), isSigned: true },
  "iso-year-of-century": rule(2, "isoYearOfCentury"),
  quarter: rule(1, "quarter"),
  month: rule(2, "month"),
  day: rule(2, "day"),
  "week-from-sunday": rule(2, "weekFromSunday"),
  "week-from-monday": rule(2, "weekFromMonday"),
  "iso-week": rule(2, "isoWeek"),
  "days-from-sunday": {
    width: 1,
    set: (parsed, value) => (value > 6 ? TimeProblem.outOfRange : parsed.set("weekday", (value + 6) % 7)),
  },
  "weekday-from-monday": { width: 1, set: (parsed, value) => parsed.set("weekday", value - 1) },
  "day-of-year": rule(3, "dayOfYear"),
  hour: { width: 2, set: (parsed, value) => parsed.setHour(value) },
  "hour-of-12": { width: 2, set: (parsed, value) => parsed.setHourOf12(value) },
  minute: rule(2, "minute"),
  second: rule(2, "second"),
  nanosecond: rule(9, "nanosecond"),
  timestamp: rule(Infinity, "timestamp"),
};

const INTEGER_MAX = 2 ** 63;

const blank = /^\p{White_Space}+/u;
const dateItems = parseFormat("%Y -%m -%d").map(withoutText);
const clockItems = parseFormat("%H :%M :%S%.f ").map(withoutText);

/** Blanks in these formats stand for any or none. */
function withoutText(item: Item): Item {
  return item.kind === "space" ? { kind: "space", text: "" } : item;
}

/** How an offset may be written. */
interface OffsetRule {
  readonly separators: RegExp | undefined;
  readonly allowsZ?: boolean;
  readonly allowsMissingMinutes?: boolean;
  /** U+2212. */
  readonly allowsMinusSign?: boolean;
}

const blanksAndColons = /^[:\p{White_Space}]+/u;

const usualOffset: OffsetRule = { separators: blanksAndColons, allowsMinusSign: true };
const zuluOffset: OffsetRule = { ...usualOffset, allowsZ: true };
const permissiveOffset: OffsetRule = { ...zuluOffset, allowsMissingMinutes: true };
const mailOffset: OffsetRule = { separators: undefined };

/** Goes through a text; a problem ends it. Lengths count bytes, as the messages do. */
class TimeReader {
  readonly parsed: Parsed = new Parsed();
  #rest: string;
  /** What was read last. */
  #number = 0;

  constructor(text: string) {
    this.#rest = text;
  }

  get isAtEnd(): boolean {
    return this.#rest === "";
  }

  skipBlanks(): void {
    const code = this.#rest.charCodeAt(0);
    // As a rule there is none.
    if (code > 0x20 && code < 0x80) return;
    this.#rest = this.#rest.replace(blank, "");
  }

  read(items: readonly Item[]): TimeProblemText | undefined {
    for (const item of items) {
      const problem = this.#readItem(item);
      if (problem !== undefined) return problem;
    }
    return undefined;
  }

  #readItem(item: Item): TimeProblemText | undefined {
    switch (item.kind) {
      case "literal":
        return this.#readLiteral(item.text);
      case "space":
        this.skipBlanks();
        return undefined;
      case "number":
        return this.#readField(numberRules[item.field]);
      case "text":
        return this.#readText(item.field);
      case "error":
        return TimeProblem.badFormat;
    }
  }

  #isShorterThan(bytes: number): boolean {
    return this.#rest.length < bytes && byteLength(this.#rest) < bytes;
  }

  #skip(units: number): undefined {
    this.#rest = this.#rest.slice(units);
    return undefined;
  }

  #readLiteral(text: string): TimeProblemText | undefined {
    if (this.#rest.startsWith(text)) return this.#skip(text.length);
    return this.#isShorterThan(byteLength(text)) ? TimeProblem.tooShort : TimeProblem.invalid;
  }

  #readField({ width, isSigned, set }: NumberRule): TimeProblemText | undefined {
    this.skipBlanks();
    const sign = isSigned === true ? this.#rest[0] : undefined;
    const hasSign = sign === "-" || sign === "+";
    if (hasSign) this.#skip(1);
    const problem = this.#readNumber(1, hasSign ? Infinity : width);
    return problem ?? set(this.parsed, sign === "-" ? -this.#number : this.#number);
  }

  /** Digits, `min` to `max` of them. */
  #readNumber(min: number, max: number): TimeProblemText | undefined {
    const text = this.#rest;
    if (this.#isShorterThan(min)) return TimeProblem.tooShort;
    let value = 0;
    let count = 0;
    for (; count < max && count < text.length; count++) {
      const digit = text.charCodeAt(count) - 0x30;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
      if (value >= INTEGER_MAX) return TimeProblem.outOfRange;
    }
    if (count < min) return TimeProblem.invalid;
    this.#number = value;
    return this.#skip(count);
  }

  #readText(field: TextField): TimeProblemText | undefined {
    switch (field) {
      case "short-month":
        return this.#readName(monthNames, "month", 1, false);
      case "long-month":
        return this.#readName(monthNames, "month", 1, true);
      case "short-weekday":
        return this.#readName(weekdayNames, "weekday", 0, false);
      case "long-weekday":
        return this.#readName(weekdayNames, "weekday", 0, true);
      case "lower-am-pm":
      case "upper-am-pm":
        return this.#readHalfDay();
      case "fraction":
        return this.#rest.startsWith(".") ? this.#readFraction() : undefined;
      case "fraction-3":
      case "fraction-6":
      case "fraction-9":
        if (!this.#rest.startsWith(".")) return undefined;
        this.#skip(1);
        return this.#readDigits(Number(field.slice(-1)));
      case "digits-3":
      case "digits-6":
      case "digits-9":
        return this.#readDigits(Number(field.slice(-1)));
      case "zone-name":
        this.#rest = this.#rest.replace(/^\P{White_Space}+/u, "");
        return undefined;
      case "offset":
      case "offset-colon":
      case "offset-seconds":
      case "offset-hours":
        this.skipBlanks();
        return this.#readOffset(usualOffset);
      case "offset-permissive":
        this.skipBlanks();
        return this.#readOffset(permissiveOffset);
      case "rfc3339":
        return this.readRfc3339();
    }
  }

  /** By its first three letters; a long one goes on with the others where they are there. */
  #readName(
    names: readonly string[],
    field: ParsedField,
    first: number,
    isLong: boolean,
  ): TimeProblemText | undefined {
    if (this.#isShorterThan(3)) return TimeProblem.tooShort;
    const start = lowerCase(this.#rest.slice(0, 3));
    const index = names.findIndex((name) => name.slice(0, 3).toLowerCase() === start);
    if (index < 0) return TimeProblem.invalid;
    const problem = this.parsed.set(field, index + first);
    const { length } = names[index]!;
    const goesOn = isLong && lowerCase(this.#rest.slice(0, length)) === names[index]!.toLowerCase();
    this.#skip(goesOn ? length : 3);
    return problem;
  }

  #readHalfDay(): TimeProblemText | undefined {
    if (this.#isShorterThan(2)) return TimeProblem.tooShort;
    const half = ["am", "pm"].indexOf(lowerCase(this.#rest.slice(0, 2)));
    if (half < 0) return TimeProblem.invalid;
    this.#skip(2);
    return this.parsed.set("halfDay", half);
  }

  /** A dot and digits; those beyond nine do not count. */
  #readFraction(): TimeProblemText | undefined {
    this.#skip(1);
    const { length } = this.#rest;
    const problem = this.#readNumber(1, 9);
    if (problem !== undefined) return problem;
    const nanosecond = this.#number * 10 ** (9 - (length - this.#rest.length));
    this.#rest = this.#rest.replace(/^[0-9]+/, "");
    return this.parsed.set("nanosecond", nanosecond);
  }

  #readDigits(count: number): TimeProblemText | undefined {
    return this.#readNumber(count, count) ?? this.parsed.set("nanosecond", this.#number * 10 ** (9 - count));
  }

  #readOffset(how: OffsetRule): TimeProblemText | undefined {
    const first = this.#rest[0];
    if (how.allowsZ === true && (first === "Z" || first === "z")) {
      this.#skip(1);
      return this.parsed.set("offset", 0);
    }
    if (first === undefined) return TimeProblem.tooShort;
    const isMinus = first === "-" || (first === "\u2212" && how.allowsMinusSign === true);
    if (!isMinus && first !== "+") return TimeProblem.invalid;
    this.#skip(1);
    const problem = this.#readNumber(2, 2);
    if (problem !== undefined) return problem;
    const hours = this.#number;
    if (how.separators !== undefined) this.#rest = this.#rest.replace(how.separators, "");
    let minutes = 0;
    if (!this.#isShorterThan(2)) {
      const wrong = this.#readNumber(2, 2);
      if (wrong !== undefined) return wrong;
      minutes = this.#number;
      if (minutes > 59) return TimeProblem.outOfRange;
    } else if (how.allowsMissingMinutes !== true || !this.isAtEnd) return TimeProblem.tooShort;
    const seconds = (hours * 60 + minutes) * 60;
    return this.parsed.set("offset", isMinus ? 0 - seconds : seconds);
  }

  readRfc3339(): TimeProblemText | undefined {
    const problem = this.read(dateItems);
    if (problem !== undefined) return problem;
    if (this.isAtEnd) return TimeProblem.tooShort;
    if (!/^[tT ]/.test(this.#rest)) return TimeProblem.invalid;
    this.#skip(1);
    const wrong = this.read(clockItems);
    if (wrong !== undefined) return wrong;
    if (lowerCase(this.#rest.slice(0, 3)) === "utc") {
      this.#skip(3);
      return this.parsed.set("offset", 0);
    }
    return this.#readOffset(zuluOffset);
  }

  /** RFC 2822, the time of mails. */
  readRfc2822(): TimeProblemText | undefined {
    this.skipBlanks();
    if (weekdayNames.some((name) => lowerCase(this.#rest.slice(0, 3)) === name.slice(0, 3).toLowerCase())) {
      const problem = this.#readText("short-weekday");
      if (problem !== undefined) return problem;
      if (!this.#rest.startsWith(",")) return TimeProblem.invalid;
      this.#skip(1);
    }
    this.skipBlanks();
    return (
      this.#readNumber(1, 2) ??
      this.parsed.set("day", this.#number) ??
      this.#readBlanks() ??
      this.#readText("short-month") ??
      this.#readBlanks() ??
      this.#readMailYear() ??
      this.#readBlanks() ??
      this.#readMailClock() ??
      this.#readBlanks() ??
      this.#readMailOffset() ??
      this.#skipComments()
    );
  }

  #readBlanks(): TimeProblemText | undefined {
    const { length } = this.#rest;
    this.skipBlanks();
    if (this.#rest.length < length) return undefined;
    return length === 0 ? TimeProblem.tooShort : TimeProblem.invalid;
  }

  #readMailYear(): TimeProblemText | undefined {
    const { length } = this.#rest;
    const problem = this.#readNumber(2, Infinity);
    if (problem !== undefined) return problem;
    const digits = length - this.#rest.length;
    const year = this.#number;
    if (digits > 3) return this.parsed.set("year", year);
    return this.parsed.set("year", year + (digits === 2 && year < 50 ? 2000 : 1900));
  }

  #readMailClock(): TimeProblemText | undefined {
    const problem = this.#readNumber(2, 2) ?? this.parsed.setHour(this.#number);
    if (problem !== undefined) return problem;
    this.skipBlanks();
    if (this.isAtEnd) return TimeProblem.tooShort;
    if (!this.#rest.startsWith(":")) return TimeProblem.invalid;
    this.#skip(1);
    this.skipBlanks();
    const wrong = this.#readNumber(2, 2) ?? this.parsed.set("minute", this.#number);
    const second = /^\p{White_Space}*:/u.exec(this.#rest);
    if (wrong !== undefined || second === null) return wrong;
    this.#skip(second[0].length);
    return this.#readNumber(2, 2) ?? this.parsed.set("second", this.#number);
  }

  #readMailOffset(): TimeProblemText | undefined {
    const [name = ""] = /^[A-Za-z]+/.exec(this.#rest) ?? [];
    if (name === "") return this.#readOffset(mailOffset);
    const hours = mailZones.get(name.toLowerCase()) ?? (/^[a-ik-z]$/i.test(name) ? 0 : undefined);
    if (hours === undefined) return TimeProblem.invalid;
    this.#skip(name.length);
    return this.parsed.set("offset", hours * 3600);
  }

  /** In parentheses, also nested ones; a backslash takes away the meaning of what follows. */
  #skipComments(): undefined {
    while (true) {
      const text = this.#rest.replace(blank, "");
      if (!text.startsWith("(")) return undefined;
      let depth = 0;
      let at = 0;
      do {
        if (text[at] === "\\") at++;
        else if (text[at] === "(") depth++;
        else if (text[at] === ")") depth--;
        at++;
      } while (depth > 0 && at < text.length);
      if (depth > 0) return undefined;
      this.#rest = text.slice(at);
    }
  }
}

const mailZones: ReadonlyMap<string, number> = new Map([
  ["gmt", 0],
  ["ut", 0],
  ["z", 0],
  ["edt", -4],
  ["est", -5],
  ["cdt", -5],
  ["cst", -6],
  ["mdt", -6],
  ["mst", -7],
  ["pdt", -7],
  ["pst", -8],
]);

/** ASCII letters alone. */
function lowerCase(text: string): string {
  return text.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());
}

/** RFC 2822, the time of mails; undefined: it is something else. */
export function readMailTimestamp(text: string): Timestamp | undefined {
  const reader = new TimeReader(text);
  if (reader.readRfc2822() !== undefined || !reader.isAtEnd) return undefined;
  const timestamp = reader.parsed.toTimestamp();
  return typeof timestamp === "string" ? undefined : timestamp;
}
