import { LineIndex, type SourceMap, type Span } from "./source-map.ts";

/** A property key in an object literal, with the keys of the literals around it. */
interface Key {
  readonly chain: readonly string[];
  readonly start: number;
  readonly end: number;
}

/**
 * Finds a config's keys in TypeScript or JavaScript by reading its object literals, without running it. A place is
 * told only where exactly one literal fits: what is computed, spread or repeated is left unsaid.
 */
export function scriptMap(text: string): SourceMap {
  const lines = new LineIndex(text);
  let keys: readonly Key[] | undefined;
  return {
    place(path): Span | undefined {
      keys ??= readKeys(text);
      // An array's element is looked for by the key that holds the array.
      const names = path.filter((step) => typeof step === "string");
      for (let length = names.length; length >= 1; length--) {
        const suffix = names.slice(-length);
        const fitting = keys.filter(
          ({ chain }) => chain.length === length && chain.every((name, index) => name === suffix[index]),
        );
        const [only, another] = fitting;
        if (another !== undefined) return undefined;
        if (only !== undefined) return lines.span(only.start, only.end);
      }
      return undefined;
    },
  };
}

const KEY_BEFORE_COLON = /[A-Za-z_$][\w$]*/y;
/** After these a slash begins a regular expression, after anything else it divides. */
const BEFORE_EXPRESSION = new Set("(,=:[!&|?{};+-*%<>~^\n".split(""));

function readKeys(text: string): Key[] {
  const keys: Key[] = [];
  /** One entry per open bracket: the key an object literal stands under, or undefined for other brackets. */
  const open: (string | undefined)[] = [];
  let pending: string | undefined;
  let previous = "\n";
  let at = 0;

  const note = (name: string, start: number, end: number): void => {
    const after = skipBlank(text, end);
    if (text[after] !== ":" || (previous !== "{" && previous !== ",")) return;
    keys.push({
      chain: [...open.filter((key) => key !== undefined && key !== ""), name] as string[],
      start,
      end,
    });
    pending = name;
  };

  while (at < text.length) {
    const character = text[at]!;
    const blank = skipBlank(text, at);
    if (blank > at) {
      at = blank;
      continue;
    }
    if (character === '"' || character === "'" || character === "`") {
      const end = skipString(text, at);
      if (character !== "`") note(text.slice(at + 1, end - 1), at, end);
      at = end;
      previous = '"';
      continue;
    }
    if (character === "/" && BEFORE_EXPRESSION.has(previous)) {
      at = skipRegularExpression(text, at);
      previous = '"';
      continue;
    }
    KEY_BEFORE_COLON.lastIndex = at;
    const word = KEY_BEFORE_COLON.exec(text)?.[0];
    if (word !== undefined) {
      note(word, at, at + word.length);
      at += word.length;
      previous = "a";
      continue;
    }
    if (character === "{" || character === "[" || character === "(") {
      // A call's or an array's bracket keeps the key for the literal inside: defineApp({…}), [{…}].
      open.push(character === "{" ? (pending ?? "") : undefined);
      if (character === "{") pending = undefined;
    } else if (character === "}" || character === "]" || character === ")") {
      open.pop();
      pending = undefined;
    } else if (character === "," || character === ";") {
      pending = undefined;
    }
    previous = character;
    at++;
  }
  return keys;
}

/** Past white space and comments. */
function skipBlank(text: string, from: number): number {
  let at = from;
  for (;;) {
    if (/\s/.test(text[at] ?? "")) at++;
    else if (text.startsWith("//", at)) at = endOf(text, "\n", at);
    else if (text.startsWith("/*", at)) at = endOf(text, "*/", at + 2);
    else return at;
  }
}

function endOf(text: string, mark: string, from: number): number {
  const found = text.indexOf(mark, from);
  return found === -1 ? text.length : found + mark.length;
}

function skipString(text: string, from: number): number {
  const quote = text[from];
  for (let at = from + 1; at < text.length; at++) {
    if (text[at] === "\\") at++;
    else if (text[at] === quote) return at + 1;
    else if (text[at] === "\n" && quote !== "`") return at;
  }
  return text.length;
}

function skipRegularExpression(text: string, from: number): number {
  let inClass = false;
  for (let at = from + 1; at < text.length; at++) {
    const character = text[at];
    if (character === "\\") at++;
    else if (character === "[") inClass = true;
    else if (character === "]") inClass = false;
    else if (character === "\n") return at;
    else if (character === "/" && !inClass) return at + 1;
  }
  return text.length;
}
