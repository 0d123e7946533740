/** What stands between brackets. Nested as deep as it likes: a stack of its own holds what is open. */
import { parseEscape, type EscapeSyntax } from "./parse-escape.ts";
import type { Place } from "./problem.ts";
import type { Reader } from "./reader.ts";
import type { AsciiSyntax, BracketSyntax, LiteralSyntax, OperationSyntax, SetSyntax } from "./syntax.ts";

const UNCLOSED = "unclosed character class";

/** A bracket that is open. */
interface Open {
  readonly place: Place;
  readonly isNegated: boolean;
  /** Items since the bracket or the last operator. */
  items: SetSyntax[];
  /** Where they begin. */
  itemsStart: number;
  /** What stands left of the last operator. */
  left: { readonly set: SetSyntax; readonly operator: OperationSyntax["operator"] } | undefined;
}

const asciiNames: ReadonlySet<string> = new Set(
  "alnum alpha ascii blank cntrl digit graph lower print punct space upper word xdigit".split(" "),
);

/** `reader` is at the `[`. */
export function parseBracket(reader: Reader): BracketSyntax {
  const open: Open[] = [];
  while (true) {
    reader.skipBlanks();
    const innermost = open.at(-1);
    if (reader.isAtEnd) return reader.fail(UNCLOSED, innermost!.place);
    const character = reader.now();
    if (character === "[") {
      const ascii = innermost === undefined ? undefined : parseAscii(reader);
      if (ascii === undefined) open.push(parseOpening(reader));
      else innermost!.items.push(ascii);
    } else if (character === "]") {
      open.pop();
      reader.next();
      const set = closed(innermost!, reader.at - 1);
      const bracket: BracketSyntax = {
        kind: "bracket",
        isNegated: innermost!.isNegated,
        set,
        ...reader.from(innermost!.place.start),
      };
      const outer = open.at(-1);
      if (outer === undefined) return bracket;
      outer.items.push(bracket);
    } else if ((character === "&" || character === "-" || character === "~") && reader.peek() === character) {
      const set = closed(innermost!, reader.at);
      reader.nextIf(character + character);
      innermost!.left = { set, operator: `${character}${character}` as OperationSyntax["operator"] };
      innermost!.items = [];
      innermost!.itemsStart = reader.at;
    } else innermost!.items.push(parseItem(reader, innermost!.place));
  }
}

/** The items so far, with what stands left of them. */
function closed({ items, itemsStart, left }: Open, at: number): SetSyntax {
  const [first, second] = items;
  const place =
    first === undefined
      ? { start: itemsStart, end: itemsStart }
      : { start: first.start, end: items.at(-1)!.end };
  const set: SetSyntax =
    first === undefined
      ? { kind: "empty", start: Math.min(itemsStart, at), end: Math.min(itemsStart, at) }
      : second === undefined
        ? first
        : { kind: "union", items, ...place };
  if (left === undefined) return set;
  return {
    kind: "operation",
    operator: left.operator,
    left: left.set,
    right: set,
    start: left.set.start,
    end: set.end,
  };
}

function parseOpening(reader: Reader): Open {
  const start = reader.at;
  if (!reader.nextAndBlanks()) reader.fail(UNCLOSED, reader.from(start));
  let isNegated = false;
  if (reader.now() === "^") {
    isNegated = true;
    if (!reader.nextAndBlanks()) reader.fail(UNCLOSED, reader.from(start));
  }
  const itemsStart = reader.at;
  const items: SetSyntax[] = [];
  // Dashes that come first stand for themselves, and so does a closing bracket.
  while (reader.now() === "-") {
    items.push(verbatim(reader));
    if (!reader.nextAndBlanks()) reader.fail(UNCLOSED, { start, end: start });
  }
  if (items.length === 0 && reader.now() === "]") {
    items.push(verbatim(reader));
    if (!reader.nextAndBlanks()) reader.fail(UNCLOSED, reader.from(start));
  }
  return { place: reader.from(start), isNegated, items, itemsStart, left: undefined };
}

function verbatim(reader: Reader): LiteralSyntax {
  return { kind: "literal", code: reader.now().codePointAt(0)!, isByte: false, ...reader.here };
}

/** `[:alpha:]`; undefined, and nothing is read, where it is something else. */
function parseAscii(reader: Reader): AsciiSyntax | undefined {
  const start = reader.at;
  const giveUp = (): undefined => {
    reader.at = start;
    return undefined;
  };
  if (!reader.nextIf("[:") || reader.isAtEnd) return giveUp();
  const isNegated = reader.now() === "^";
  if (isNegated && !reader.next()) return giveUp();
  let name = "";
  while (!reader.isAtEnd && reader.now() !== ":") {
    name += reader.now();
    reader.next();
  }
  if (!reader.nextIf(":]") || !asciiNames.has(name)) return giveUp();
  return { kind: "ascii", name, isNegated, ...reader.from(start) };
}

function parseItem(reader: Reader, bracket: Place): SetSyntax {
  const first = parsePrimitive(reader);
  reader.skipBlanks();
  if (reader.isAtEnd) reader.fail(UNCLOSED, bracket);
  const beyond = reader.now() === "-" ? reader.peekBeyondBlanks() : undefined;
  // A dash before the closing bracket stands for itself, two are an operator.
  if (reader.now() !== "-" || beyond === "]" || beyond === "-") return itemOf(reader, first);
  if (!reader.nextAndBlanks()) reader.fail(UNCLOSED, bracket);
  const last = parsePrimitive(reader);
  const place = { start: first.start, end: last.end };
  const range = { first: literalOf(reader, first), last: literalOf(reader, last) };
  if (range.first.code > range.last.code)
    reader.fail("invalid character class range, the start must be <= the end", place);
  return { kind: "range", ...range, ...place };
}

function parsePrimitive(reader: Reader): EscapeSyntax {
  if (reader.now() === "\\") return parseEscape(reader);
  const literal = verbatim(reader);
  reader.next();
  return literal;
}

function itemOf(reader: Reader, escape: EscapeSyntax): SetSyntax {
  return escape.kind === "assertion"
    ? reader.fail("invalid escape sequence found in character class", escape)
    : escape;
}

function literalOf(reader: Reader, escape: EscapeSyntax): LiteralSyntax {
  return escape.kind === "literal"
    ? escape
    : reader.fail("invalid range boundary, must be a literal", escape);
}
