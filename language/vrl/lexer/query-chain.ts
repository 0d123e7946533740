/**
 * Looks ahead for paths. Wherever one could begin the lexer must know whether one does and where it ends: a path is a
 * target and segments without spaces between them, such as `.a`, `x.y[0]`, `f(1).z` or `{ "a": 1 }.a`.
 *
 * The invariant that keeps this quick: what a chain of characters goes on with depends on the open brackets alone. So a
 * chain that was followed once knows the answer for every character that it met outside of brackets. Only what is in
 * brackets is walked again, once for each level (the lexer bounds those).
 */
import type { Diagnostic } from "../diagnostic/diagnostic.ts";
import {
  BANG,
  DOT,
  HASH,
  isDigit,
  isNamePart,
  isQuotedPrefix,
  isWhitespace,
  LEFT_BRACE,
  LEFT_BRACKET,
  LEFT_PAREN,
  PERCENT,
  QUOTE,
  RIGHT_BRACE,
  RIGHT_BRACKET,
  RIGHT_PAREN,
  UNDERSCORE,
} from "./characters.ts";
import { unexpectedEnd } from "./lex-error.ts";
import { endOfQuoted, endOfString } from "./literals.ts";

/** No path begins there. */
export const NO_QUERY = -1;
/** Before the first character of a chain. */
const NOTHING = -1;

const literalNames: Readonly<Record<string, string>> = {
  '"': "string literal",
  s: "raw string literal",
  r: "regex literal",
  t: "timestamp literal",
};

export class QueryChains {
  readonly #source: string;
  /** By index of a character, the number of the chain that met it outside of brackets, from 1; 0: none did. */
  readonly #chainAt: Int32Array;
  /** By chain, the index of its last character. */
  readonly #lasts: number[] = [NO_QUERY];
  /** By chain, where it last had a segment; -1: it has none, or its first character only. */
  readonly #segments: number[] = [NO_QUERY];

  constructor(source: string) {
    this.#source = source;
    this.#chainAt = new Int32Array(source.length);
  }

  /** The index of the last character of the path that begins at `start`, or `NO_QUERY`. */
  find(start: number): number | Diagnostic {
    if (this.#chainAt[start] === 0) {
      const problem = this.#follow(start);
      if (problem !== undefined) return problem;
    }
    const chain = this.#chainAt[start]!;
    const first = this.#source.charCodeAt(start);
    const isPath = first === DOT || first === PERCENT || this.#segments[chain]! > start;
    return isPath ? this.#lasts[chain]! : NO_QUERY;
  }

  /** Follows the chain that begins at `start`; gives what is wrong where it cannot. */
  #follow(start: number): Diagnostic | undefined {
    const source = this.#source;
    const chain = this.#lasts.length;
    const open = { braces: 0, brackets: 0, parens: 0 };
    this.#chainAt[start] = chain;
    let segment = NO_QUERY;
    let previous = NOTHING;
    let last = 0;
    let index = start;
    while (index < source.length) {
      const unit = source.charCodeAt(index);
      const isOutside = open.braces === 0 && open.brackets === 0 && open.parens === 0;

      if (unit === QUOTE || isQuotedPrefix(source, index)) {
        const end = this.#endOfLiteral(index);
        if (typeof end !== "number") break;
        if (isOutside) this.#chainAt[index] = chain;
        previous = source.charCodeAt(end - 1);
        last = end - 1;
        index = end;
        continue;
      }
      if (unit === HASH && isOutside) {
        const newline = source.indexOf("\n", index);
        const end = newline === -1 ? source.length : newline;
        if (end > index + 1) last = end - 1;
        index = end + 1;
        continue;
      }

      let next = index + 1;
      if (unit === LEFT_BRACE) open.braces++;
      else if (unit === LEFT_PAREN) open.parens++;
      else if (unit === LEFT_BRACKET) {
        if (isOutside && isIndexable(previous)) segment = index;
        open.brackets++;
      } else if (unit === RIGHT_BRACE) {
        if (open.braces === 0) break;
        open.braces--;
      } else if (unit === RIGHT_PAREN) {
        if (open.parens === 0) break;
        open.parens--;
      } else if (unit === RIGHT_BRACKET) {
        if (open.brackets === 0) break;
        open.brackets--;
      } else if (!isOutside) {
        const end =
          open.braces > 0
            ? this.#skip(next, LEFT_BRACE, RIGHT_BRACE)
            : open.brackets > 0
              ? this.#skip(next, LEFT_BRACKET, RIGHT_BRACKET)
              : this.#skip(next, LEFT_PAREN, RIGHT_PAREN);
        if (typeof end !== "number") return end;
        next = end;
      } else if (unit === DOT && previous !== NOTHING) {
        if (previous === QUOTE || (isIndexable(previous) && !this.#isFraction(index))) segment = index;
        else if (!isIndexable(previous)) break;
      } else if (unit === PERCENT && previous !== NOTHING) break;
      else if (unit !== DOT && unit !== PERCENT && unit !== BANG && !isNamePart(unit)) break;

      if (isOutside) this.#chainAt[index] = chain;
      previous = unit;
      last = index;
      index = next;
    }
    this.#lasts.push(last);
    this.#segments.push(segment);
    return undefined;
  }

  /** From the first character in brackets that begins no literal to the closing one, whatever is between them. */
  #skip(from: number, open: number, close: number): number | Diagnostic {
    const source = this.#source;
    let depth = 0;
    let index = from;
    while (index < source.length) {
      let unit = source.charCodeAt(index);
      if (unit === HASH) {
        const newline = source.indexOf("\n", index);
        if (newline === -1 || newline + 1 === source.length) return unexpectedEnd("comment");
        index = newline + 1;
        unit = source.charCodeAt(index);
      } else if (unit === QUOTE || isQuotedPrefix(source, index)) {
        const end = this.#endOfLiteral(index);
        if (typeof end !== "number") return end;
        if (end === source.length) return unexpectedEnd(literalNames[source[index]!]!);
        index = end;
        unit = source.charCodeAt(index);
      }
      if (unit === close && depth === 0) return index;
      if (unit === open) depth++;
      else if (unit === close) depth--;
      index++;
    }
    return index;
  }

  /** The index after the literal at `index`. An unfinished one is shown one character late, as VRL has it. */
  #endOfLiteral(index: number): number | Diagnostic {
    return this.#source.charCodeAt(index) === QUOTE
      ? endOfString(this.#source, index + 1, index + 1)
      : endOfQuoted(this.#source, index + 2, index + 1);
  }

  /** Whether there are only digits between the last space and this point. */
  #isFraction(dot: number): boolean {
    for (let index = dot - 1; index >= 0; index--) {
      const unit = this.#source.charCodeAt(index);
      if (isWhitespace(unit)) return true;
      if (!isDigit(unit) && unit !== UNDERSCORE) return false;
    }
    return true;
  }
}

/** Whether a path may go on after this character. */
function isIndexable(unit: number): boolean {
  return unit === RIGHT_BRACKET || unit === RIGHT_BRACE || unit === RIGHT_PAREN || isNamePart(unit);
}
