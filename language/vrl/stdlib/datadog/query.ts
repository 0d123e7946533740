/** What a search asks of an object. */
import type { Integer } from "../../runtime/integer.ts";

export type Query =
  | { readonly is: "all" }
  | { readonly is: "none" }
  | { readonly is: "exists"; readonly attribute: string }
  | { readonly is: "missing"; readonly attribute: string }
  | { readonly is: "term" | "prefix" | "wildcard"; readonly attribute: string; readonly text: string }
  | {
      readonly is: "comparison";
      readonly attribute: string;
      readonly comparison: Comparison;
      readonly bound: Bound;
    }
  | {
      readonly is: "range";
      readonly attribute: string;
      readonly lower: Bound;
      readonly upper: Bound;
      readonly isInclusive: boolean;
    }
  | { readonly is: "not"; readonly query: Query }
  | { readonly is: "and" | "or"; readonly queries: readonly Query[] };

export type Comparison = "<" | "<=" | ">" | ">=";

/** `undefined`: there is no bound. */
export type Bound =
  | { readonly integer: Integer }
  | { readonly float: number }
  | { readonly text: string }
  | undefined;

/** What is asked of where no attribute is told. */
export const DEFAULT_ATTRIBUTE = "_default_";
