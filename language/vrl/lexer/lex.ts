/** From a program's text to its tokens. Never throws; takes time in proportion to the text. */
import type { Diagnostic } from "../diagnostic/diagnostic.ts";
import { floatOf } from "../runtime/float.ts";
import { parseInteger } from "../runtime/integer.ts";
import {
  BANG,
  HASH,
  isDigit,
  isNamePart,
  isNameStart,
  isOperator,
  isQueryStart,
  isQuotedPrefix,
  isWhitespace,
  NEWLINE,
  QUOTE,
  UNDERSCORE,
} from "./characters.ts";
import { invalidNumber, unexpectedParse } from "./lex-error.ts";
import { endOfQuoted, endOfString } from "./literals.ts";
import { NO_QUERY, QueryChains } from "./query-chain.ts";
import { isTerminal, type Token, type TokenKind } from "./token.ts";

/**
 * How deep brackets may be nested: far deeper than anyone reads, and what is in them is looked at once for each level.
 */
export const BRACKETS_MAX = 200;

export interface Lexed {
  readonly tokens: readonly Token[];
  /** Why the tokens end before the program does. */
  readonly problem: Diagnostic | undefined;
}

export function lex(source: string): Lexed {
  const lexer = new Lexer(source);
  return { tokens: lexer.tokens, problem: lexer.run() };
}

const keywords: ReadonlySet<string> = new Set(["if", "else", "true", "false", "null", "abort", "return"]);

const reserved: ReadonlySet<string> = new Set(
  (
    "all any array bool boolean break continue do duration each emit float for forall foreach int integer iter loop " +
    "object regex string timestamp traverse try undefined unless walk while"
  ).split(" "),
);

const punctuation: ReadonlySet<string> = new Set([
  ";",
  "(",
  "[",
  "{",
  "}",
  "]",
  ")",
  ".",
  "%",
  ":",
  ",",
  "\\",
]);

const quotedKinds: Readonly<Record<string, TokenKind>> = {
  r: "regex literal",
  s: "raw string literal",
  t: "timestamp literal",
};

class Lexer {
  readonly tokens: Token[] = [];
  readonly #source: string;
  readonly #chains: QueryChains;
  #index = 0;
  /** Where the paths end that have begun, the innermost last; and the same as a set. */
  readonly #ends: number[] = [];
  readonly #endSet = new Set<number>();
  readonly #open: Record<string, number> = { "(": 0, "[": 0, "{": 0 };
  /** What follows the white space before this index is known to be `else`, or not. */
  #seenTo = 0;
  #isElseNext = false;

  constructor(source: string) {
    this.#source = source;
    this.#chains = new QueryChains(source);
  }

  run(): Diagnostic | undefined {
    while (true) {
      const begun = this.#beginQuery();
      if (typeof begun === "object") return begun;
      if (begun || this.#endQuery()) continue;
      if (this.#index >= this.#source.length) return undefined;
      const problem = this.#next();
      if (problem !== undefined) return problem;
    }
  }

  #beginQuery(): boolean | Diagnostic {
    const start = this.#index;
    if (this.#ends.at(-1) === start || !isQueryStart(this.#source.charCodeAt(start))) return false;
    const end = this.#chains.find(start);
    if (typeof end !== "number") return end;
    if (end === NO_QUERY || this.#endSet.has(end)) return false;
    this.#ends.push(end);
    this.#endSet.add(end);
    this.tokens.push({ kind: "LQuery", start, end: start + 1, text: "", number: 0 });
    return true;
  }

  #endQuery(): boolean {
    const end = this.#ends.at(-1);
    if (end === undefined) return false;
    // VRL counts bytes: one that ends with a character of several bytes (in a comment) lasts until the program ends.
    const isHere = end === this.#index - 1 && this.#source.charCodeAt(end) < 0x80;
    if (!isHere && this.#index < this.#source.length) return false;
    this.#ends.pop();
    this.#endSet.delete(end);
    this.tokens.push({ kind: "RQuery", start: end, end: end + 1, text: "", number: 0 });
    return true;
  }

  /** Reads a token, a comment or a space. */
  #next(): Diagnostic | undefined {
    const source = this.#source;
    const start = this.#index;
    const unit = source.charCodeAt(start);
    const following = source.charCodeAt(start + 1);
    if (unit === NEWLINE) {
      if (this.#isElseAfter(start + 1)) this.#index = start + 1;
      else this.#push("\n", start + 1);
    } else if (isWhitespace(unit)) this.#index = start + 1;
    else if (unit === HASH) this.#index = this.#endOfComment(start);
    else if (unit === QUOTE) return this.#literal("string literal", 1, endOfString(source, start + 1, start));
    else if (isQuotedPrefix(source, start)) {
      return this.#literal(quotedKinds[source[start]!]!, 2, endOfQuoted(source, start + 2, start));
    } else if (unit === UNDERSCORE && !isNamePart(following)) this.#push("_", start + 1);
    else if (isNameStart(unit)) this.#name();
    else if (isDigit(unit) || (unit === 0x2d && isDigit(following))) return this.#number();
    else if (isOperator(unit)) this.#operator(unit, following);
    else return this.#character();
    return undefined;
  }

  #push(kind: TokenKind, end: number, text = "", number: Token["number"] = 0): void {
    this.tokens.push({ kind, start: this.#index, end, text, number });
    this.#index = end;
  }

  /** `quotes`: how many units stand before the text. */
  #literal(kind: TokenKind, quotes: number, end: number | Diagnostic): Diagnostic | undefined {
    if (typeof end !== "number") return end;
    this.#push(kind, end, this.#source.slice(this.#index + quotes, end - 1));
    return undefined;
  }

  #name(): void {
    const end = this.#endOf(isNamePart, this.#index);
    const following = this.#source.charCodeAt(end);
    const name = this.#source.slice(this.#index, end);
    const isCall = following === 0x28 || following === BANG;
    this.#push(isCall ? "function call" : kindOfName(name), end, name);
  }

  #number(): Diagnostic | undefined {
    const start = this.#index;
    const isNegative = !isDigit(this.#source.charCodeAt(start));
    const end = this.#endOf(isDigitPart, start + 1);
    const following = this.#source[end];
    if (following === ".") {
      const floatEnd = this.#endOf(isDigitPart, end + 1);
      // All of it are digits, so it is a number; one too large is infinite.
      const float = Number(this.#source.slice(start, floatEnd).replaceAll("_", ""));
      this.#push("float literal", floatEnd, "", floatOf(float));
      return undefined;
    }
    if (!isNegative && isNamePart(this.#source.charCodeAt(end))) {
      const nameEnd = this.#endOf(isNamePart, end);
      const name = this.#source.slice(start, nameEnd);
      this.#push(kindOfName(name), nameEnd, name);
      return undefined;
    }
    const integer = parseInteger(this.#source.slice(start, end).replaceAll("_", ""));
    if (integer === undefined) {
      const side = isNegative ? "small" : "large";
      return invalidNumber({ start, end }, `number too ${side} to fit in target type`);
    }
    this.#push("integer literal", end, "", integer);
    return undefined;
  }

  #operator(unit: number, following: number): void {
    const start = this.#index;
    const isLast = start + 1 >= this.#source.length;
    if (unit === BANG && !isLast && (following === BANG || !isOperator(following)))
      return this.#push("!", start + 1);
    if (unit === 0x26 && following !== 0x26) return this.#push("&", start + 1);
    if (unit === 0x2d && following === 0x3e) return this.#push("->", start + 2);
    const end = this.#endOf(isOperator, start);
    const text = this.#source.slice(start, end);
    // `!` is none: it is read above, unless the program ends after it.
    const isKnown = text === "?" || (text !== "!" && isTerminal(text as TokenKind));
    this.#push(isKnown ? (text as TokenKind) : "operator", end, text);
  }

  #character(): Diagnostic | undefined {
    const start = this.#index;
    const character = String.fromCodePoint(this.#source.codePointAt(start)!);
    const end = start + character.length;
    if (!punctuation.has(character)) {
      this.#push("invalid token", end, character);
      return undefined;
    }
    if (character in this.#open) {
      this.#open[character]! += 1;
      const depth = this.#open["("]! + this.#open["["]! + this.#open["{"]!;
      if (depth > BRACKETS_MAX) return tooDeep(start);
    } else if (character === ")") this.#close("(");
    else if (character === "]") this.#close("[");
    else if (character === "}") this.#close("{");
    this.#push(character as TokenKind, end);
    return undefined;
  }

  #close(bracket: string): void {
    this.#open[bracket] = Math.max(0, this.#open[bracket]! - 1);
  }

  #endOf(isPart: (unit: number) => boolean, from: number): number {
    let index = from;
    while (isPart(this.#source.charCodeAt(index))) index++;
    return index;
  }

  #endOfComment(from: number): number {
    const newline = this.#source.indexOf("\n", from);
    return newline === -1 ? this.#source.length : newline;
  }

  /** Whether the next word is `else`: an `if` goes on there, so the newlines before it end nothing. */
  #isElseAfter(from: number): boolean {
    if (from <= this.#seenTo) return this.#isElseNext;
    let index = from;
    while (index < this.#source.length) {
      const unit = this.#source.charCodeAt(index);
      if (unit === HASH) index = this.#endOfComment(index);
      else if (isWhitespace(unit)) index++;
      else break;
    }
    this.#seenTo = index;
    this.#isElseNext =
      this.#source.startsWith("else", index) && !isNamePart(this.#source.charCodeAt(index + 4));
    return this.#isElseNext;
  }
}

function isDigitPart(unit: number): boolean {
  return isDigit(unit) || unit === UNDERSCORE;
}

function kindOfName(name: string): TokenKind {
  if (keywords.has(name)) return name as TokenKind;
  if (reserved.has(name)) return "reserved identifier";
  return name.includes("@") ? "path field" : "identifier";
}

/** Too deep for those that walk the tree. */
function tooDeep(start: number): Diagnostic {
  return unexpectedParse(`nested more than ${BRACKETS_MAX} levels deep`, { start, end: start + 1 });
}
