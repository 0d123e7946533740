/** How deep a program's tree may be. */
import type { Diagnostic } from "../diagnostic/diagnostic.ts";
import { unexpectedParse } from "../lexer/lex-error.ts";

/**
 * Levels of expressions in one another. The checker and the code generator walk the tree by recursion, and this many
 * levels fit on the stack; each operator of a chain such as `a + b + c` is a level, each `else if` is two.
 */
export const TREE_DEPTH_MAX = 1000;

/** `start`: where the program went too deep. */
export function treeTooDeep(start: number): Diagnostic {
  const label = `more than ${TREE_DEPTH_MAX} expressions in one another`;
  return unexpectedParse(label, { start, end: start + 1 });
}
