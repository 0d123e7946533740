import { DetailedFault } from "../exit-code.ts";
import type { Surface } from "../terminal/output.ts";
import { plainText } from "../terminal/plain-text.ts";

/** One line of a transaction. */
export interface SourceLine {
  readonly text: string;
  /** From 1. */
  readonly number: number;
}

/** A word of a line, without its quotes. */
export interface Word {
  readonly text: string;
  /** Where it begins, from 0. */
  readonly at: number;
  readonly quoted: boolean;
}

/** The place in a transaction where it is wrong, and what was expected there. */
export class SyntaxFault extends DetailedFault {
  readonly #line: SourceLine;
  readonly #at: number;
  readonly #expected: string;

  constructor(line: SourceLine, at: number, expected: string) {
    super("invalid", `Cannot read the transaction: line ${line.number}, column ${at + 1}: ${expected}`);
    this.#line = line;
    this.#at = at;
    this.#expected = expected;
  }

  lines(surface: Surface): string[] {
    const { number, text } = this.#line;
    const margin = `${number} | `;
    return [
      `${surface.paint("red", "error:")} ${plainText(this.message)}`,
      `  ${margin}${plainText(text)}`,
      `  ${" ".repeat(margin.length + this.#at)}^`,
      "  `plinth kv txn --help` shows how it is written. Nothing was done.",
    ];
  }

  get details(): object {
    return { line: this.#line.number, column: this.#at + 1, expected: this.#expected };
  }
}

/** Three parts divided by an empty line each: compares, then what is done if all hold, then what if not. */
export function sections(source: string): readonly [SourceLine[], SourceLine[], SourceLine[]] {
  const parts: [SourceLine[], SourceLine[], SourceLine[]] = [[], [], []];
  let part = 0;
  for (const [index, raw] of source.split("\n").entries()) {
    const line = { text: raw.replace(/\r$/, ""), number: index + 1 };
    if (line.text.trim() === "") part++;
    else if (part < parts.length) parts[part]!.push(line);
    else throw new SyntaxFault(line, 0, "expected nothing behind the three parts");
  }
  return parts;
}

const escapes: Readonly<Record<string, string>> = {
  a: "\u0007",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
  "\\": "\\",
  '"': '"',
  "'": "'",
};

/** The quoted text at `at`, with the escapes that etcdctl knows; `end` is behind its closing quote. */
export function quotedText(line: SourceLine, at: number): { readonly text: string; readonly end: number } {
  const { text } = line;
  const quote = text[at];
  let found = "";
  for (let index = at + 1; index < text.length; index++) {
    const character = text[index]!;
    if (character === quote) return { text: found, end: index + 1 };
    if (character !== "\\" || quote !== '"') {
      found += character;
      continue;
    }
    const match = /^\\(?:x([0-9a-f]{2})|u([0-9a-f]{4})|([abfnrtv\\"']))/i.exec(text.slice(index));
    const code = match?.[1] ?? match?.[2];
    const simple = match?.[3] === undefined ? undefined : escapes[match[3]];
    if (match === null || (code === undefined && simple === undefined)) {
      throw new SyntaxFault(line, index, 'expected \\n, \\t, \\\\, \\", \\x41 or \\u0041');
    }
    if (match[1] !== undefined && Number.parseInt(match[1], 16) > 0x7f) {
      throw new SyntaxFault(line, index, "expected text: a byte beyond \\x7f is none by itself");
    }
    found += code === undefined ? simple! : String.fromCharCode(Number.parseInt(code, 16));
    index += match[0].length - 1;
  }
  throw new SyntaxFault(line, at, `expected a closing ${quote}`);
}

/** The words of an operation, as a shell would divide them: quotes keep spaces together. */
export function wordsOf(line: SourceLine): Word[] {
  const words: Word[] = [];
  const { text } = line;
  let index = 0;
  while (index < text.length) {
    if (/\s/.test(text[index]!)) {
      index++;
      continue;
    }
    const at = index;
    let word = "";
    let quoted = false;
    while (index < text.length && !/\s/.test(text[index]!)) {
      if (text[index] === '"' || text[index] === "'") {
        const part = quotedText(line, index);
        word += part.text;
        index = part.end;
        quoted = true;
      } else word += text[index++]!;
    }
    words.push({ text: word, at, quoted });
  }
  return words;
}
