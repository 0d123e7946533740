/** Joda's formats of dates, `yyyy-MM-dd'T'HH:mm:ss.SSSZ`: what they match, and chrono's formats that read it. */

export interface DateFormat {
  /** Chrono's. */
  readonly strftime: string;
  /** Of Rust's syntax, without groups. */
  readonly expression: string;
  /** The same with the groups `tz`, a timezone's name, and `fr`, what stands before a second's fraction. */
  readonly groupedExpression: string;
  readonly hasTimezone: boolean;
  readonly hasTimezoneName: boolean;
  readonly hasFraction: boolean;
}

interface Field {
  /** Undefined: chrono has none. */
  readonly strftime: string;
  readonly expression: string;
}

function digits(count: number): string {
  return String.raw`[\d]{${count}}`;
}

const ONE_OR_TWO = String.raw`[\d]{1,2}`;
const LETTERS = String.raw`[\w]+`;
const PLACE = String.raw`[\w]+(?:/[\w]+)?`;

/** By the letter, of so many of it. */
const fields: Readonly<Record<string, (count: number) => Field | undefined>> = {
  h: (count) => ({ strftime: "%I", expression: digits(count) }),
  H: (count) => ({ strftime: "%H", expression: digits(count) }),
  m: (count) => ({ strftime: "%M", expression: digits(count) }),
  s: (count) => ({ strftime: "%S", expression: digits(count) }),
  Y: (count) => ({ strftime: count === 2 ? "%y" : "%Y", expression: digits(count) }),
  y: (count) => ({ strftime: count === 2 ? "%y" : "%Y", expression: digits(count === 1 ? 4 : count) }),
  x: (count) => ({ strftime: "%D", expression: digits(count) }),
  c: (count) => ({ strftime: "%C", expression: digits(count) }),
  C: (count) => ({ strftime: "%C", expression: digits(count) }),
  d: (count) => ({
    strftime: count === 1 ? "%-d" : "%d",
    expression: count === 1 ? ONE_OR_TWO : digits(count),
  }),
  e: (count) => ({ strftime: "%u", expression: digits(count) }),
  D: (count) => ({ strftime: "%j", expression: digits(count) }),
  w: (count) => ({ strftime: "%V", expression: digits(count) }),
  M: monthField,
  a: () => ({ strftime: "%p", expression: "(?:[aA][mM]|[pP][mM])" }),
  E: (count) => {
    if (count < 3) return undefined;
    return count === 3
      ? { strftime: "%a", expression: String.raw`[\w]{3}` }
      : { strftime: "%A", expression: LETTERS };
  },
  z: (count) => ({ strftime: "%Z", expression: count < 4 ? LETTERS : PLACE }),
  Z: (count) => ({
    strftime: count === 1 ? "%z" : count === 2 ? "%:z" : "",
    expression: count < 3 ? String.raw`(?:Z|[+-]\d\d:?\d\d)` : PLACE,
  }),
};

function monthField(count: number): Field {
  if (count === 1) return { strftime: "%-m", expression: ONE_OR_TWO };
  if (count === 2) return { strftime: "%m", expression: digits(2) };
  if (count === 3) return { strftime: "%b", expression: String.raw`[\w]{3}` };
  return { strftime: "%B", expression: LETTERS };
}

/** Letters of one kind, text in quotes, or one other character. */
const PARTS = /([A-Za-z])\1*|'([^']*)(?:'|$)|[^]/gu;

/** Undefined: it is none. */
export function parseDateFormat(format: string): DateFormat | undefined {
  let strftime = "";
  let expression = "";
  let groupedExpression = "";
  let hasTimezone = false;
  let hasTimezoneName = false;
  let hasFraction = false;
  for (const [part, letter, quoted] of format.matchAll(PARTS)) {
    if (quoted !== undefined) {
      strftime += quoted;
      expression += quoted;
      groupedExpression += quoted;
    } else if (letter === undefined) {
      strftime += part;
      const literal = part === "." ? String.raw`\.` : part;
      expression += literal;
      groupedExpression += literal;
    } else if (letter === "S") {
      // What stands before a fraction belongs to it: chrono reads a dot there.
      const [before, mark] = splitMark(expression);
      const [groupedBefore, groupedMark] = splitMark(groupedExpression);
      strftime = `${strftime.slice(0, -1)}%.f`;
      expression = before + mark + digits(part.length);
      hasFraction ||= groupedMark !== "";
      groupedExpression =
        groupedBefore + (groupedMark === "" ? "" : `(?P<fr>${groupedMark})`) + digits(part.length);
    } else {
      const field = fields[letter]?.(part.length);
      if (field === undefined) return undefined;
      strftime += field.strftime;
      expression += field.expression;
      groupedExpression += letter === "z" ? `(?P<tz>${field.expression})` : field.expression;
      hasTimezoneName ||= letter === "z";
      hasTimezone ||= letter === "z" || letter === "Z";
    }
  }
  return { strftime, expression, groupedExpression, hasTimezone, hasTimezoneName, hasFraction };
}

/** Its last character, with the backslash before a dot. */
function splitMark(expression: string): [before: string, mark: string] {
  const length = expression.endsWith(".") ? 2 : 1;
  return [expression.slice(0, -length), expression.slice(-length)];
}
