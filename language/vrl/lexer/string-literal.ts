/** What the text between a string literal's quotes stands for. The lexer has checked its escapes. */
import { isWhitespace } from "./characters.ts";

/** A piece of a string: text, or the name of a variable in `{{ }}`. `start` and `end` count from the opening quote. */
export interface StringPart {
  readonly isVariable: boolean;
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

const escapes: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", "0": "\0" };

/** Resolves escapes. A backslash at a line's end swallows the newline and the white space after it. */
export function unescape(raw: string): string {
  let backslash = raw.indexOf("\\");
  if (backslash === -1) return raw;
  let text = "";
  let from = 0;
  while (backslash !== -1) {
    text += raw.slice(from, backslash);
    const escaped = raw[backslash + 1] ?? "";
    from = backslash + 2;
    if (escaped === "\n") {
      while (isWhitespace(raw.charCodeAt(from))) from++;
    } else if (escaped === "u") {
      const close = raw.indexOf("}", from);
      text += String.fromCodePoint(Number.parseInt(raw.slice(from + 1, close), 16));
      from = close + 1;
    } else text += escapes[escaped] ?? escaped;
    backslash = raw.indexOf("\\", from);
  }
  return text + raw.slice(from);
}

/**
 * Takes a string apart into texts and variables. `\{{` and `\}}` are no template's ends; a template that does not end,
 * or has nothing in it, is left out.
 */
export function stringParts(raw: string): StringPart[] {
  const parts: StringPart[] = [];
  let isVariable = false;
  let current = "";
  // Where the current part began.
  let start = 0;
  let index = 0;

  const finish = (from: number, to: number): void => {
    if (current === "") return;
    const text = isVariable ? trim(current) : unescape(current);
    parts.push({ isVariable, text, start: from + 1, end: to + 1 });
    current = "";
  };

  while (index < raw.length) {
    if (isVariable && raw.startsWith("}}", index)) {
      finish(start - 2, index + 2);
      isVariable = false;
      index += 2;
      start = index;
    } else if (!isVariable && (raw.startsWith("\\{{", index) || raw.startsWith("\\}}", index))) {
      current += raw.slice(index + 1, index + 3);
      index += 3;
    } else if (!isVariable && raw.startsWith("{{", index)) {
      finish(start, index);
      isVariable = true;
      index += 2;
      start = index;
    } else {
      current += raw[index];
      index++;
    }
  }
  if (!isVariable) finish(start, index);
  return parts;
}

function trim(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isWhitespace(text.charCodeAt(start))) start++;
  while (end > start && isWhitespace(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}
