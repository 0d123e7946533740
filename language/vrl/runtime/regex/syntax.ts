/** The tree of an expression as written; `start` and `end` are places in characters. */
import type { Place } from "./problem.ts";

export type Syntax =
  | EmptySyntax
  | FlagsSyntax
  | LiteralSyntax
  | DotSyntax
  | AssertionSyntax
  | ClassSyntax
  | RepetitionSyntax
  | GroupSyntax
  | SequenceSyntax;

interface EmptySyntax extends Place {
  readonly kind: "empty";
}

/** `(?i-s)`: holds to the end of the group it stands in. */
interface FlagsSyntax extends Place {
  readonly kind: "flags";
  readonly flags: FlagChange;
}

/** Letters of `imsUuRx`, each switched on or off. */
export type FlagChange = ReadonlyMap<string, boolean>;

export interface LiteralSyntax extends Place {
  readonly kind: "literal";
  readonly code: number;
  /** Written as `\xNN`: without `u` it is a byte. */
  readonly isByte: boolean;
}

interface DotSyntax extends Place {
  readonly kind: "dot";
}

export type AssertionName =
  | "line-start"
  | "line-end"
  | "text-start"
  | "text-end"
  | "boundary"
  | "no-boundary"
  | "word-start"
  | "word-end"
  | "word-start-half"
  | "word-end-half";

export interface AssertionSyntax extends Place {
  readonly kind: "assertion";
  readonly name: AssertionName;
}

type ClassSyntax = PerlSyntax | PropertySyntax | BracketSyntax;

export interface PerlSyntax extends Place {
  readonly kind: "perl";
  readonly letter: "d" | "s" | "w";
  readonly isNegated: boolean;
}

/** `\p{name}` or `\p{name=value}`. */
export interface PropertySyntax extends Place {
  readonly kind: "property";
  readonly name: string;
  readonly value: string | undefined;
  readonly isNegated: boolean;
}

export interface BracketSyntax extends Place {
  readonly kind: "bracket";
  readonly isNegated: boolean;
  readonly set: SetSyntax;
}

/** What stands between brackets. */
export type SetSyntax =
  | EmptySyntax
  | LiteralSyntax
  | RangeSyntax
  | AsciiSyntax
  | ClassSyntax
  | UnionSyntax
  | OperationSyntax;

interface RangeSyntax extends Place {
  readonly kind: "range";
  readonly first: LiteralSyntax;
  readonly last: LiteralSyntax;
}

/** `[:alpha:]`. */
export interface AsciiSyntax extends Place {
  readonly kind: "ascii";
  readonly name: string;
  readonly isNegated: boolean;
}

interface UnionSyntax extends Place {
  readonly kind: "union";
  readonly items: readonly SetSyntax[];
}

export interface OperationSyntax extends Place {
  readonly kind: "operation";
  readonly operator: "&&" | "--" | "~~";
  readonly left: SetSyntax;
  readonly right: SetSyntax;
}

interface RepetitionSyntax extends Place {
  readonly kind: "repetition";
  readonly sub: Syntax;
  readonly min: number;
  /** `Infinity`: no end. */
  readonly max: number;
  readonly isGreedy: boolean;
}

export interface GroupSyntax extends Place {
  readonly kind: "group";
  readonly sub: Syntax;
  /** From 1; undefined: it captures nothing. */
  readonly index: number | undefined;
  readonly name: string | undefined;
  readonly flags: FlagChange | undefined;
}

interface SequenceSyntax extends Place {
  readonly kind: "concat" | "alternation";
  readonly parts: readonly Syntax[];
}
