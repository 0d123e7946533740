/**
 * A checked program as one JavaScript function. Every expression of the program becomes statements that leave its value
 * in an operand; nothing is looked up or dispatched while events pass, and closures are functions beside it, made once.
 */
import type { CheckedProgram } from "../checker/checked.ts";
import { Part } from "../checker/kind.ts";
import type { Assignment, Block, Closure, Expression, If, Query, Target } from "../parser/ast.ts";
import { byteLength } from "../runtime/text.ts";
import type { Value, VrlObject } from "../runtime/value.ts";
import { writeCall } from "./calls.ts";
import { Emitter, type Line } from "./emitter.ts";
import { isScalar, scalarLiteral, stringLiteral } from "./literals.ts";
import { writeBinary, writeTemplate } from "./operators.ts";
import { isPutAtOnce, readPath, type Root, writePath } from "./paths.ts";
import { Scope } from "./scope.ts";
import { changes, changesPartsOf, isShared, some } from "./sharing.ts";

/** JavaScript that yields a value, to be used once. */
export interface Operand {
  readonly code: string;
  /** Whether it yields the same value later, whatever happens until then. */
  readonly isStable: boolean;
  /** Whether that value is a copy, which nobody changes in place. */
  readonly isOwn?: boolean;
}

export const NULL: Operand = { code: "null", isStable: true };

/** JavaScript of a failure to that of the failure as it is told further out. */
export type Telling = (failure: string) => string;

/** Where a failure goes: out of the function, or into a variable and behind a label. */
type OnFailure = { readonly label: string; readonly variable: string | undefined } | undefined;

export interface Generated {
  /** Of a function of `runtime` and the constants `k0`, `k1` … that returns `run(target, journal)`. */
  readonly lines: readonly Line[];
  readonly constants: readonly unknown[];
  /** Whether it notes what it changes. */
  readonly isJournaled: boolean;
}

export interface GenerateOptions {
  readonly source: string;
  /** Whether what the program changes is noted, to be taken back. */
  readonly isJournaled: boolean;
  /** What keeps the program's variables beyond it; default: nothing does. */
  readonly variables?: VrlObject | undefined;
}

export function generate(checked: CheckedProgram, options: GenerateOptions): Generated {
  return new Generator(checked, options).program();
}

export class Generator {
  readonly checked: CheckedProgram;
  readonly emitter: Emitter = new Emitter();
  readonly scope: Scope;
  readonly isJournaled: boolean;
  readonly #source: string;
  readonly #isAscii: boolean;
  readonly #closures: Line[] = [];
  /** Parameters of closures that closures within them see, too. */
  readonly #sharedParameters: string[] = [];
  #onFailure: OnFailure;
  #isInClosure = false;
  /** Of the calls and operators whose parts are being written, inside out: each tells of failures in them as of its own. */
  #tellings: readonly Telling[] = [];
  /** Whether the event and the metadata are objects throughout. */
  readonly #areObjects: { readonly event: boolean; readonly metadata: boolean };

  constructor(checked: CheckedProgram, { source, isJournaled, variables }: GenerateOptions) {
    this.checked = checked;
    this.scope = new Scope(this.emitter, variables && this.emitter.constant(variables));
    this.#source = source;
    // oxlint-disable-next-line eslint/no-control-regex -- all of ASCII
    this.#isAscii = /^[\u0000-\u007f]*$/.test(source);
    this.isJournaled = isJournaled && checked.isAbortable && checked.writes.length > 0;
    this.#areObjects = { event: this.#staysObject("event"), metadata: this.#staysObject("metadata") };
  }

  program(): Generated {
    const { emitter } = this;
    const { expressions } = this.checked.program;
    const body = emitter.aside(() => {
      for (const each of expressions.slice(0, -1)) this.effect(each);
      const last = expressions.at(-1);
      emitter.line(`return ${last === undefined ? "null" : this.expression(last).code};`);
    });
    const variables = this.scope.declared;
    const outside =
      this.#closures.length > 0
        ? ["target", "journal", "event", "metadata", ...variables, ...this.#sharedParameters]
        : [];
    const lines: Line[] = [];
    const plain = (text: string): void => void lines.push({ text, origin: undefined });
    if (outside.length > 0) plain(`let ${outside.join(", ")};`);
    lines.push(...this.#closures);
    if (outside.length > 0) {
      plain("return function run(forTarget, forJournal) {");
      plain("  target = forTarget; journal = forJournal;");
      plain("  event = target.event; metadata = target.metadata;");
      if (variables.length > 0) plain(`  ${variables.join(" = ")} = null;`);
    } else {
      plain("return function run(target, journal) {");
      plain("  let event = target.event, metadata = target.metadata;");
      if (variables.length > 0) plain(`  let ${variables.map((each) => `${each} = null`).join(", ")};`);
    }
    lines.push(...body);
    plain("};");
    return { lines, constants: emitter.constants, isJournaled: this.isJournaled };
  }

  /** Writes what yields its value. */
  expression(expression: Expression): Operand {
    const before = this.emitter.from(expression.span.start);
    const operand = this.#expression(expression);
    this.emitter.from(before);
    return operand;
  }

  #expression(expression: Expression): Operand {
    const constant = this.#scalarConstant(expression);
    if (constant !== undefined) return { code: scalarLiteral(constant, this.emitter), isStable: true };
    switch (expression.type) {
      case "literal":
        return { code: scalarLiteral(expression.value, this.emitter), isStable: true };
      case "regex":
        return { code: this.emitter.constant(this.checked.literalOf(expression)), isStable: true };
      case "timestamp":
        return { code: this.emitter.constant(this.checked.literalOf(expression)), isStable: true };
      case "template":
        return writeTemplate(this, expression);
      case "array": {
        const elements = this.operands(expression.elements, (each) => this.kept(each));
        return { code: `[${elements.map(({ code }) => code).join(", ")}]`, isStable: false };
      }
      case "object": {
        const values = this.operands(
          expression.fields.map(({ value }) => value),
          (each) => this.kept(each),
        );
        const fields = expression.fields.map(
          // In brackets, `__proto__` is a name like any other.
          ({ key }, index) =>
            `${key === "__proto__" ? `[${stringLiteral(key)}]` : stringLiteral(key)}: ${values[index]!.code}`,
        );
        return { code: `({ ${fields.join(", ")} })`, isStable: false };
      }
      case "group":
        return this.expression(expression.inner);
      case "block":
        return this.#block(expression);
      case "if":
        return this.#if(expression, true);
      case "binary":
        return writeBinary(this, expression);
      case "not":
        return this.#not(expression.operand);
      case "assignment":
        return this.#assignment(expression, true);
      case "query":
        return this.#query(expression);
      case "variable":
        return { code: this.scope.of(expression.name), isStable: false };
      case "call":
        return writeCall(this, expression);
      case "abort": {
        const reason =
          expression.message === undefined ? "" : `lossyText(${this.expression(expression.message).code})`;
        this.fail(`new Aborted(${reason})`);
        return NULL;
      }
      case "return": {
        const value = this.expression(expression.value);
        const isPlain = this.#onFailure === undefined && this.#tellings.length === 0;
        if (isPlain && !this.#isInClosure) this.emitter.line(`return ${value.code};`);
        else this.fail(`new Returned(${value.code})`);
        return NULL;
      }
    }
  }

  /** Writes what it does; nobody asks for its value. */
  effect(expression: Expression): void {
    const before = this.emitter.from(expression.span.start);
    if (expression.type === "if") this.#if(expression, false);
    else if (expression.type === "assignment") this.#assignment(expression, false);
    else if (expression.type === "group") this.effect(expression.inner);
    else if (expression.type === "block") for (const each of expression.expressions) this.effect(each);
    else {
      const { code, isStable } = this.#expression(expression);
      // What only reads is left out; a call may do more.
      if (!isStable && code.includes("(")) this.emitter.line(`${code};`);
    }
    this.emitter.from(before);
  }

  /** Several expressions, evaluated in order: what a later one could change is held in a variable first. */
  operands(
    expressions: readonly Expression[],
    write: (expression: Expression) => Operand = (each) => this.expression(each),
  ): Operand[] {
    const operands: Operand[] = [];
    for (const expression of expressions) {
      const { position } = this.emitter;
      const operand = write(expression);
      if (this.emitter.position > position && operands.length > 0)
        this.#hold(operands, expressions, position, expression);
      operands.push(operand);
    }
    return operands;
  }

  /** Makes operands that were written before `position` what they are there, whatever `later` changes, also in place. */
  #hold(operands: Operand[], expressions: readonly Expression[], position: number, later: Expression): void {
    let at = position;
    let isChanging: boolean | undefined;
    for (const [index, { code, isStable, isOwn = false }] of operands.entries()) {
      const isExposed =
        !isOwn &&
        isShared(expressions[index]!, this.checked) &&
        (isChanging ??= changes(later, this.checked));
      if (isStable && !isExposed) continue;
      const name = this.emitter.name("t");
      this.emitter.insert(at++, `const ${name} = ${isExposed ? `copyValue(${code})` : code};`);
      operands[index] = { code: name, isStable: true, isOwn: isOwn || isExposed };
    }
  }

  /** The same operand, to be used more than once. */
  stable(operand: Operand): Operand {
    if (operand.isStable) return operand;
    const name = this.emitter.name("t");
    this.emitter.line(`const ${name} = ${operand.code};`);
    return { code: name, isStable: true };
  }

  /** An expression whose value is kept somewhere: copied where it may be reached by another way, too. */
  kept(expression: Expression): Operand {
    const operand = this.expression(expression);
    if (!isShared(expression, this.checked)) return operand;
    return { code: `copyValue(${operand.code})`, isStable: false, isOwn: true };
  }

  /** Ends what is being evaluated with a failure. */
  fail(code: string): void {
    const told = this.#tellings.reduce((inner, telling) => telling(inner), code);
    const onFailure = this.#onFailure;
    if (onFailure === undefined) this.emitter.line(`return ${told};`);
    else {
      const { label, variable } = onFailure;
      this.emitter.line(
        variable === undefined ? `break ${label};` : `${variable} = ${told}; break ${label};`,
      );
    }
  }

  /** Writes what a call or an operator needs; failures of it are told as theirs. */
  toldAs<Result>(telling: Telling, write: () => Result): Result {
    const before = this.#tellings;
    this.#tellings = [telling, ...before];
    const result = write();
    this.#tellings = before;
    return result;
  }

  /** Ends it so if `name` holds a failure. */
  failIfFailure(name: string): void {
    this.emitter.block(`if (${name} instanceof Failure)`, () => this.fail(name));
  }

  /**
   * Writes `attempt`, and where it fails, `otherwise`. `failure`: the variable the failure is put into, if anybody asks.
   */
  catching(failure: string | undefined, attempt: () => void, otherwise: () => void): void {
    const done = this.emitter.name("l");
    const failed = this.emitter.name("l");
    this.emitter.block(`${done}:`, () => {
      this.emitter.block(`${failed}:`, () => {
        const [onFailure, tellings] = [this.#onFailure, this.#tellings];
        this.#onFailure = { label: failed, variable: failure };
        this.#tellings = [];
        attempt();
        this.#onFailure = onFailure;
        this.#tellings = tellings;
        this.emitter.line(`break ${done};`);
      });
      otherwise();
    });
  }

  /** How messages tell where an expression stands: bytes of UTF-8 from the program's beginning. */
  placeOf({ span }: Expression): string {
    const bytes = (offset: number): number =>
      this.#isAscii ? offset : byteLength(this.#source.slice(0, offset));
    return `(${bytes(span.start)}:${bytes(span.end)})`;
  }

  /** Writes a closure beside the program; returns its name. `isKept`: what it yields outlives its next run. */
  closure({ variables, block }: Closure, isKept: boolean): string {
    const name = this.emitter.name("c");
    const parameters = variables.map(() => this.emitter.name("a"));
    const [onFailure, isInClosure, tellings] = [this.#onFailure, this.#isInClosure, this.#tellings];
    this.#onFailure = undefined;
    this.#isInClosure = true;
    this.#tellings = [];
    // Closures stand beside each other: what an inner one sees of an outer one must be outside of both.
    const isOuter = some(block, (each) => each.type === "call" && each.closure !== undefined);
    const inputs = isOuter ? variables.map(() => this.emitter.name("p")) : parameters;
    if (isOuter) this.#sharedParameters.push(...parameters);
    const body = this.emitter.aside(() => {
      for (const [index, variable] of variables.entries()) {
        const [parameter, input] = [parameters[index]!, inputs[index]!];
        if (changesPartsOf(variable.name, block, this.checked))
          this.emitter.line(`${parameter} = copyValue(${input});`);
        else if (isOuter) this.emitter.line(`${parameter} = ${input};`);
      }
      this.scope.enter(new Map(variables.map((each, index) => [each.name, parameters[index]!])));
      const { code } = isKept && changes(block, this.checked) ? this.kept(block) : this.#block(block);
      this.emitter.line(`return ${code};`);
      this.scope.leave();
    });
    this.#onFailure = onFailure;
    this.#isInClosure = isInClosure;
    this.#tellings = tellings;
    this.#closures.push({ text: `function ${name}(${inputs.join(", ")}) {`, origin: undefined }, ...body, {
      text: "}",
      origin: undefined,
    });
    return name;
  }

  /** The variable of the generated code that an assignment's or path's root is. */
  rootOf(root: Query["root"]): Root | undefined {
    if (root.type === "event" || root.type === "metadata")
      return { variable: root.type, isObject: this.#areObjects[root.type], target: root.type };
    if (root.type !== "variable") return undefined;
    return { variable: this.scope.of(root.name), isObject: false, target: undefined };
  }

  /** Of what is made of variables and operators alone; everything else does something or is written as it is. */
  #scalarConstant(expression: Expression): Value | undefined {
    if (expression.type !== "variable" && expression.type !== "binary" && expression.type !== "query")
      return undefined;
    const constant = this.checked.constantOf(expression);
    if (constant === undefined || !isScalar(constant)) return undefined;
    return some(expression, ({ type }) => type === "assignment" || type === "call") ? undefined : constant;
  }

  #staysObject(root: "event" | "metadata"): boolean {
    const { checked } = this;
    /** `value`: undefined for a string or null. */
    const isReplaced = (target: Target | undefined, value: Expression | undefined): boolean => {
      if (target?.type !== "query" || target.root.type !== root || typeof target.path[0] === "string")
        return false;
      const isObject = value !== undefined && checked.typeOf(value).kind.isOnly(Part.object);
      return target.path.length > 0 || !isObject;
    };
    return (
      checked.start[root].isOnly(Part.object) &&
      !checked.program.expressions.some((expression) =>
        some(expression, (each) => {
          if (each.type !== "assignment") return false;
          const value = each.operator === "=" ? each.value : checked.mergeOf(each);
          return isReplaced(each.target, value) || isReplaced(each.errorTarget, undefined);
        }),
      )
    );
  }

  #block({ expressions }: Block): Operand {
    for (const each of expressions.slice(0, -1)) this.effect(each);
    return this.expression(expressions.at(-1)!);
  }

  #if({ predicate, then, otherwise }: If, isAskedFor: boolean): Operand {
    for (const each of predicate.expressions.slice(0, -1)) this.effect(each);
    const condition = this.expression(predicate.expressions.at(-1)!);
    const result = isAskedFor ? this.emitter.name("t") : undefined;
    if (result !== undefined) this.emitter.line(`let ${result} = null;`);
    const branch = (block: Block): void => {
      if (result === undefined) this.effect(block);
      else this.emitter.line(`${result} = ${this.#block(block).code};`);
    };
    this.emitter.block(`if (${condition.code})`, () => branch(then));
    if (otherwise !== undefined) this.emitter.block("else", () => branch(otherwise));
    return result === undefined ? NULL : { code: result, isStable: true };
  }

  #not(operand: Expression): Operand {
    return { code: `!${this.expression(operand).code}`, isStable: false };
  }

  #query({ root, path }: Query): Operand {
    const held = this.rootOf(root);
    const from = held?.variable ?? this.stable(this.expression(root as Expression)).code;
    if (path.length === 0) return { code: from, isStable: false };
    return { code: `(${readPath(from, path)} ?? null)`, isStable: false };
  }

  #assignment(assignment: Assignment, isAskedFor: boolean): Operand {
    const { target, errorTarget, operator } = assignment;
    const value = operator === "=" ? assignment.value : this.checked.mergeOf(assignment);
    if (errorTarget === undefined) {
      const operand = this.kept(value);
      const isAtOnce = target.type !== "query" || isPutAtOnce(this.rootOf(target.root)!, target.path);
      const held = isAskedFor || !isAtOnce ? this.stable(operand) : operand;
      this.#assign(target, held.code);
      return held;
    }
    const failure = this.emitter.name("f");
    const result = isAskedFor ? this.emitter.name("t") : undefined;
    this.emitter.line(`let ${[failure, ...(result === undefined ? [] : [result])].join(", ")};`);
    this.catching(
      failure,
      () => {
        const { code } = this.stable(this.kept(value));
        // The error's target may be a part of it.
        if (result !== undefined) this.emitter.line(`${result} = copyValue(${code});`);
        this.#assign(target, code);
        this.#assign(errorTarget, "null");
      },
      () => {
        const fallback = this.checked.defaultOf(assignment);
        const isContainer = typeof fallback === "object" && fallback !== null && !isScalar(fallback);
        const code = scalarLiteral(fallback, this.emitter);
        this.#assign(target, isContainer ? `copyValue(${code})` : code);
        this.#assign(errorTarget, `${failure}.message`);
        if (result !== undefined) this.emitter.line(`${result} = ${failure}.message;`);
      },
    );
    return result === undefined ? NULL : { code: result, isStable: true };
  }

  #assign(target: Target, code: string): void {
    if (target.type === "ignored") {
      if (code.includes("(")) this.emitter.line(`${code};`);
    } else if (target.type === "variable") this.emitter.line(`${this.scope.of(target.name)} = ${code};`);
    else writePath(this.emitter, this.rootOf(target.root)!, target.path, code, this.isJournaled);
  }
}
