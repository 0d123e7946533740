/** What the checker knows of a program beyond its tree. */
import type { Assignment, Binary, Expression, FunctionCall, Template } from "../parser/ast.ts";
import type { Value } from "../runtime/value.ts";
import type { FunctionDefinition, Run } from "../stdlib/define.ts";
import type { Host } from "../stdlib/host.ts";
import type { CallAt } from "./call-view.ts";
import type { TypeDef } from "./type-def.ts";

/** Filled as expressions are checked; what is asked for of an expression was checked before. */
export interface Facts {
  readonly calls: ReadonlyMap<FunctionCall, CallFacts>;
  /** What `|=` stands for. */
  readonly merges: ReadonlyMap<Assignment, Binary>;
  /** What a template stands for: its parts, joined by `+`. */
  readonly templates: ReadonlyMap<Template, Expression>;
  /** What regular expressions and timestamps are. */
  readonly literals: ReadonlyMap<Expression, Value>;
  /** What the target of an `ok, err =` gets where the right side fails. */
  readonly defaults: ReadonlyMap<Assignment, Value>;
  readonly host: Host;
  readonly timezone: string;
}

/** A call whose name and arguments are right. */
export interface CallFacts {
  readonly definition: FunctionDefinition;
  /** In the parameters' order. */
  readonly arguments: readonly (Expression | undefined)[];
  /** Whether an argument may be of a kind that its parameter is not. */
  readonly mayMismatch: boolean;
  /** What its closure yields. */
  readonly closure: TypeDef | undefined;
  /** As `run` was made for it. */
  readonly view: CallAt;
  readonly run: Run;
  /** What it yields, where that is known. */
  readonly constant: Value | undefined;
}
