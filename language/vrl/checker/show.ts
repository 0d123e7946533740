/**
 * Expressions as messages show them. There are two ways, and neither is the source again: errors show what a program
 * means (`x |= 1` as `x = x | 1`, arguments without their names), warnings what is written.
 */
import type {
  Assignment,
  Expression,
  FunctionCall,
  Literal,
  Predicate,
  Query,
  QueryRoot,
  Target,
  Variable,
} from "../parser/ast.ts";
import { numberOfFloat, plainText } from "../runtime/float.ts";
import { isFloat } from "../runtime/kind-of.ts";
import type { Path } from "../runtime/path.ts";
import { Timestamp } from "../runtime/timestamp.ts";
import type { Facts } from "./facts.ts";

/** A path as a query's target is followed by it: `a.b[0]."c d"`. */
export function pathText(path: Path): string {
  return path
    .map((segment, index) => {
      if (typeof segment === "number") return `[${segment}]`;
      return (index === 0 ? "" : ".") + quotedField(segment);
    })
    .join("");
}

function quotedField(field: string): string {
  return /^[A-Za-z_0-9@]+$/.test(field) ? field : `"${field.replaceAll(/["\\]/g, "\\$&")}"`;
}

/** One segment as spans are measured by it. */
export function segmentText(segment: string | number): string {
  if (typeof segment === "number") return `[${segment}]`;
  return /^[0-9]*[a-zA-Z_@][0-9a-zA-Z_@]*$/.test(segment) ? segment : `"${segment}"`;
}

/** What `expression` is, in a word. */
export function typeName(expression: Expression): string {
  switch (expression.type) {
    case "literal":
    case "regex":
    case "timestamp":
      return "literal";
    case "template":
      return expression.parts.length === 1 ? typeName(expression.parts[0]!) : "operation";
    case "if":
      return "if-statement";
    case "binary":
      return "operation";
    case "call":
      return "function call";
    case "variable":
      return "variable call";
    case "not":
      return "unary operation";
    case "abort":
      return "abort operation";
    case "array":
    case "assignment":
    case "block":
    case "group":
    case "object":
    case "query":
    case "return":
      return expression.type;
  }
}

function literalText({ value }: Literal): string {
  if (typeof value === "string") return `"${value}"`;
  return isFloat(value) ? plainText(numberOfFloat(value)) : String(value);
}

/** A template's part within its quotes. */
function partText(part: Literal | Variable): string {
  return part.type === "variable" ? `{{ ${part.name} }}` : literalText(part).slice(1, -1);
}

/** As written. */
export class Written {
  readonly #source: string;

  /** `source`: the program's text, which alone tells raw strings from others. */
  constructor(source: string) {
    this.#source = source;
  }

  expression(expression: Expression): string {
    switch (expression.type) {
      case "literal": {
        const { value, span } = expression;
        return typeof value === "string" && this.#source[span.start] === "s"
          ? `s'${value}'`
          : literalText(expression);
      }
      case "regex":
        return `r'${expression.source}'`;
      case "timestamp":
        return `t'${expression.source}'`;
      case "template":
        return `"${expression.parts.map(partText).join("")}"`;
      case "abort":
        return expression.message === undefined ? "abort" : `abort: ${this.expression(expression.message)}`;
      case "return":
        return `return ${this.expression(expression.value)}`;
      case "assignment": {
        const { operator } = expression;
        return `${writtenTargets(expression)} ${operator} ${this.expression(expression.value)}`;
      }
      case "query":
        return this.#root(expression.root) + pathText(expression.path);
      case "call":
        return this.#call(expression);
      case "variable":
      case "array":
      case "object":
      case "group":
      case "block":
      case "binary":
      case "not":
      case "if":
        return compound(expression, (inner) => this.expression(inner), ")");
    }
  }

  #root(root: QueryRoot): string {
    if (root.type === "event") return ".";
    return root.type === "metadata" ? "&" : this.expression(root);
  }

  #call({ name, arguments: given, closure }: FunctionCall): string {
    const texts = given.map(
      (argument) =>
        (argument.name === undefined ? "" : `${argument.name}: `) + this.expression(argument.value),
    );
    const call = `${name}(${texts.join(", ")})`;
    if (closure === undefined) return call;
    const variables = closure.variables.map((variable) => variable.name).join(", ");
    return `${call} -> |${variables}| ${this.expression(closure.block)}`;
  }
}

/** An assignment's targets as errors show them. */
export function targetText(target: Target): string {
  if (target.type === "ignored") return "_";
  if (target.type === "variable") return target.name;
  const { root } = target;
  if (root.type === "event") return `.${pathText(target.path)}`;
  if (root.type === "metadata") return `&${pathText(target.path)}`;
  return new Written("").expression(target);
}

function writtenTargets({ target, errorTarget }: Assignment): string {
  return errorTarget === undefined ? targetText(target) : `${targetText(target)}, ${targetText(errorTarget)}`;
}

/** As meant. */
export class Meant {
  readonly #facts: Facts;

  constructor(facts: Facts) {
    this.#facts = facts;
  }

  expression(expression: Expression): string {
    switch (expression.type) {
      case "literal":
        return literalText(expression);
      case "regex":
        return expression.source;
      case "timestamp": {
        const value = this.#facts.literals.get(expression);
        return `t'${value instanceof Timestamp ? value.toString() : expression.source}'`;
      }
      case "template": {
        const meant = this.#facts.templates.get(expression);
        return meant === undefined ? new Written("").expression(expression) : this.expression(meant);
      }
      case "abort":
      case "return":
        return expression.type;
      case "assignment": {
        const value = this.#facts.merges.get(expression) ?? expression.value;
        const { target, errorTarget } = expression;
        const ok = this.#target(target);
        const targets = errorTarget === undefined ? ok : `${ok}, ${this.#target(errorTarget)}`;
        return `${targets} = ${this.expression(value)}`;
      }
      case "query":
        return this.query(expression);
      case "call": {
        const given = expression.arguments.map(({ value }) => this.expression(value));
        return `${expression.name}(${given.join(", ")})`;
      }
      case "variable":
      case "array":
      case "object":
      case "group":
      case "block":
      case "binary":
      case "not":
      case "if":
        return compound(expression, (inner) => this.expression(inner), "(");
    }
  }

  query({ root, path }: Query): string {
    if (root.type === "event") return `.${pathText(path)}`;
    if (root.type === "metadata") return `%${pathText(path)}`;
    const isField = root.type === "variable" && typeof path[0] === "string";
    return `${this.expression(root)}${isField ? "." : ""}${pathText(path)}`;
  }

  #target(target: Target): string {
    if (target.type !== "query") return target.type === "ignored" ? "_" : target.name;
    if (target.root.type === "variable") return target.root.name + pathText(target.path);
    return this.query(target);
  }
}

/** What both ways show alike; `predicateEnd` ends a predicate of several expressions. */
function compound(
  expression: Exclude<
    Expression,
    {
      type:
        | "literal"
        | "regex"
        | "timestamp"
        | "template"
        | "abort"
        | "return"
        | "assignment"
        | "query"
        | "call";
    }
  >,
  show: (inner: Expression) => string,
  predicateEnd: string,
): string {
  switch (expression.type) {
    case "variable":
      return expression.name;
    case "array":
      return `[${expression.elements.map(show).join(", ")}]`;
    case "object":
      return `{ ${expression.fields.map(({ key, value }) => `"${key}": ${show(value)}`).join(", ")} }`;
    case "group":
      return `(${show(expression.inner)})`;
    case "block":
      return `{\n${expression.expressions.map((each) => `\t${show(each)}`).join("\n")}\n}`;
    case "binary":
      return `${show(expression.left)} ${expression.operator} ${show(expression.right)}`;
    case "not":
      return `!${show(expression.operand)}`;
    case "if": {
      const { then, otherwise } = expression;
      const end = otherwise === undefined ? "" : ` else${show(otherwise)}`;
      return `if ${predicateText(expression.predicate, show, predicateEnd)} ${show(then)}${end}`;
    }
  }
}

function predicateText({ expressions }: Predicate, show: (inner: Expression) => string, end: string): string {
  const text = expressions.map(show).join("; ");
  return expressions.length > 1 ? `(${text}${end}` : text;
}
