/** What a program is made of, by the names that error messages use. */
import type { Integer } from "../runtime/integer.ts";
import type { Float } from "../runtime/value.ts";

/**
 * Every kind of token that the grammar knows, in the order in which errors list what was expected, with the name errors
 * give a token of that kind that nobody expected.
 *
 * `LQuery` and `RQuery` stand for no character: they mark where a path begins and ends, so that the grammar need not
 * look at spaces to tell `[1][0]` from `[1] [0]`.
 */
const names = {
  identifier: "Identifier",
  "path field": "PathField",
  "string literal": "StringLiteral",
  "raw string literal": "RawStringLiteral",
  "integer literal": "IntegerLiteral",
  "float literal": "FloatLiteral",
  "regex literal": "RegexLiteral",
  "timestamp literal": "TimestampLiteral",
  "function call": "FunctionCall",
  "invalid token": "InvalidToken",
  "reserved identifier": "ReservedIdentifier",
  LQuery: "LQuery",
  RQuery: "RQuery",
  if: "If",
  else: "Else",
  null: "Null",
  true: "True",
  false: "False",
  abort: "Abort",
  return: "Return",
  ";": "SemiColon",
  "\n": "Newline",
  "|": "Operator",
  "=": "Equals",
  "|=": "MergeEquals",
  ",": "Comma",
  _: "Underscore",
  ":": "Colon",
  ".": "Dot",
  "&": "Ampersand",
  "!": "Bang",
  "->": "Arrow",
  "%": "Percent",
  "+": "Operator",
  "*": "Operator",
  "-": "Operator",
  "/": "Operator",
  "<": "Operator",
  "<=": "Operator",
  ">": "Operator",
  ">=": "Operator",
  "==": "Operator",
  "!=": "Operator",
  "&&": "Operator",
  "||": "Operator",
  "??": "Operator",
  "[": "LBracket",
  "{": "LBrace",
  "(": "LParen",
  "]": "RBracket",
  "}": "RBrace",
  ")": "RParen",
} as const;

/** Tokens of no use in any program: a parse ends at the first of them. */
const unknownNames = { "\\": "Escape", "?": "Question", operator: "Operator" } as const;

export type Terminal = keyof typeof names;
export type TokenKind = Terminal | keyof typeof unknownNames;

export const terminals: readonly Terminal[] = Object.keys(names) as Terminal[];

export function isTerminal(kind: TokenKind): kind is Terminal {
  return Object.hasOwn(names, kind);
}

/** As in `unexpected syntax token: "…"`. */
export function tokenName(kind: TokenKind): string {
  return isTerminal(kind) ? names[kind] : unknownNames[kind];
}

export interface Token {
  readonly kind: TokenKind;
  /** In UTF-16 units of the source; `end` is exclusive. */
  readonly start: number;
  readonly end: number;
  /** A name, or a literal's text between its quotes as written; `""` where the kind says all. */
  readonly text: string;
  /** Of a literal that is one, else 0. */
  readonly number: Integer | Float;
}
