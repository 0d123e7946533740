/** What the checker hands on to the code generator: the tree and, beside it, what is known of its nodes. */
import type {
  Assignment,
  Binary,
  Expression,
  FunctionCall,
  Program,
  RegexLiteral,
  TimestampLiteral,
} from "../parser/ast.ts";
import type { Regex } from "../runtime/regex.ts";
import type { Timestamp } from "../runtime/timestamp.ts";
import type { Value } from "../runtime/value.ts";
import type { FunctionDefinition, Run } from "../stdlib/define.ts";
import type { State } from "./state.ts";
import type { TypeDef } from "./type-def.ts";

export interface CheckedProgram {
  readonly program: Program;
  /** Of every expression, as it is where it stands. */
  typeOf(expression: Expression): TypeDef;
  /** Its value where that is known and it does nothing else. */
  constantOf(expression: Expression): Value | undefined;
  callOf(call: FunctionCall): ResolvedCall;
  /** What `|=` stands for. */
  mergeOf(assignment: Assignment): Binary;
  /** What the target of an `ok, err =` gets where the right side fails. */
  defaultOf(assignment: Assignment): Value;
  literalOf(literal: RegexLiteral): Regex;
  literalOf(literal: TimestampLiteral): Timestamp;
  /** What is known before the program runs, and when it has run. */
  readonly start: State;
  readonly end: State;
  /** What the program yields, and whether it can. */
  readonly result: TypeDef;
  /** Whether it may end with `abort`. */
  readonly isAbortable: boolean;
  /** Paths that it reads and writes: what a host may do without. */
  readonly reads: readonly TargetPath[];
  readonly writes: readonly TargetPath[];
}

export interface TargetPath {
  readonly root: "event" | "metadata";
  readonly path: readonly (string | number)[];
}

export interface ResolvedCall {
  readonly definition: FunctionDefinition;
  readonly run: Run;
  /** In the parameters' order; undefined: not given, or known when compiled and of no use to `run`. */
  readonly arguments: readonly (ResolvedArgument | undefined)[];
}

export interface ResolvedArgument {
  readonly value: Expression;
  /** Bits of `Part` it must be of and may not be: checked before the call; 0: it cannot be anything else. */
  readonly checkedFor: number;
}
