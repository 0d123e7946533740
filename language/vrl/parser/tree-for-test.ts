/** Trees in a form that tests can write down and compare. */
import { numberOfFloat } from "../runtime/float.ts";
import { Float } from "../runtime/value.ts";
import type {
  Block,
  Closure,
  Expression,
  Literal,
  Predicate,
  Program,
  Query,
  QueryRoot,
  Target,
} from "./ast.ts";

/** All expressions of a program, a space between them: `(= .a (+ 1 b))`. Tells no spans. */
export function sketch(program: Program): string {
  return sketchAll(program.expressions);
}

type Sketched = Expression | QueryRoot | Target;

function sketchAll(nodes: readonly Sketched[]): string {
  return nodes.map((node) => sketchOne(node)).join(" ");
}

function sketchOne(node: Sketched): string {
  switch (node.type) {
    case "literal":
      return sketchLiteral(node);
    case "regex":
      return `r'${node.source}'`;
    case "timestamp":
      return `t'${node.source}'`;
    case "template":
      return `(template ${sketchAll(node.parts)})`;
    case "array":
      return `[${sketchAll(node.elements)}]`;
    case "object":
      return `(object${node.fields.map(({ key, value }) => ` ${JSON.stringify(key)} ${sketchOne(value)}`).join("")})`;
    case "group":
      return `(group ${sketchOne(node.inner)})`;
    case "block":
      return sketchBlock(node);
    case "if": {
      const otherwise = node.otherwise === undefined ? "" : ` ${sketchBlock(node.otherwise)}`;
      return `(if ${sketchPredicate(node.predicate)} ${sketchBlock(node.then)}${otherwise})`;
    }
    case "binary":
      return `(${node.operator} ${sketchOne(node.left)} ${sketchOne(node.right)})`;
    case "not":
      return `(! ${sketchOne(node.operand)})`;
    case "assignment": {
      const targets = [node.target, ...(node.errorTarget === undefined ? [] : [node.errorTarget])];
      return `(${node.operator} ${sketchAll([...targets, node.value])})`;
    }
    case "ignored":
      return "_";
    case "event":
      return ".";
    case "metadata":
      return "%";
    case "variable":
      return node.name === "" ? "_" : node.name;
    case "query":
      return sketchQuery(node);
    case "call": {
      const args = node.arguments.map(
        ({ name, value }) => ` ${name === undefined ? "" : `${name}: `}${sketchOne(value)}`,
      );
      const closure = node.closure === undefined ? "" : ` ${sketchClosure(node.closure)}`;
      return `(${node.abortsOnError ? "call!" : "call"} ${node.name}${args.join("")}${closure})`;
    }
    case "abort":
      return node.message === undefined ? "(abort)" : `(abort ${sketchOne(node.message)})`;
    case "return":
      return `(return ${sketchOne(node.value)})`;
  }
}

function sketchLiteral({ value }: Literal): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (value instanceof Float) return `${Object.is(value.value, -0) ? "-0" : numberOfFloat(value)}f`;
  return String(value);
}

function sketchBlock({ expressions }: Block): string {
  return `{${sketchAll(expressions)}}`;
}

function sketchPredicate({ expressions }: Predicate): string {
  return expressions.length === 1 ? sketchAll(expressions) : `(all ${sketchAll(expressions)})`;
}

/** `.a.b[0]` where the path is one of the event. */
function sketchQuery({ root, path }: Query): string {
  const segments = path.map((segment) =>
    typeof segment === "number" ? `[${segment}]` : /^\w+$/.test(segment) ? segment : JSON.stringify(segment),
  );
  return segments.length === 0 ? sketchOne(root) : `(get ${sketchOne(root)} ${segments.join(" ")})`;
}

function sketchClosure({ variables, block }: Closure): string {
  return `(-> (${sketchAll(variables)}) ${sketchBlock(block)})`;
}

/** Every node of a tree, with what it is in. */
export function nodesOf(program: Program): { node: SpannedNode; parent: SpannedNode | undefined }[] {
  const found: { node: SpannedNode; parent: SpannedNode | undefined }[] = [];
  const visit = (value: unknown, parent: SpannedNode | undefined): void => {
    if (Array.isArray(value)) {
      for (const element of value) visit(element, parent);
    } else if (isSpanned(value)) {
      found.push({ node: value, parent });
      for (const part of Object.values(value)) visit(part, value);
    } else if (typeof value === "object" && value !== null) {
      for (const part of Object.values(value)) visit(part, parent);
    }
  };
  visit(program.expressions, undefined);
  return found;
}

interface SpannedNode {
  readonly type: string;
  readonly span: { readonly start: number; readonly end: number };
}

function isSpanned(value: unknown): value is SpannedNode {
  return typeof value === "object" && value !== null && "type" in value && "span" in value;
}
