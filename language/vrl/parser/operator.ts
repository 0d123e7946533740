/** What binary operators bind. All of them take what is left of them first. */
import type { TokenKind } from "../lexer/token.ts";
import type { Operator } from "./ast.ts";

/** From the loosest to the tightest. */
const levels: readonly (readonly Operator[])[] = [
  ["??"],
  ["||", "&&"],
  ["!=", "=="],
  [">=", ">", "<=", "<"],
  ["|"],
  ["+", "-"],
  ["*", "/"],
];

export const PRECEDENCE_MIN = 1;
/** Of what is no operator. */
const NONE = 0;

const precedences: ReadonlyMap<TokenKind, number> = new Map(
  levels.flatMap((operators, level) => operators.map((operator) => [operator, level + PRECEDENCE_MIN])),
);

/** Higher binds tighter; less than `PRECEDENCE_MIN`: no binary operator. */
export function binaryPrecedence(kind: TokenKind | undefined): number {
  return kind === undefined ? NONE : (precedences.get(kind) ?? NONE);
}
