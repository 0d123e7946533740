/** The tree of an Oniguruma expression. */
import type { CharacterSet } from "./character-set.ts";

export type Node =
  /** A code point. */
  | { readonly is: "character"; readonly code: number }
  | { readonly is: "set"; readonly set: CharacterSet }
  | { readonly is: "sequence"; readonly parts: readonly Node[] }
  | { readonly is: "choice"; readonly options: readonly Node[] }
  | {
      readonly is: "repeat";
      readonly part: Node;
      readonly min: number;
      readonly max: number;
      readonly mode: "greedy" | "lazy" | "possessive";
    }
  /** Groups count from 1. */
  | { readonly is: "group"; readonly group: number; readonly part: Node }
  | { readonly is: "atomic"; readonly part: Node }
  | { readonly is: "look"; readonly part: Node; readonly isBehind: boolean; readonly isNegative: boolean }
  /** Groups that the name or number stands for. */
  | { readonly is: "reference"; readonly name: string; readonly ignoresCase: boolean }
  | { readonly is: "anchor"; readonly at: Anchor }
  /** What is matched starts here. */
  | { readonly is: "keep" };

export type Anchor =
  | "line-start"
  | "line-end"
  | "start"
  | "end"
  | "end-or-last-newline"
  | "word-boundary"
  | "no-word-boundary";

/** Why an expression cannot be compiled. */
export class Refusal extends Error {
  override readonly name = "Refusal";
}

/** Deeper nesting than anybody writes; keeps the parser's recursion off the stack's end. */
export const DEPTH_MAX = 250;
