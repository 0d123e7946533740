/** Whether a text is JSON, without making anything of it: one pass, no recursion however deep it nests. */

export type JsonKind = "object" | "array" | "string" | "number" | "bool" | "null";

/** Of which kind the document is; undefined: it is none. */
export function jsonKindOf(text: string): JsonKind | undefined {
  // Whether each array or object that is open is an object.
  const open: boolean[] = [];
  const start = afterWhitespace(text, 0);
  let at = start;
  for (;;) {
    // A value begins at `at`.
    const first = text.charCodeAt(at);
    if (first === BRACE || first === BRACKET) {
      const isObject = first === BRACE;
      at = afterWhitespace(text, at + 1);
      if (text.charCodeAt(at) !== first + 2) {
        open.push(isObject);
        if (isObject) at = afterKey(text, at);
        if (at === BROKEN) return undefined;
        continue;
      }
      at++;
    } else at = afterScalar(text, at);
    if (at === BROKEN) return undefined;
    at = afterWhitespace(text, at);
    // It has ended, and with it perhaps what it is in.
    while (open.length > 0 && text.charCodeAt(at) === (open.at(-1)! ? BRACE : BRACKET) + 2) {
      open.pop();
      at = afterWhitespace(text, at + 1);
    }
    if (open.length === 0) return at === text.length ? kindAt(text, start) : undefined;
    if (text.charCodeAt(at) !== COMMA) return undefined;
    at = afterWhitespace(text, at + 1);
    if (open.at(-1)!) at = afterKey(text, at);
    if (at === BROKEN) return undefined;
  }
}

const BROKEN = -1;
const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
/** What closes them is two further on. */
const BRACKET = 0x5b;
const BRACE = 0x7b;

const kindsByStart: Readonly<Record<string, JsonKind>> = {
  "{": "object",
  "[": "array",
  '"': "string",
  t: "bool",
  f: "bool",
  n: "null",
};

function kindAt(text: string, start: number): JsonKind {
  return kindsByStart[text.charAt(start)] ?? "number";
}

function afterWhitespace(text: string, start: number): number {
  let at = start;
  for (;;) {
    const unit = text.charCodeAt(at);
    if (unit !== 0x20 && unit !== 0x0a && unit !== 0x0d && unit !== 0x09) return at;
    at++;
  }
}

/** Past a key, its colon and white space. */
function afterKey(text: string, start: number): number {
  if (text.charCodeAt(start) !== QUOTE) return BROKEN;
  const end = afterString(text, start);
  if (end === BROKEN) return BROKEN;
  const colon = afterWhitespace(text, end);
  return text.charCodeAt(colon) === COLON ? afterWhitespace(text, colon + 1) : BROKEN;
}

const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;

function afterScalar(text: string, start: number): number {
  if (text.charCodeAt(start) === QUOTE) return afterString(text, start);
  for (const word of ["true", "false", "null"]) if (text.startsWith(word, start)) return start + word.length;
  NUMBER.lastIndex = start;
  return NUMBER.test(text) ? NUMBER.lastIndex : BROKEN;
}

const HEX = /[0-9a-fA-F]{4}/y;

/** The quote is at `start`. */
function afterString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit === QUOTE) return at + 1;
    if (unit < 0x20) return BROKEN;
    if (unit !== BACKSLASH) continue;
    at++;
    if (text[at] === "u") {
      HEX.lastIndex = at + 1;
      if (!HEX.test(text)) return BROKEN;
      at += 4;
    } else if (!'"\\/bfnrt'.includes(text[at] ?? "x")) return BROKEN;
  }
  return BROKEN;
}
