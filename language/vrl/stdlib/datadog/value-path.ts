/** Paths that are told as text while a program runs or in a query: `a.b[0]."c d"`, with or without a dot in front. */
import type { Path, Segment } from "../../runtime/path.ts";

// One segment after what separates it from the last: a field, a quoted field or an index. Each alternative begins with
// another character and none goes on past its own: linear.
const FIELD = /[A-Za-z_0-9@-]+/y;
const QUOTED = /"((?:[^"\\]|\\[\\"])*)"/y;
const INDEX = /\[(-?[0-9]*)\]/y;

/** Undefined: it is none. */
export function parseValuePath(text: string): Path | undefined {
  if (text === ".") return [];
  const segments: Segment[] = [];
  let at = text.startsWith(".") ? 1 : 0;
  while (at < text.length) {
    const isFirst = segments.length === 0;
    if (text[at] === "." && !isFirst) {
      at++;
      // No index stands after a dot.
      if (text[at] === "[") return undefined;
    }
    const [segment, end] = segmentAt(text, at);
    if (segment === undefined) return undefined;
    segments.push(segment);
    // A field ends only where a dot, an index or nothing follows.
    if (FIELD.lastIndex === end && end < text.length && text[end] !== "." && text[end] !== "[")
      return undefined;
    at = end;
  }
  return segments.length === 0 || text.endsWith(".") ? undefined : segments;
}

function segmentAt(text: string, at: number): [segment: Segment | undefined, end: number] {
  FIELD.lastIndex = at;
  const field = FIELD.exec(text);
  if (field !== null) return [field[0], FIELD.lastIndex];
  QUOTED.lastIndex = at;
  const quoted = QUOTED.exec(text);
  if (quoted !== null) return [quoted[1]!.replace(/\\([\\"])/g, "$1"), QUOTED.lastIndex];
  INDEX.lastIndex = at;
  const index = INDEX.exec(text);
  if (index === null || index[1] === "") return [undefined, at];
  const number = Number(index[1] === "-" ? 0 : index[1]);
  return [Number.isSafeInteger(number) ? number + 0 : undefined, INDEX.lastIndex];
}
