/** From a tree back to a program's text: parsed again, it is the same tree but for where things stand. */
import { plainText } from "../runtime/float.ts";
import { Float } from "../runtime/value.ts";
import type {
  Argument,
  Assignment,
  Block,
  Closure,
  Expression,
  FunctionCall,
  If,
  Literal,
  Predicate,
  Program,
  Query,
  QueryRoot,
  Target,
  Template,
} from "./ast.ts";

const INDENT = "  ";
/** A float this long is more than any number, as its literal must be: there is none for infinity. */
const INFINITY_DIGITS = 400;

/** An expression on each line. */
export function print(program: Program): string {
  const printer = new Printer();
  return program.expressions.map((expression) => `${printer.expression(expression)}\n`).join("");
}

/** Without a newline at its end. */
/** What can also be queried. */
class Printer {
  #indent = "";

  expression(expression: Expression): string {
    switch (expression.type) {
      case "literal":
        return printLiteral(expression);
      case "regex":
        return `r'${expression.source.replaceAll("'", "\\'")}'`;
      case "timestamp":
        return `t'${expression.source.replaceAll("'", "\\'")}'`;
      case "template":
        return printTemplate(expression);
      case "array":
      case "object":
      case "group":
      case "block":
      case "variable":
      case "call":
        return this.#root(expression);
      case "query":
        return this.#query(expression);
      case "if":
        return this.#if(expression);
      case "binary":
        return `${this.expression(expression.left)} ${expression.operator} ${this.expression(expression.right)}`;
      case "not": {
        const operand = this.expression(expression.operand);
        // `!-` would be read as one operator.
        return operand.startsWith("-") ? `! ${operand}` : `!${operand}`;
      }
      case "assignment":
        return this.#assignment(expression);
      case "abort":
        return expression.message === undefined ? "abort" : `abort ${this.expression(expression.message)}`;
      case "return":
        return `return ${this.expression(expression.value)}`;
    }
  }

  #root(root: QueryRoot): string {
    switch (root.type) {
      case "event":
        return ".";
      case "metadata":
        return "%";
      case "variable":
        return root.name;
      case "call":
        return this.#call(root);
      case "array":
        return `[${root.elements.map((element) => this.expression(element)).join(", ")}]`;
      case "object": {
        const fields = root.fields.map(({ key, value }) => `${quote(key)}: ${this.expression(value)}`);
        return fields.length === 0 ? "{}" : `{ ${fields.join(", ")} }`;
      }
      case "group":
        return `(${this.expression(root.inner)})`;
      case "block":
        return this.#block(root);
    }
  }

  #block({ expressions }: Block): string {
    const outer = this.#indent;
    this.#indent += INDENT;
    const lines = expressions.map((expression) => `${this.#indent}${this.expression(expression)}\n`);
    this.#indent = outer;
    return `{\n${lines.join("")}${outer}}`;
  }

  #if({ predicate, then, otherwise }: If): string {
    const head = `if ${this.#predicate(predicate)} ${this.#block(then)}`;
    if (otherwise === undefined) return head;
    const [only, second] = otherwise.expressions;
    const isElseIf = only?.type === "if" && second === undefined;
    return `${head} else ${isElseIf ? this.#if(only) : this.#block(otherwise)}`;
  }

  #predicate({ expressions }: Predicate): string {
    const [first, second] = expressions;
    if (first !== undefined && second === undefined && first.type !== "assignment") {
      return this.expression(first);
    }
    return `(${expressions.map((expression) => `${this.expression(expression)};`).join(" ")})`;
  }

  #assignment({ target, errorTarget, operator, value }: Assignment): string {
    const targets = errorTarget === undefined ? [target] : [target, errorTarget];
    const left = targets.map((one) => this.#target(one)).join(", ");
    return `${left} ${operator} ${this.expression(value)}`;
  }

  #target(target: Target): string {
    return target.type === "ignored" ? "_" : this.expression(target);
  }

  #query({ root, path }: Query): string {
    let text = this.#root(root);
    for (const segment of path) {
      if (typeof segment === "number") text += `[${segment}]`;
      else if (text === "." || text === "%") text += printField(segment);
      else text += `.${printField(segment)}`;
    }
    return text;
  }

  #call({ name, abortsOnError, arguments: args, closure }: FunctionCall): string {
    const list = args.map((argument) => this.#argument(argument)).join(", ");
    const call = `${name}${abortsOnError ? "!" : ""}(${list})`;
    return closure === undefined ? call : `${call} ${this.#closure(closure)}`;
  }

  #argument({ name, value }: Argument): string {
    return name === undefined ? this.expression(value) : `${name}: ${this.expression(value)}`;
  }

  #closure({ variables, block }: Closure): string {
    const names = variables.map(({ name }) => (name === "" ? "_" : name)).join(", ");
    return `-> |${names}| ${this.#block(block)}`;
  }
}

function printLiteral({ value }: Literal): string {
  if (typeof value === "string") return quote(value);
  if (value instanceof Float) return printFloat(value.value);
  if (typeof value === "number" && !Number.isInteger(value)) return printFloat(value);
  return String(value);
}

function printFloat(number: number): string {
  const isNegative = number < 0 || Object.is(number, -0);
  const size = Math.abs(number);
  const digits = size === Infinity ? "9".repeat(INFINITY_DIGITS) : plainText(size);
  return `${isNegative ? "-" : ""}${digits}${digits.includes(".") ? "" : ".0"}`;
}

const escapes: Readonly<Record<string, string>> = {
  "\\": "\\\\",
  '"': '\\"',
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\0": "\\0",
};

/** Braces are escaped where they could be a template's. */
function quote(text: string): string {
  const isPlain = !text.includes("{{") && !text.includes("}}");
  return `"${isPlain ? escape(text) : escapeWithBraces(text)}"`;
}

function escape(text: string): string {
  return text.replaceAll(/[\\"\n\r\t\0]/g, (character) => escapes[character]!);
}

function escapeWithBraces(text: string): string {
  return escape(text).replaceAll(/[{}]/g, "\\$&");
}

function printTemplate({ parts }: Template): string {
  const texts = parts.map((part) =>
    part.type === "variable" ? `{{ ${part.name} }}` : escapeWithBraces(textOf(part)),
  );
  return `"${texts.join("")}"`;
}

function textOf({ value }: Literal): string {
  return typeof value === "string" ? value : "";
}

function printField(name: string): string {
  const isWord = /^[A-Za-z_@][A-Za-z0-9_@]*$/.test(name) && name !== "_";
  return isWord ? name : quote(name);
}
