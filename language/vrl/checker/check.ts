/** Says what is wrong with a program, and of one that is right what its expressions are. */
import type { Diagnostic } from "../diagnostic/diagnostic.ts";
import { isProblem } from "../diagnostic/diagnostic.ts";
import type { Expression, Program } from "../parser/ast.ts";
import { TREE_DEPTH_MAX, treeTooDeep } from "../parser/tree-depth.ts";
import type { FunctionDefinition } from "../stdlib/define.ts";
import type { Host } from "../stdlib/host.ts";
import type { CheckedProgram } from "./checked.ts";
import { Checker, type ReadOnlyPath } from "./checker.ts";
import { Kind } from "./kind.ts";
import { LayeredMap } from "./layered-map.ts";
import { settle } from "./settle.ts";
import type { State } from "./state.ts";
import { eachChild } from "../parser/children.ts";
import { unusedExpressions } from "./unused.ts";

export interface CheckOptions {
  readonly functions: readonly FunctionDefinition[];
  readonly host: Host;
  /** An IANA name, or `local`. */
  readonly timezone: string;
  /** What the parser left out of the program and why: told among the rest, as the text has it; default: nothing. */
  readonly syntaxErrors?: readonly Diagnostic[];
  /** The program's text, for messages that tell how a string was written; default: as if none was raw. */
  readonly source?: string;
  /** What is known when it begins; default: event and metadata are objects of any fields. */
  readonly start?: State | undefined;
  /** Default: none. */
  readonly readOnlyPaths?: readonly ReadOnlyPath[];
  /** Whether to warn of expressions that do nothing; default: true. */
  readonly warnsOfUnused?: boolean;
}

export interface CheckResult {
  /** Undefined: there are errors. */
  readonly checked: CheckedProgram | undefined;
  /** Errors, or warnings if there are none. */
  readonly diagnostics: readonly Diagnostic[];
}

const ANY_START: State = { variables: LayeredMap.of(), event: Kind.anyObject(), metadata: Kind.anyObject() };

export function check(program: Program, options: CheckOptions): CheckResult {
  const tooDeep = firstDeeper(program.expressions, TREE_DEPTH_MAX);
  if (tooDeep !== undefined) return { checked: undefined, diagnostics: [treeTooDeep(tooDeep.span.start)] };
  const { functions, host, timezone, readOnlyPaths = [], start = ANY_START } = options;
  const byName = new Map(functions.map((definition) => [definition.name, definition]));
  const checker = new Checker({ functions: byName, readOnlyPaths, host, timezone }, start);
  const syntaxErrors = [...(options.syntaxErrors ?? [])];
  for (const expression of program.expressions) {
    while (syntaxErrors.length > 0 && beginsBefore(syntaxErrors[0]!, expression))
      checker.report(syntaxErrors.shift()!);
    checker.checkRoot(expression);
  }
  for (const error of syntaxErrors) checker.report(error);
  const problems = checker.diagnostics.filter(isProblem);
  if (problems.length > 0) return { checked: undefined, diagnostics: problems };
  const unused = options.warnsOfUnused === false ? [] : unusedExpressions(program, options.source ?? "");
  return {
    checked: settle(program, checker, start),
    diagnostics: [...checker.diagnostics, ...unused],
  };
}

function beginsBefore({ labels }: Diagnostic, { span }: Expression): boolean {
  return (labels[0]?.span.start ?? 0) < span.start;
}

/** An expression that is more than `depthMax` deep; a tree need not come from the parser, which sees to that, too. */
function firstDeeper(expressions: readonly Expression[], depthMax: number): Expression | undefined {
  const left = expressions.map((expression) => ({ expression, depth: 0 }));
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    const { expression } = next;
    const depth = next.depth + levelsOf(expression);
    if (depth > depthMax) return expression;
    eachChild(expression, (child) => left.push({ expression: child, depth }));
  }
  return undefined;
}

/** Levels it is to count for: what is checked by more functions in one another takes more of the stack. */
function levelsOf(expression: Expression): number {
  if (expression.type === "call") return 3;
  // Each part is an operator's.
  if (expression.type === "template") return expression.parts.length + 1;
  return expression.type === "array" || expression.type === "object" ? 2 : 1;
}
