/**
 * Goes through a program in the order it runs and says what is wrong with it. An expression that is refused ends the
 * root expression it is in; the next one is checked in the state the refused one left.
 */
import { joinSpans } from "../diagnostic/span.ts";
import type { Diagnostic } from "../diagnostic/diagnostic.ts";
import type {
  Abort,
  Assignment,
  Binary,
  Block,
  Expression,
  FunctionCall,
  If,
  Not,
  Predicate,
  Query,
  RegexLiteral,
  Return,
  Template,
  TimestampLiteral,
  Variable,
} from "../parser/ast.ts";
import type { Path } from "../runtime/path.ts";
import type { Value } from "../runtime/value.ts";
import type { FunctionDefinition } from "../stdlib/define.ts";
import type { Host } from "../stdlib/host.ts";
import type { Mismatch } from "./call-errors.ts";
import type { TargetPath } from "./checked.ts";
import { checkAssignment } from "./check-assignment.ts";
import { checkCall } from "./check-call.ts";
import {
  chainedComparison,
  fallibleAbortMessage,
  fallibleExpression,
  falliblePredicate,
  fallibleReturnValue,
  invalidRegex,
  invalidTimestamp,
  mergeNonObjects,
  nonBooleanNot,
  nonBooleanPredicate,
  nonStringAbortMessage,
  undefinedVariable,
  unnecessaryCoalesce,
} from "./errors.ts";
import type { CallFacts, Facts } from "./facts.ts";
import { Inference } from "./inference.ts";
import { Part, within } from "./kind.ts";
import { parseRegex, parseTimestamp } from "./literals.ts";
import { pathName } from "./path-name.ts";
import { Meant } from "./show.ts";
import type { State } from "./state.ts";

/** A path that programs may not write to. */
export interface ReadOnlyPath extends TargetPath {
  /** Whether what lies below it may not be written to either. */
  readonly isRecursive: boolean;
}

export interface CheckerOptions {
  readonly functions: ReadonlyMap<string, FunctionDefinition>;
  readonly readOnlyPaths: readonly ReadOnlyPath[];
  readonly host: Host;
  readonly timezone: string;
}

/** Something that can fail and that nothing has handled so far. */
export interface Pending {
  readonly diagnostic: Diagnostic;
  /** Where it is an argument that may be of the wrong kind. */
  readonly mismatch: Mismatch | undefined;
}

/** `Facts`, while they are gathered. */
interface GatheredFacts extends Facts {
  readonly calls: Map<FunctionCall, CallFacts>;
  readonly merges: Map<Assignment, Binary>;
  readonly templates: Map<Template, Expression>;
  readonly literals: Map<Expression, Value>;
  readonly defaults: Map<Assignment, Value>;
}

const COMPARISONS: ReadonlySet<string> = new Set(["==", "!=", ">", ">=", "<", "<="]);

export class Checker {
  readonly options: CheckerOptions;
  readonly facts: GatheredFacts;
  readonly inference: Inference;
  readonly meant: Meant;
  readonly diagnostics: Diagnostic[] = [];
  readonly reads: TargetPath[] = [];
  readonly writes: TargetPath[] = [];
  /** After what was checked last. */
  state: State;
  isAbortable = false;
  #pending: Pending[] = [];
  /** What would have been assigned, had the value been right: that it is undefined is no news. */
  #unassigned = new Set<string>();

  constructor(options: CheckerOptions, state: State) {
    this.options = options;
    this.state = state;
    this.facts = {
      calls: new Map(),
      merges: new Map(),
      templates: new Map(),
      literals: new Map(),
      defaults: new Map(),
      host: options.host,
      timezone: options.timezone,
    };
    this.inference = new Inference(this.facts, false);
    this.meant = new Meant(this.facts);
  }

  checkRoot(expression: Expression): void {
    this.check(expression);
    for (const { diagnostic } of this.#pending) this.diagnostics.push(diagnostic);
    this.#pending = [];
  }

  /** False: it was refused; why is in the diagnostics. */
  check(expression: Expression): boolean {
    const before = this.state;
    const mark = this.mark();
    if (!this.checkPart(expression)) return false;
    const { isFallible } = this.inference.type(expression, before);
    // Of what can fail within it, something was said already.
    if (isFallible && this.#pending.length === mark) this.expectHandled(fallibleExpression(expression.span));
    return true;
  }

  checkAll(expressions: readonly Expression[]): boolean {
    return expressions.every((expression) => this.check(expression));
  }

  /** As `check`, but whether it can fail is for what it is a part of to say. */
  checkPart(expression: Expression): boolean {
    switch (expression.type) {
      case "literal":
        return true;
      case "regex":
      case "timestamp":
        return this.#checkLiteral(expression);
      case "template":
        return this.#checkTemplate(expression);
      case "array":
        return this.checkAll(expression.elements);
      case "object": {
        const areRight = expression.fields.map(({ value }) => this.check(value));
        return areRight.every(Boolean);
      }
      case "group":
        return this.check(expression.inner);
      case "block":
        return this.checkBlock(expression);
      case "if":
        return this.#checkIf(expression);
      case "binary":
        return this.checkBinary(expression);
      case "not":
        return this.#checkNot(expression);
      case "assignment":
        return checkAssignment(this, expression);
      case "query":
        return this.#checkQuery(expression);
      case "variable":
        return this.#checkVariable(expression);
      case "call":
        return checkCall(this, expression, true);
      case "abort":
        return this.#checkAbort(expression);
      case "return":
        return this.#checkReturn(expression);
    }
  }

  report(diagnostic: Diagnostic): false {
    this.diagnostics.push(diagnostic);
    return false;
  }

  /** It is reported, unless something around it handles it. */
  expectHandled(diagnostic: Diagnostic, mismatch?: Mismatch): void {
    this.#pending.push({ diagnostic, mismatch });
  }

  /** Where what is expected to be handled from now on begins. */
  mark(): number {
    return this.#pending.length;
  }

  firstUnhandled(mark: number): Pending | undefined {
    return this.#pending[mark];
  }

  /** What came since is handled, or something worse was said. */
  handled(mark: number): void {
    this.#pending.length = mark;
  }

  skipUnassigned(root: Query["root"], path: Path): void {
    const key = placeKey(root, path);
    if (key !== undefined) this.#unassigned.add(key);
  }

  isReadOnly({ root, path }: TargetPath): boolean {
    return this.options.readOnlyPaths.some(
      (readOnly) =>
        readOnly.root === root &&
        (startsWith(readOnly.path, path) || (readOnly.isRecursive && startsWith(path, readOnly.path))),
    );
  }

  checkBlock(block: Block): boolean {
    const before = this.state;
    if (!this.checkAll(block.expressions)) return false;
    this.state = this.inference.infer(block, before).state;
    return true;
  }

  checkBinary(binary: Binary): boolean {
    const before = this.state;
    const mark = this.mark();
    if (!this.check(binary.left)) return false;
    if (binary.operator === "??") this.handled(mark);
    if (!this.check(binary.right)) return false;
    const problem = this.#operatorProblem(binary);
    if (problem !== undefined) {
      this.handled(mark);
      return this.report(problem);
    }
    const info = this.inference.infer(binary, before);
    if (!info.type.isFallible) this.handled(mark);
    this.state = info.state;
    return true;
  }

  #operatorProblem({ operator, operatorSpan, left, right }: Binary): Diagnostic | undefined {
    const { state, type } = this.inference.infer(left, this.state);
    if (COMPARISONS.has(operator) && left.type === "binary" && COMPARISONS.has(left.operator))
      return chainedComparison(operatorSpan);
    if (operator === "??" && !type.isFallible)
      return unnecessaryCoalesce(left.span, right.span, operatorSpan);
    if (operator !== "|") return undefined;
    const kinds = [type.kind, this.inference.type(right, state).kind];
    const spans = [left.span, right.span].filter((_, index) => !within(kinds[index]!, Part.object));
    return spans.length === 0 ? undefined : mergeNonObjects(spans);
  }

  #checkLiteral(literal: RegexLiteral | TimestampLiteral): boolean {
    const value = literal.type === "regex" ? parseRegex(literal.source) : parseTimestamp(literal.source);
    if (typeof value === "string") {
      const problem = literal.type === "regex" ? invalidRegex : invalidTimestamp;
      return this.report(problem(literal.span, value));
    }
    this.facts.literals.set(literal, value);
    return true;
  }

  #checkTemplate(template: Template): boolean {
    const meant = template.parts.reduce<Expression | undefined>((left, right) => {
      if (left === undefined) return right;
      const span = joinSpans(left.span, right.span);
      return { type: "binary", operator: "+", operatorSpan: right.span, left, right, span };
    }, undefined);
    const { span } = template;
    const whole: Expression = meant ?? { type: "literal", value: "", span };
    // What can fail in all of it is said of all of it.
    const told = whole.type === "binary" ? { ...whole, span } : whole;
    this.facts.templates.set(template, told);
    return this.check(told);
  }

  #checkIf(expression: If): boolean {
    const before = this.state;
    if (!this.#checkPredicate(expression.predicate)) return false;
    const decided = this.state;
    if (!this.checkBlock(expression.then)) return false;
    if (expression.otherwise !== undefined) {
      this.state = decided;
      if (!this.checkBlock(expression.otherwise)) return false;
    }
    this.state = this.inference.infer(expression, before).state;
    return true;
  }

  #checkPredicate({ expressions, span }: Predicate): boolean {
    const mark = this.mark();
    const isRight = this.checkAll(expressions);
    const unhandled = this.firstUnhandled(mark);
    this.handled(mark);
    if (!isRight) return false;
    if (unhandled !== undefined) return this.report(falliblePredicate(unhandled.diagnostic));
    const { kind } = this.inference.inferSequence(expressions, this.state).type;
    return within(kind, Part.boolean) || this.report(nonBooleanPredicate(span, kind));
  }

  #checkNot({ bangSpan, operand }: Not): boolean {
    if (!this.check(operand)) return false;
    const { kind } = this.inference.type(operand, this.state);
    return within(kind, Part.boolean) || this.report(nonBooleanNot(bangSpan, operand.span, kind));
  }

  #checkAbort({ message }: Abort): boolean {
    this.isAbortable = true;
    if (message === undefined) return true;
    const mark = this.mark();
    const isRight = this.check(message);
    this.handled(mark);
    if (!isRight) return false;
    const type = this.inference.type(message, this.state);
    if (type.isFallible) return this.report(fallibleAbortMessage(message.span));
    if (within(type.kind, Part.bytes)) return true;
    return this.report(nonStringAbortMessage(message.span, type.kind));
  }

  #checkReturn({ value }: Return): boolean {
    const mark = this.mark();
    const isRight = this.check(value);
    this.handled(mark);
    if (!isRight) return false;
    if (!this.inference.type(value, this.state).isFallible) return true;
    return this.report(fallibleReturnValue(value.span));
  }

  #checkQuery({ root, path }: Query): boolean {
    const key = placeKey(root, path);
    if (key !== undefined && this.#unassigned.has(key)) return false;
    if (root.type === "event" || root.type === "metadata") {
      this.reads.push({ root: root.type, path });
      return true;
    }
    return root.type === "call" ? checkCall(this, root, false) : this.checkPart(root);
  }

  #checkVariable(variable: Variable): boolean {
    if (this.#unassigned.has(placeKey(variable, [])!)) return false;
    const { variables } = this.state;
    if (variables.has(variable.name)) return true;
    return this.report(undefinedVariable(variable.span, variable.name, variables.keys()));
  }
}

/** A name for what can be assigned to; undefined for anything else. */
function placeKey(root: Query["root"], path: Path): string | undefined {
  if (root.type === "variable") return `${root.name} ${pathName(path)}`;
  if (root.type === "event") return `. ${pathName(path)}`;
  return root.type === "metadata" ? `% ${pathName(path)}` : undefined;
}

function startsWith(path: Path, prefix: Path): boolean {
  return prefix.length <= path.length && prefix.every((segment, index) => segment === path[index]);
}
