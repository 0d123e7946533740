import type { Surface } from "../terminal/output.ts";
import { plainText } from "../terminal/plain-text.ts";
import type { Span } from "./source-map.ts";

const LINES_BEFORE = 1;
const LINES_AFTER = 1;

/** The line a problem is on, with its neighbours and carets below the place. */
export function frameLines(text: string, span: Span, surface: Surface): string[] {
  const lines = text.split("\n");
  const first = Math.max(1, span.line - LINES_BEFORE);
  const last = Math.min(lines.length, span.line + LINES_AFTER);
  const gutter = String(last).length;
  const width = Math.max(20, surface.columns - gutter - 5);
  // A line longer than the terminal is shown around the place.
  const start = span.column > width ? span.column - Math.floor(width / 2) : 0;
  const cut = (line: string): string => plainText(line.slice(start, start + width).replaceAll("\t", " "));

  const framed: string[] = [];
  for (let number = first; number <= last; number++) {
    const line = cut((lines[number - 1] ?? "").replace(/\r$/, ""));
    const isPlace = number === span.line;
    if (!isPlace && line.trim() === "") continue;
    const mark = isPlace ? surface.paint("red", ">") : " ";
    framed.push(`${mark} ${surface.paint("dim", `${String(number).padStart(gutter)} |`)} ${line}`);
    if (isPlace) {
      const offset = Math.max(0, span.column - 1 - start);
      const carets = "^".repeat(Math.max(1, Math.min(span.length, width - offset)));
      framed.push(
        `  ${" ".repeat(gutter)} ${surface.paint("dim", "|")} ${" ".repeat(offset)}${surface.paint("red", carets)}`,
      );
    }
  }
  return framed;
}
