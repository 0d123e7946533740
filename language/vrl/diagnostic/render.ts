/** Shows diagnostics with the lines of the program that they are about. */
import { isWhitespace } from "../lexer/characters.ts";
import type { Diagnostic, Label } from "./diagnostic.ts";
import { closingNotes, seeCodeDocs } from "./note.ts";
import { Painter } from "./painter.ts";
import { type BlockLabel, drawBorder, drawSourceLine, type Frame, type LineLabel } from "./source-line.ts";
import { SourceText } from "./source-text.ts";

/** Lines shown after the beginning and before the end of a label over several; others are left out. */
const LINES_AFTER_START = 3;
const LINES_BEFORE_END = 1;

/** Codes with a page of their own. */
const FIRST_DOCUMENTED = 100;
const LAST_DOCUMENTED = 110;

export interface RenderOptions {
  /** Default: no colours. */
  readonly color?: boolean;
}

/** Begins with an empty line; `""` where there is nothing to show. */
export function render(
  diagnostics: readonly Diagnostic[],
  source: string,
  options: RenderOptions = {},
): string {
  if (diagnostics.length === 0) return "";
  const painter = new Painter(options.color ?? false);
  const text = new SourceText(source);
  for (const diagnostic of diagnostics) renderOne(painter, text, diagnostic);
  const lines = painter.output.split(/\r?\n/);
  lines.pop();
  return `\n${lines.map(withoutTrailingSpace).join("\n")}`;
}

function renderOne(painter: Painter, source: SourceText, diagnostic: Diagnostic): void {
  const { severity, code, labels } = diagnostic;
  painter.begin(`${severity}Header`);
  painter.write(`${severity}[E${String(code).padStart(3, "0")}]`);
  painter.begin("message");
  painter.write(`: ${diagnostic.message}`);
  painter.end();
  painter.write("\n");

  const snippet = snippetOf(source, labels);
  const frame: Frame = {
    painter,
    severity,
    gutterWidth: snippet.lastLine === 0 ? 0 : String(snippet.lastLine).length,
    blockColumns: snippet.blockColumns,
  };
  if (labels.length > 0) {
    drawLocation(frame, source, labels);
    drawSnippet(frame, source, snippet.lines);
    drawBorder(frame, "│", []);
    painter.write("\n");
  }
  const isDocumented = code >= FIRST_DOCUMENTED && code <= LAST_DOCUMENTED;
  const ownNotes = isDocumented ? [...diagnostic.notes, seeCodeDocs(code)] : diagnostic.notes;
  for (const note of [...ownNotes, ...closingNotes]) drawNote(frame, note);
  painter.write("\n");
}

/** Of the first primary label. */
function drawLocation(frame: Frame, source: SourceText, labels: readonly Label[]): void {
  const primary = labels.filter((label) => label.isPrimary);
  const candidates = primary.length === 0 ? labels : primary;
  const { line, column } = source.position(Math.min(...candidates.map(({ span }) => span.start)));
  const { painter } = frame;
  painter.write(`${" ".repeat(frame.gutterWidth)} `);
  painter.paint("frame", "┌─");
  painter.write(` :${line}:${column}\n`);
  drawBorder(frame, "│", []);
  painter.write("\n");
}

function drawNote({ painter, gutterWidth }: Frame, note: string): void {
  linesOf(note).forEach((line, index) => {
    painter.write(`${" ".repeat(gutterWidth)} `);
    if (index === 0) painter.paint("frame", "=");
    else painter.write(" ");
    painter.write(` ${line}\n`);
  });
}

/** A line and its labels. */
interface SnippetLine {
  readonly labels: LineLabel[];
  readonly blocks: BlockLabel[];
  isShown: boolean;
}

interface Snippet {
  /** By index of the line. */
  readonly lines: ReadonlyMap<number, SnippetLine>;
  readonly blockColumns: number;
  /** The largest number of a line, from 1; 0: there is none. */
  readonly lastLine: number;
}

function snippetOf(source: SourceText, labels: readonly Label[]): Snippet {
  const lines = new Map<number, SnippetLine>();
  const lineAt = (index: number): SnippetLine => {
    const known = lines.get(index);
    if (known !== undefined) return known;
    const line: SnippetLine = { labels: [], blocks: [], isShown: false };
    lines.set(index, line);
    return line;
  };
  let blockColumns = 0;
  let lastLine = 0;
  for (const { span, isPrimary, message } of labels) {
    const first = source.lineIndex(span.start);
    const last = Math.max(first, source.lineIndex(span.end));
    lastLine = Math.max(lastLine, last + 1);
    const startOffset = span.start - source.lineSpan(first).start;
    const endOffset = span.end - source.lineSpan(last).start;
    if (first === last) {
      const line = lineAt(first);
      const end = Math.max(endOffset, startOffset + 1);
      insertSorted(line.labels, { isPrimary, start: startOffset, end, message });
      line.isShown = true;
      continue;
    }
    const column = blockColumns++;
    for (let index = first; index <= last; index++) {
      const line = lineAt(index);
      const part = index === first ? "top" : index === last ? "bottom" : "middle";
      const offset = part === "top" ? startOffset : endOffset;
      line.blocks.push({ column, isPrimary, part, offset, message: part === "bottom" ? message : "" });
      line.isShown ||=
        part !== "middle" || index - first <= LINES_AFTER_START || last - index <= LINES_BEFORE_END;
    }
  }
  return { lines, blockColumns, lastLine };
}

/** Keeps labels in the order of what they cover; where it is the same, mostly in the reverse order of coming. */
function insertSorted(labels: LineLabel[], label: LineLabel): void {
  if (labels.length === 0) {
    labels.push(label);
    return;
  }
  let base = 0;
  for (let size = labels.length; size > 1;) {
    const half = size >> 1;
    if (compare(labels[base + half]!, label) <= 0) base += half;
    size -= half;
  }
  const isBefore = compare(labels[base]!, label) < 0;
  labels.splice(isBefore ? base + 1 : base, 0, label);
}

function compare(left: LineLabel, right: LineLabel): number {
  return left.start - right.start || left.end - right.end;
}

function drawSnippet(frame: Frame, source: SourceText, lines: ReadonlyMap<number, SnippetLine>): void {
  const shown = [...lines].filter(([, line]) => line.isShown).sort(([left], [right]) => left - right);
  const draw = (index: number, labels: readonly LineLabel[], blocks: readonly BlockLabel[]): void => {
    const { start, end } = source.lineSpan(index);
    drawSourceLine(frame, index + 1, source.text.slice(start, end), labels, blocks);
  };
  shown.forEach(([index, line], position) => {
    draw(index, line.labels, line.blocks);
    const [next, nextLine] = shown[position + 1] ?? [];
    if (next === undefined || nextLine === undefined || next === index + 1) return;
    // A single line left out takes as much room as the mark that says so.
    if (next === index + 2) draw(index + 1, [], lines.get(index + 1)?.blocks ?? []);
    else {
      drawBorder(frame, "·", nextLine.blocks);
      frame.painter.write("\n");
    }
  });
}

function linesOf(text: string): string[] {
  const lines = text.split(/\r?\n/);
  if (lines.at(-1) === "") lines.pop();
  return lines;
}

function withoutTrailingSpace(line: string): string {
  let end = line.length;
  while (end > 0 && isWhitespace(line.charCodeAt(end - 1))) end--;
  return line.slice(0, end);
}
