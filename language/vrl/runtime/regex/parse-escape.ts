/** What begins with a backslash. */
import type { Reader } from "./reader.ts";
import type { AssertionName, AssertionSyntax, LiteralSyntax, PerlSyntax, PropertySyntax } from "./syntax.ts";

export type EscapeSyntax = LiteralSyntax | AssertionSyntax | PerlSyntax | PropertySyntax;

const EARLY_END = "incomplete escape sequence, reached end of pattern prematurely";

const controls: ReadonlyMap<string, number> = new Map([
  ["a", 0x07],
  ["f", 0x0c],
  ["t", 0x09],
  ["n", 0x0a],
  ["r", 0x0d],
  ["v", 0x0b],
]);

const assertions: ReadonlyMap<string, AssertionName> = new Map([
  ["A", "text-start"],
  ["z", "text-end"],
  ["b", "boundary"],
  ["B", "no-boundary"],
  ["<", "word-start"],
  [">", "word-end"],
]);

const boundaries: ReadonlyMap<string, AssertionName> = new Map([
  ["start", "word-start"],
  ["end", "word-end"],
  ["start-half", "word-start-half"],
  ["end-half", "word-end-half"],
]);

/** How many digits follow `\x`, `\u` and `\U`. */
const digitCounts: ReadonlyMap<string, number> = new Map([
  ["x", 2],
  ["u", 4],
  ["U", 8],
]);

export function parseEscape(reader: Reader): EscapeSyntax {
  const start = reader.at;
  if (!reader.next()) reader.fail(EARLY_END, reader.from(start));
  const character = reader.now();
  if (/^[0-9]$/.test(character))
    reader.fail("backreferences are not supported", { start, end: reader.at + 1 });
  if (digitCounts.has(character)) return parseHexadecimal(reader, start);
  if (character === "p" || character === "P") return parseProperty(reader, start);
  if (/^[dswDSW]$/.test(character)) {
    reader.next();
    const letter = character.toLowerCase() as "d" | "s" | "w";
    return { kind: "perl", letter, isNegated: letter !== character, ...reader.from(start) };
  }
  reader.next();
  const place = reader.from(start);
  const code =
    /^[\x00-\x7f]$/.test(character) && !/^[0-9A-Za-z<>]$/.test(character)
      ? character.codePointAt(0)
      : controls.get(character);
  if (code !== undefined) return { kind: "literal", code, isByte: false, ...place };
  const name = assertions.get(character);
  if (name === undefined) return reader.fail("unrecognized escape sequence", place);
  const special = character === "b" && reader.now() === "{" ? parseBoundary(reader, start) : undefined;
  return { kind: "assertion", name: special ?? name, ...reader.from(start) };
}

/** `\b{start}`; undefined where the brace begins a repetition. */
function parseBoundary(reader: Reader, start: number): AssertionName | undefined {
  const brace = reader.at;
  if (!reader.nextAndBlanks())
    reader.fail(
      "found either the beginning of a special word boundary or a bounded repetition on a \\b with an opening brace, " +
        "but no closing brace",
      reader.from(start),
    );
  const nameStart = reader.at;
  if (!/^[A-Za-z-]$/.test(reader.now())) {
    reader.at = brace;
    return undefined;
  }
  let name = "";
  while (/^[A-Za-z-]$/.test(reader.now())) {
    name += reader.now();
    reader.nextAndBlanks();
  }
  if (reader.now() !== "}")
    reader.fail(
      "special word boundary assertion is either unclosed or contains an invalid character",
      reader.from(brace),
    );
  const nameEnd = reader.at;
  reader.next();
  return (
    boundaries.get(name) ??
    reader.fail(
      "unrecognized special word boundary assertion, valid choices are: start, end, start-half or end-half",
      { start: nameStart, end: nameEnd },
    )
  );
}

function parseHexadecimal(reader: Reader, start: number): LiteralSyntax {
  const letter = reader.now();
  if (!reader.nextAndBlanks()) reader.fail(EARLY_END, reader.point);
  if (reader.now() === "{") return parseBraced(reader, start);
  const digitsStart = reader.at;
  let digits = "";
  for (let count = digitCounts.get(letter)!; count > 0; count--) {
    if (digits !== "" && !reader.nextAndBlanks()) reader.fail(EARLY_END, reader.point);
    digits += hexDigit(reader);
  }
  reader.nextAndBlanks();
  const code = scalarOf(digits) ?? notScalar(reader, digitsStart, reader.at);
  return { kind: "literal", code, isByte: letter === "x", ...reader.from(start) };
}

function parseBraced(reader: Reader, start: number): LiteralSyntax {
  const brace = reader.at;
  let digits = "";
  while (reader.nextAndBlanks() && reader.now() !== "}") digits += hexDigit(reader);
  if (reader.isAtEnd) reader.fail(EARLY_END, reader.from(brace));
  const end = reader.at;
  reader.nextAndBlanks();
  if (digits === "") reader.fail("hexadecimal literal empty", reader.from(brace));
  const code = scalarOf(digits) ?? notScalar(reader, brace + 1, end);
  return { kind: "literal", code, isByte: false, ...reader.from(start) };
}

function hexDigit(reader: Reader): string {
  return /^[0-9A-Fa-f]$/.test(reader.now())
    ? reader.now()
    : reader.fail("invalid hexadecimal digit", reader.here);
}

function scalarOf(digits: string): number | undefined {
  const code = Number.parseInt(digits, 16);
  return code > 0x10_ff_ff || (code >= 0xd8_00 && code <= 0xdf_ff) ? undefined : code;
}

function notScalar(reader: Reader, start: number, end: number): never {
  return reader.fail("hexadecimal literal is not a Unicode scalar value", { start, end });
}

function parseProperty(reader: Reader, start: number): PropertySyntax {
  const isNegated = reader.now() === "P";
  if (!reader.nextAndBlanks()) reader.fail(EARLY_END, reader.point);
  if (reader.now() !== "{") {
    const name = reader.now();
    if (name === "\\") reader.fail("invalid Unicode character class", reader.here);
    reader.nextAndBlanks();
    return { kind: "property", name, value: undefined, isNegated, ...reader.from(start) };
  }
  let text = "";
  while (reader.nextAndBlanks() && reader.now() !== "}") text += reader.now();
  if (reader.isAtEnd) reader.fail(EARLY_END, reader.point);
  reader.next();
  const operator = ["!=", ":", "="].find((each) => text.includes(each));
  const at = operator === undefined ? text.length : text.indexOf(operator);
  return {
    kind: "property",
    name: text.slice(0, at),
    value: operator === undefined ? undefined : text.slice(at + operator.length),
    isNegated: isNegated !== (operator === "!="),
    ...reader.from(start),
  };
}
