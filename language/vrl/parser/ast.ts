/** The tree of a program as it is written. */
import type { Span } from "../diagnostic/span.ts";
import type { Integer } from "../runtime/integer.ts";
import type { Path } from "../runtime/path.ts";
import type { Float } from "../runtime/value.ts";

export interface Program {
  readonly expressions: readonly Expression[];
}

export type Expression =
  | Literal
  | RegexLiteral
  | TimestampLiteral
  | Template
  | ArrayLiteral
  | ObjectLiteral
  | Group
  | Block
  | If
  | Binary
  | Not
  | Assignment
  | Query
  | Variable
  | FunctionCall
  | Abort
  | Return;

interface Node<Type extends string> {
  readonly type: Type;
  readonly span: Span;
}

export interface Literal extends Node<"literal"> {
  /** Strings with their escapes resolved, raw strings, numbers, booleans and null. */
  readonly value: string | Integer | Float | boolean | null;
}

/** `r'…'`; the source with `\'` resolved. Whether it is a regular expression is for the checker to say. */
export interface RegexLiteral extends Node<"regex"> {
  readonly source: string;
}

/** `t'…'`. */
export interface TimestampLiteral extends Node<"timestamp"> {
  readonly source: string;
}

/** A string with `{{ variables }}` in it: the texts and variables in turn, joined by `+`. */
export interface Template extends Node<"template"> {
  readonly parts: readonly (Literal | Variable)[];
}

export interface ArrayLiteral extends Node<"array"> {
  readonly elements: readonly Expression[];
}

export interface ObjectLiteral extends Node<"object"> {
  /** Sorted by key, as they are evaluated; of equal keys the last one. */
  readonly fields: readonly { readonly key: string; readonly keySpan: Span; readonly value: Expression }[];
}

/** `(…)`. */
export interface Group extends Node<"group"> {
  readonly inner: Expression;
}

/** `{ … }`: at least one expression; yields the last one's value. */
export interface Block extends Node<"block"> {
  readonly expressions: readonly Expression[];
}

export interface If extends Node<"if"> {
  readonly predicate: Predicate;
  readonly then: Block;
  /** `else if` is a block with that `if` alone in it. */
  readonly otherwise: Block | undefined;
}

/** One expression, or several in parentheses of which the last one decides. */
export interface Predicate extends Node<"predicate"> {
  readonly expressions: readonly Expression[];
}

export type Operator =
  | "*"
  | "/"
  | "+"
  | "-"
  | "|"
  | ">"
  | ">="
  | "<"
  | "<="
  | "=="
  | "!="
  | "&&"
  | "||"
  | "??";

export interface Binary extends Node<"binary"> {
  readonly operator: Operator;
  readonly operatorSpan: Span;
  readonly left: Expression;
  readonly right: Expression;
}

export interface Not extends Node<"not"> {
  readonly bangSpan: Span;
  readonly operand: Expression;
}

export interface Assignment extends Node<"assignment"> {
  readonly target: Target;
  /** `ok, err = …`: where the error goes. */
  readonly errorTarget: Target | undefined;
  /** `|=` merges into what the target holds. */
  readonly operator: "=" | "|=";
  readonly value: Expression;
}

/** What can stand left of `=`. A query of anything but the event, metadata or a variable is refused by the checker. */
export type Target = Ignored | Query | Variable;

/** `_`. */
export type Ignored = Node<"ignored">;

/** A path into something: `.a.b[0]`, `%meta`, `variable.x`, `f().y`, `{ "a": 1 }.a`. */
export interface Query extends Node<"query"> {
  readonly root: QueryRoot;
  readonly path: Path;
  readonly pathSpan: Span;
}

export type QueryRoot =
  | Node<"event">
  | Node<"metadata">
  | Variable
  | FunctionCall
  | ArrayLiteral
  | ObjectLiteral
  | Group
  | Block;

export interface Variable extends Node<"variable"> {
  readonly name: string;
}

export interface FunctionCall extends Node<"call"> {
  readonly name: string;
  readonly nameSpan: Span;
  /** `f!(…)`. */
  readonly abortsOnError: boolean;
  readonly arguments: readonly Argument[];
  readonly closure: Closure | undefined;
}

export interface Argument {
  readonly span: Span;
  readonly name: string | undefined;
  readonly nameSpan: Span | undefined;
  readonly value: Expression;
}

/** `-> |key, value| { … }`; `_` is a variable whose name is empty. */
export interface Closure {
  readonly span: Span;
  readonly variables: readonly Variable[];
  readonly variablesSpan: Span;
  readonly block: Block;
}

export interface Abort extends Node<"abort"> {
  readonly message: Expression | undefined;
}

export interface Return extends Node<"return"> {
  readonly value: Expression;
}
