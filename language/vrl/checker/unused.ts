/**
 * Warns of what a program works out and never uses. The rules are the language's, with their gaps: within closures and
 * of variables that are assigned twice little is said, so that nothing wrong is.
 */
import { primaryLabel, type Diagnostic } from "../diagnostic/diagnostic.ts";
import type { Span } from "../diagnostic/span.ts";
import type { Assignment, Block, Expression, FunctionCall, If, Program, Target } from "../parser/ast.ts";
import { compareStrings } from "../runtime/text.ts";
import { Written } from "./show.ts";

/** Called for what they do. */
const ACTIONS: ReadonlySet<string> = new Set(["del", "log", "assert", "assert_eq", "set_semantic_meaning"]);

export function unusedExpressions(program: Program, source: string): readonly Diagnostic[] {
  const visitor = new UnusedVisitor(source);
  program.expressions.forEach((expression, index) => {
    // What the last one yields is the program's result.
    if (index === program.expressions.length - 1) visitor.used(() => visitor.visit(expression));
    else visitor.visit(expression);
  });
  return visitor.finish();
}

interface VariableUse {
  readonly span: Span;
  isUsed: boolean;
  isInClosure: boolean;
}

class UnusedVisitor {
  readonly #diagnostics: Diagnostic[] = [];
  readonly #written: Written;
  readonly #variables = new Map<string, VariableUse>();
  /** By level of nesting: whether what is there is used, and whether it is in a block and not the last of it. */
  readonly #isUsed: boolean[] = [false];
  readonly #isInBlock: boolean[] = [false];
  #level = 0;
  #isInClosure = false;

  constructor(source: string) {
    this.#written = new Written(source);
  }

  finish(): readonly Diagnostic[] {
    const names = [...this.#variables.keys()].sort(compareStrings);
    for (const name of names) {
      const { span, isUsed, isInClosure } = this.#variables.get(name)!;
      if (!isUsed && !isInClosure) this.#warn(`unused variable \`${name}\``, span);
    }
    return this.#diagnostics;
  }

  /** A level down, where what is there is used. */
  used(visit: () => void): void {
    this.#level++;
    const level = this.#level;
    this.#isUsed[level] = true;
    visit();
    this.#isUsed[level] = false;
    this.#level--;
  }

  visit(expression: Expression): void {
    switch (expression.type) {
      case "template":
        for (const part of expression.parts) if (part.type === "variable") this.#use(part.name);
        this.#expectUse(expression, "literal");
        return;
      case "literal":
      case "regex":
      case "timestamp":
        this.#expectUse(expression, "literal");
        return;
      case "group":
        this.visit(expression.inner);
        return;
      case "block":
        this.#visitBlock(expression);
        return;
      case "array":
        for (const element of expression.elements) this.visit(element);
        return;
      case "object":
        this.#expectUse(expression, "object");
        for (const { value } of expression.fields) this.used(() => this.visit(value));
        return;
      case "if":
        this.used(() => this.#visitIf(expression));
        return;
      case "binary":
        this.visit(expression.left);
        this.used(() => this.visit(expression.right));
        return;
      case "not":
        this.visit(expression.operand);
        return;
      case "assignment":
        this.#visitAssignment(expression);
        return;
      case "query":
        if (expression.root.type === "call") this.#visitCall(expression.root);
        else if (expression.root.type === "variable" && this.#isUsed[this.#level])
          this.#use(expression.root.name);
        return;
      case "call":
        this.#visitCall(expression);
        return;
      case "variable":
        this.#use(expression.name);
        return;
      case "abort":
        return;
      case "return":
        this.used(() => this.visit(expression.value));
        return;
    }
  }

  #visitBlock({ expressions }: Block): void {
    this.#level++;
    this.#isInBlock[this.#level] = true;
    expressions.forEach((expression, index) => {
      // The last one stands for the block.
      if (index === expressions.length - 1) {
        this.#isInBlock[this.#level] = false;
        this.#level--;
      }
      this.visit(expression);
    });
    if (expressions.length === 0) this.#level--;
  }

  #visitIf({ predicate, then, otherwise }: If): void {
    for (const expression of predicate.expressions) this.visit(expression);
    this.used(() => this.#visitBlock(then));
    if (otherwise !== undefined) this.used(() => this.#visitBlock(otherwise));
  }

  #visitAssignment({ target, errorTarget, operator, value }: Assignment): void {
    this.used(() => {
      this.#assign(target, operator);
      if (errorTarget !== undefined) this.#assign(errorTarget, operator);
      this.visit(value);
    });
  }

  #assign(target: Target, operator: "=" | "|="): void {
    if (target.type === "query") {
      if (target.root.type === "variable") this.#define(target.root.name, target.root.span);
    } else if (target.type === "variable") {
      if (operator === "=") this.#define(target.name, target.span);
      else this.#use(target.name);
    }
  }

  #visitCall(call: FunctionCall): void {
    for (const { value } of call.arguments) this.used(() => this.visit(value));
    // It may be of a block that something handles the errors of.
    const isHandled = !call.abortsOnError && this.#isInBlock[this.#level] === true;
    if (isHandled) this.#isUsed[this.#level] = true;
    if (!ACTIONS.has(call.name)) {
      if (call.closure !== undefined) {
        this.#isInClosure = true;
        for (const { name, span } of call.closure.variables) this.#define(name, span);
        const level = this.#level;
        this.#isUsed[level] = true;
        this.#visitBlock(call.closure.block);
        this.#isUsed[level] = false;
      } else this.#expectUse(call, "result for function call");
      this.#isInClosure = false;
    }
    if (isHandled) this.#isUsed[this.#level] = false;
  }

  #expectUse(expression: Expression, what: string): void {
    if (this.#isUsed[this.#level]) return;
    this.#warn(`unused ${what} \`${this.#written.expression(expression)}\``, expression.span);
  }

  #define(name: string, span: Span): void {
    if (isNamed(name) && !this.#variables.has(name))
      this.#variables.set(name, { span, isUsed: false, isInClosure: this.#isInClosure });
  }

  #use(name: string): void {
    const variable = isNamed(name) ? this.#variables.get(name) : undefined;
    if (variable === undefined) return;
    variable.isUsed = true;
    variable.isInClosure ||= this.#isInClosure;
  }

  #warn(message: string, span: Span): void {
    this.#diagnostics.push({
      severity: "warning",
      code: 900,
      message,
      labels: [primaryLabel("help: use the result of this expression or remove it", span)],
      notes: ["this expression has no side-effects"],
    });
  }
}

/** A name that begins with `_` says that nobody means to use it. */
function isNamed(name: string): boolean {
  return name !== "" && !name.startsWith("_");
}
