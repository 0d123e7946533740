/** What the combinators of VRL's small grammars tell of where they failed: a numbered list, each with its line. */
import { byteLength } from "../../runtime/text.ts";

/** A step that failed, the innermost first. */
export interface TraceStep {
  /** Where it began, in UTF-16 units. */
  readonly at: number;
  /** A rule's name, or the character that should have come. */
  readonly rule: string | { readonly expected: string };
}

/** Columns from here on are told without the line itself. */
const COLUMN_MAX = 65_535;

export function traceText(input: string, steps: readonly TraceStep[]): string {
  const columns = steps.map(({ at }) => byteLength(input.slice(lineStart(input, at), at)) + 1);
  if (columns.some((column) => column >= COLUMN_MAX)) {
    const line = lineNumber(input, steps[0]!.at);
    return `parse error at line ${line}, column ${columns[0]} (line too long to display context)`;
  }
  return steps.map((step, index) => stepText(input, step, index, columns[index]!)).join("");
}

function stepText(input: string, { at, rule }: TraceStep, index: number, column: number): string {
  if (input === "") {
    return `${index}: ${typeof rule === "string" ? `in ${rule}` : `expected '${rule.expected}'`}, got empty input\n\n`;
  }
  const line = lineAt(input, lineStart(input, at));
  const shown = `${line}\n${"^".padStart(line === "" && at === input.length ? 1 : column)}\n`;
  const place = `${index}: at line ${lineNumber(input, at)}`;
  if (typeof rule === "string") return `${place}, in ${rule}:\n${shown}\n`;
  const actual = input.codePointAt(at);
  const found = actual === undefined ? "got end of input" : `found ${String.fromCodePoint(actual)}`;
  return `${place}:\n${shown}expected '${rule.expected}', ${found}\n\n`;
}

function lineStart(input: string, at: number): number {
  return at === 0 ? 0 : input.lastIndexOf("\n", at - 1) + 1;
}

function lineNumber(input: string, at: number): number {
  return input.slice(0, at).split("\n").length;
}

function lineAt(input: string, start: number): string {
  const end = input.indexOf("\n", start);
  return input.slice(start, end === -1 ? input.length : end).trimEnd();
}
