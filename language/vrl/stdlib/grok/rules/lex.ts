/** The tokens of a rule's reference, `%{matcher("argument"):path.to.field:filter}`. */
import { parseInteger } from "../../../runtime/integer.ts";
import { floatOf } from "../../../runtime/float.ts";
import type { Value } from "../../../runtime/value.ts";
import { numberOfText } from "../../number/float-text.ts";
import { isWhitespace } from "../../string/whitespace.ts";

export type Token =
  /** A sign of the grammar: `%{`, `}`, `(`, … or `+`, `-` and any other that none expects. */
  | { readonly is: "sign"; readonly text: string }
  /** Extended: it has a `@` or `-` in it. */
  | { readonly is: "name"; readonly text: string; readonly isExtended: boolean }
  /** `value` undefined: null. */
  | { readonly is: "literal"; readonly value: Value }
  | { readonly is: "end" };

/** Why the reference cannot be read; thrown while programs are compiled only. */
export class LexProblem extends Error {
  override readonly name = "LexProblem";
}

const NAME = /[$@_a-zA-Z][$@_a-zA-Z0-9-]*/y;
const NUMBER = /[0-9.][0-9eE+.-]*/y;

export class Lexer {
  readonly #text: string;
  #at: number = 0;

  constructor(text: string) {
    this.#text = text;
  }

  next(): Token {
    const text = this.#text;
    while (isWhitespace(text.charCodeAt(this.#at))) this.#at++;
    if (this.#at >= text.length) return { is: "end" };
    if (text.startsWith("%{", this.#at)) {
      this.#at += 2;
      return { is: "sign", text: "%{" };
    }
    const sign = text[this.#at]!;
    if (sign === '"') return this.#string();
    NAME.lastIndex = this.#at;
    const name = NAME.exec(text)?.[0];
    if (name !== undefined) {
      this.#at += name.length;
      return nameToken(name);
    }
    if (/[0-9]/.test(sign) || (sign === "." && /[0-9]/.test(text.charAt(this.#at + 1))))
      return this.#number();
    this.#at++;
    return { is: "sign", text: sign };
  }

  #number(): Token {
    NUMBER.lastIndex = this.#at;
    const number = NUMBER.exec(this.#text)![0];
    this.#at += number.length;
    if (/^[0-9]+$/.test(number)) {
      const integer = parseInteger(number);
      if (integer !== undefined) return { is: "literal", value: integer };
    } else {
      const float = numberOfText(number);
      if (float !== undefined) return { is: "literal", value: floatOf(float) };
    }
    throw new LexProblem(`invalid numeric literal '${number}'`);
  }

  #string(): Token {
    const start = this.#at + 1;
    for (let at = start; at < this.#text.length; at++) {
      if (this.#text[at] === "\\") at++;
      else if (this.#text[at] === '"') {
        this.#at = at + 1;
        return { is: "literal", value: unescaped(this.#text.slice(start, at)) };
      }
    }
    throw new LexProblem("invalid literal");
  }
}

function nameToken(text: string): Token {
  if (text === "true" || text === "false") return { is: "literal", value: text === "true" };
  if (text === "null") return { is: "literal", value: null };
  return { is: "name", text, isExtended: /[@-]/.test(text) };
}

const lineEnds: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t" };

/** Two backslashes and `n`, `r` or `t` stand for white space, one for a quote or backslash after it. */
function unescaped(text: string): string {
  let result = "";
  let from = 0;
  for (let at = text.indexOf("\\"); at !== -1; at = text.indexOf("\\", from)) {
    result += text.slice(from, at);
    const lineEnd = text[at + 1] === "\\" ? lineEnds[text.charAt(at + 2)] : undefined;
    const escaped = text.charAt(at + 1);
    if (lineEnd !== undefined) {
      result += lineEnd;
      from = at + 3;
    } else if (escaped === "'" || escaped === '"' || escaped === "\\") {
      result += escaped;
      from = at + 2;
    } else throw new LexProblem(`invalid escape literal '${text.slice(from)}'`);
  }
  return result + text.slice(from);
}
