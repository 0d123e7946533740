/** What an expression means: its flags, classes and names are resolved, only these few parts are left. */
import type { Ranges } from "./ranges.ts";

export type Expression =
  | { readonly kind: "empty" }
  /** One character of the class; of none where the class is empty. */
  | { readonly kind: "class"; readonly ranges: Ranges }
  | { readonly kind: "look"; readonly look: Look }
  | RepeatExpression
  | { readonly kind: "capture"; readonly index: number; readonly sub: Expression }
  | { readonly kind: "concat"; readonly parts: readonly Expression[] }
  /** The first that leads to a match is taken. */
  | { readonly kind: "alternate"; readonly parts: readonly Expression[] };

export interface RepeatExpression {
  readonly kind: "repeat";
  readonly sub: Expression;
  readonly min: number;
  /** `Infinity`: no end. */
  readonly max: number;
  readonly isGreedy: boolean;
}

/** What must hold between two characters. Those that tell words ask Unicode unless they end in `ascii`. */
export type Look =
  | "text-start"
  | "text-end"
  | "line-start"
  | "line-end"
  /** Lines end in `\r\n`, `\r` or `\n`. */
  | "crlf-line-start"
  | "crlf-line-end"
  | WordLook
  | `${WordLook}-ascii`;

export type WordLook =
  | "boundary"
  | "no-boundary"
  | "word-start"
  | "word-end"
  | "word-start-half"
  | "word-end-half";

/** Whether it can match without a character. */
export function isNullable(expression: Expression): boolean {
  switch (expression.kind) {
    case "class":
      return false;
    case "capture":
      return isNullable(expression.sub);
    case "repeat":
      return expression.min === 0 || isNullable(expression.sub);
    case "concat":
      return expression.parts.every(isNullable);
    case "alternate":
      return expression.parts.some(isNullable);
    case "empty":
    case "look":
      return true;
  }
}

/** The indices of its groups. */
export function groupIndices(expression: Expression): readonly number[] {
  switch (expression.kind) {
    case "capture":
      return [expression.index, ...groupIndices(expression.sub)];
    case "repeat":
      return groupIndices(expression.sub);
    case "concat":
    case "alternate":
      return expression.parts.flatMap(groupIndices);
    case "class":
    case "empty":
    case "look":
      return [];
  }
}

/** Least length of a match, in characters. */
export function lengthMin(expression: Expression): number {
  switch (expression.kind) {
    case "class":
      return 1;
    case "capture":
      return lengthMin(expression.sub);
    case "repeat":
      return expression.min * lengthMin(expression.sub);
    case "concat":
      return expression.parts.reduce((sum, part) => sum + lengthMin(part), 0);
    case "alternate":
      return expression.parts.map(lengthMin).reduce((least, each) => Math.min(least, each));
    case "empty":
    case "look":
      return 0;
  }
}

/** Whether every match begins at the start of the text. */
export function startsAnchored(expression: Expression): boolean {
  switch (expression.kind) {
    case "look":
      return expression.look === "text-start";
    case "capture":
      return startsAnchored(expression.sub);
    case "repeat":
      return expression.min > 0 && startsAnchored(expression.sub);
    case "concat": {
      const first = expression.parts.find((part) => part.kind !== "empty");
      return first !== undefined && startsAnchored(first);
    }
    case "alternate":
      return expression.parts.every(startsAnchored);
    case "class":
    case "empty":
      return false;
  }
}
