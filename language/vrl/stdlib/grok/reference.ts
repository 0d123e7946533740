/** Where patterns name others: `%{NAME}`, `%{NAME:field}`, `%{NAME:field:extract}`, each also with `=definition`. */

export interface Reference {
  readonly name: string;
  /** Empty: there is none. */
  readonly field: string;
  /** Empty: there is none. */
  readonly definition: string;
}

/** What a pattern is made of: text of an expression, and references. */
export type Piece = string | Reference;

/** Why the rest cannot be read. */
export interface Problem {
  readonly problem: string;
}

/** A pattern's pieces in turn; a problem is the last. A `%` takes the character behind it along, be it another. */
export function* piecesOf(pattern: string): Generator<Piece | Problem, void, undefined> {
  let from = 0;
  while (from < pattern.length) {
    if (!pattern.startsWith("%{", from)) {
      const past = pattern[from] === "%" ? 2 : 1;
      const next = pattern.indexOf("%", from + past);
      const end = next < 0 ? pattern.length : next;
      yield pattern.slice(from, end);
      from = end;
      continue;
    }
    const read = readReference(pattern, from + 2);
    if ("problem" in read) {
      yield read;
      return;
    }
    yield read.reference;
    from = read.end;
  }
}

interface Read {
  readonly reference: Reference;
  /** Behind its `}`. */
  readonly end: number;
}

const NAME_CHARACTER = /[A-Za-z0-9_]/;
const FIELD_CHARACTER = /[A-Za-z0-9_\-[\].]/;
/** Name, field and what is to be made of it. */
const PARTS_MAX = 3;

const INVALID: Problem = { problem: "InvalidPattern" };
const INVALID_DEFINITION: Problem = { problem: "InvalidPatternDefinition" };

/** From behind `%{`. */
function readReference(pattern: string, start: number): Read | Problem {
  const parts: string[] = [];
  let at = start;
  for (;;) {
    const end = endOfPart(pattern, at, parts.length === 0 ? NAME_CHARACTER : FIELD_CHARACTER);
    if (typeof end !== "number") return end;
    if ((parts.length === 0 && end === at) || parts.length === PARTS_MAX) return INVALID;
    parts.push(pattern.slice(at, end));
    if (parts.length === PARTS_MAX && parts[2] === "") return INVALID_DEFINITION;
    at = end + 1;
    if (pattern[end] !== ":") break;
  }
  let definition = "";
  if (pattern[at - 1] === "=") {
    const end = pattern.slice(at).search(/[{}]/);
    if (end <= 0 || pattern[at + end] === "{") return INVALID_DEFINITION;
    definition = pattern.slice(at, at + end);
    at += end + 1;
  }
  const [name = "", field = ""] = parts;
  if (parts.length === 2 && field === "") return INVALID_DEFINITION;
  return { reference: { name, field, definition }, end: at };
}

/** Where the next `:`, `=` or `}` is. */
function endOfPart(pattern: string, from: number, allowed: RegExp): number | Problem {
  for (let at = from; at < pattern.length; at++) {
    const character = pattern[at]!;
    if (character === ":" || character === "=" || character === "}") return at;
    if (!allowed.test(character)) {
      const whole = String.fromCodePoint(pattern.codePointAt(at)!);
      return { problem: `InvalidCharacter('${whole}')` };
    }
  }
  return INVALID;
}
