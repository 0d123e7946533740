/** What is wrong with an expression, and how it is told: the expression with the place underlined. */

/** Places in the expression, in characters; `end` is not part of it. */
export interface Place {
  readonly start: number;
  readonly end: number;
}

/** Thrown within this folder only. */
export class RegexSyntaxError extends Error {
  override readonly name = "RegexSyntaxError";
  readonly place: Place;
  /** Where else to look: what is there for the second time. */
  readonly other: Place | undefined;

  constructor(message: string, place: Place, other?: Place) {
    super(message);
    this.place = place;
    this.other = other;
  }
}

interface Position {
  readonly line: number;
  readonly column: number;
}

interface Mark {
  readonly start: Position;
  readonly end: Position;
}

const DIVIDER = "~".repeat(79);

/** The whole text of a problem, as Rust's `regex` tells it. */
export function problemText(error: RegexSyntaxError, characters: readonly string[]): string {
  const marks = [error.place, ...(error.other === undefined ? [] : [error.other])]
    .sort((left, right) => left.start - right.start || left.end - right.end)
    .map(({ start, end }) => ({
      start: positionOf(characters, start),
      end: positionOf(characters, end),
    }));
  const text = characters.join("");
  if (!text.includes("\n"))
    return `regex parse error:\n    ${text}\n${underline(marks, 4)}\nerror: ${error.message}`;
  return [
    "regex parse error:",
    DIVIDER,
    ...notedLines(text, marks),
    DIVIDER,
    ...spannedLines(marks),
    `error: ${error.message}`,
  ].join("\n");
}

function notedLines(text: string, marks: readonly Mark[]): string[] {
  const lines = text.split("\n").map((line) => (line.endsWith("\r") ? line.slice(0, -1) : line));
  const width = String(lines.length).length;
  // A place right after the last line break has a line in the count and none in the text.
  if (lines.at(-1) === "") lines.pop();
  return lines.flatMap((line, index) => {
    const own = marks.filter(({ start, end }) => start.line === index + 1 && end.line === start.line);
    const numbered = `${String(index + 1).padStart(width)}: ${line}`;
    return own.length === 0 ? [numbered] : [numbered, underline(own, width + 2)];
  });
}

function spannedLines(marks: readonly Mark[]): string[] {
  return marks
    .filter(({ start, end }) => start.line !== end.line)
    .map(
      ({ start, end }) =>
        `on line ${start.line} (column ${start.column}) through line ${end.line} (column ${end.column - 1})`,
    );
}

function underline(marks: readonly Mark[], indent: number): string {
  let line = "";
  for (const { start, end } of marks) {
    line = line.padEnd(start.column - 1) + "^".repeat(Math.max(1, end.column - start.column));
  }
  return " ".repeat(indent) + line;
}

function positionOf(characters: readonly string[], offset: number): Position {
  const before = characters.slice(0, offset);
  const lastBreak = before.lastIndexOf("\n");
  return { line: before.filter((character) => character === "\n").length + 1, column: offset - lastBreak };
}
