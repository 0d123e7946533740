/**
 * Sets of characters. Each is the source of a class of a JavaScript regular expression with the flag `v`, whose nesting
 * and intersection are Oniguruma's; what it has is looked up in a table for ASCII and asked of the class for the rest.
 */
export class CharacterSet {
  /** Within brackets, or an escape. */
  readonly source: string;
  readonly #ascii: Uint8Array;
  readonly #expression: RegExp;
  readonly #asked: Map<number, boolean> = new Map();

  constructor(source: string, ignoresCase: boolean = false) {
    this.source = source;
    this.#expression = new RegExp(`^${source}$`, ignoresCase ? "vi" : "v");
    this.#ascii = Uint8Array.from({ length: 128 }, (_, code) =>
      this.#expression.test(String.fromCharCode(code)) ? 1 : 0,
    );
  }

  /** `code`: a code point. */
  has(code: number): boolean {
    return code < 128 ? this.#ascii[code] === 1 : this.#hasBeyond(code);
  }

  #hasBeyond(code: number): boolean {
    const asked = this.#asked.get(code);
    if (asked !== undefined) return asked;
    const answer = this.#expression.test(String.fromCodePoint(code));
    if (this.#asked.size < ASKED_MAX) this.#asked.set(code, answer);
    return answer;
  }
}

/** Answers kept per set: more than an alphabet's letters, few for memory. */
const ASKED_MAX = 2048;

/** Oniguruma's classes for UTF-8, by the names that brackets and `\p` know. */
const WORD = String.raw`\p{Alphabetic}\p{M}\p{Nd}\p{Pc}`;
const HEX = "0-9A-Fa-f";

export const classes: Readonly<Record<string, string>> = {
  alnum: String.raw`[\p{Alphabetic}\p{Nd}]`,
  alpha: String.raw`[\p{Alphabetic}]`,
  ascii: String.raw`[\0-\x7f]`,
  blank: String.raw`[\p{Zs}\t]`,
  cntrl: String.raw`[\p{Cc}]`,
  digit: String.raw`[\p{Nd}]`,
  graph: String.raw`[^\p{White_Space}\p{Cc}\p{Cn}\p{Cs}]`,
  lower: String.raw`[\p{Lowercase}]`,
  print: String.raw`[[^\p{White_Space}\p{Cc}\p{Cn}\p{Cs}]\p{Zs}]`,
  punct: String.raw`[\p{P}$+<=>^\x60\|~]`,
  space: String.raw`[\p{White_Space}]`,
  upper: String.raw`[\p{Uppercase}]`,
  word: `[${WORD}]`,
  xdigit: `[${HEX}]`,
};

/** Of `\d`, `\w`, … in lower case, what they are and, in upper case, are not. */
export const escapedClasses: Readonly<Record<string, string>> = {
  d: classes["digit"]!,
  D: String.raw`[^\p{Nd}]`,
  w: classes["word"]!,
  W: `[^${WORD}]`,
  s: classes["space"]!,
  S: String.raw`[^\p{White_Space}]`,
  h: classes["xdigit"]!,
  H: `[^${HEX}]`,
};

/** A code point as a class writes it. */
export function escapedCode(code: number): string {
  return `\\u{${code.toString(16)}}`;
}

export const WORDS: CharacterSet = new CharacterSet(classes["word"]!);
export const ANY: CharacterSet = new CharacterSet(String.raw`[^\n]`);
export const ANY_WITH_NEWLINE: CharacterSet = new CharacterSet(String.raw`[\0-\u{10ffff}]`);
