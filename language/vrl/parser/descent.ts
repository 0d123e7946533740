/**
 * Builds the tree of a program whose tokens are right, by recursive descent; what binary operators bind is in
 * `operator.ts`. Where tokens are not right it stops, and `syntax-error.ts` finds out what to tell.
 */
import { joinSpans, type Span } from "../diagnostic/span.ts";
import type { Token, TokenKind } from "../lexer/token.ts";
import { compareStrings } from "../runtime/text.ts";
import type {
  Argument,
  ArrayLiteral,
  Block,
  Closure,
  Expression,
  FunctionCall,
  Group,
  If,
  ObjectLiteral,
  Operator,
  Predicate,
  Program,
  Query,
  QueryRoot,
  Target,
  Variable,
} from "./ast.ts";
import { literalOf, pathFieldOf, objectKeyOf } from "./literal.ts";
import { binaryPrecedence, PRECEDENCE_MIN } from "./operator.ts";
import { ParseStop, spanOf, TokenCursor } from "./token-cursor.ts";
import { TREE_DEPTH_MAX, treeTooDeep } from "./tree-depth.ts";

/** Tokens that are no program, by index: `to` is exclusive. They stand where an expression could. */
export interface TokenRange {
  readonly from: number;
  readonly to: number;
}

/** The program without the tokens that are in one of `skipped`. Throws a `ParseStop` where others are not right. */
export function descend(tokens: readonly Token[], skipped: readonly TokenRange[]): Program {
  return new Descent(tokens).program(skipped);
}

/** Kinds of tokens that can name a field or an argument. */
const wordKinds: ReadonlySet<TokenKind | undefined> = new Set<TokenKind>([
  "identifier",
  "reserved identifier",
  "if",
  "else",
  "null",
  "true",
  "false",
  "abort",
  "return",
]);

/** Kinds of tokens that an expression can begin with. */
const expressionStarts: ReadonlySet<TokenKind | undefined> = new Set<TokenKind>([
  "identifier",
  "string literal",
  "raw string literal",
  "integer literal",
  "float literal",
  "regex literal",
  "timestamp literal",
  "function call",
  "LQuery",
  "if",
  "null",
  "true",
  "false",
  "abort",
  "return",
  "_",
  "!",
  "[",
  "{",
  "(",
]);

class Descent {
  readonly #cursor: TokenCursor;
  /** How many expressions the next one is in. */
  #depth = 0;
  /** How many levels the expression last parsed has. */
  #height = 0;

  constructor(tokens: readonly Token[]) {
    this.#cursor = new TokenCursor(tokens);
  }

  program(skipped: readonly TokenRange[]): Program {
    const cursor = this.#cursor;
    const expressions: Expression[] = [];
    let skips = 0;
    cursor.newlines();
    while (!cursor.isAtEnd || skips < skipped.length) {
      const skip = skipped[skips];
      if (skip?.from === cursor.index) {
        cursor.index = skip.to;
        skips++;
      } else expressions.push(this.#expression());
      if (cursor.isAtEnd) break;
      this.#endOfExpression();
    }
    return { expressions };
  }

  #endOfExpression(): void {
    const cursor = this.#cursor;
    if (!cursor.accept(";")) cursor.expect("\n");
    cursor.newlines();
  }

  /** Parses what is nested in something else. */
  #nested<T>(parse: () => T): T {
    if (this.#depth >= TREE_DEPTH_MAX) throw new ParseStop(treeTooDeep(this.#cursor.start));
    this.#depth++;
    const result = parse();
    this.#depth--;
    this.#raise(this.#height + 1);
    return result;
  }

  #raise(height: number): void {
    if (height > TREE_DEPTH_MAX) throw new ParseStop(treeTooDeep(this.#cursor.start));
    this.#height = height;
  }

  /** Parses with `parse`, keeping the height of the tallest of all. */
  #beside<T>(parse: () => T): T {
    const height = this.#height;
    const result = parse();
    this.#height = Math.max(height, this.#height);
    return result;
  }

  #expression(): Expression {
    const cursor = this.#cursor;
    const { start } = cursor;
    if (cursor.peek() === "if") return this.#if();
    if (cursor.accept("abort")) {
      this.#height = 0;
      const hasMessage = expressionStarts.has(cursor.peek());
      const message = hasMessage ? this.#nested(() => this.#expression()) : undefined;
      return { type: "abort", span: cursor.spanFrom(start), message };
    }
    if (cursor.accept("return")) {
      const value = this.#nested(() => this.#expression());
      return { type: "return", span: cursor.spanFrom(start), value };
    }
    return this.#assignmentExpression();
  }

  #assignmentExpression(): Expression {
    const cursor = this.#cursor;
    const { start } = cursor;
    if (cursor.peek() === "_") {
      this.#height = 0;
      return this.#assignment({ type: "ignored", span: spanOf(cursor.next()) });
    }
    const left = this.#arithmetic();
    const following = cursor.peek();
    const isTarget = left.type === "query" || left.type === "variable";
    if (
      isTarget &&
      left.span.start === start &&
      (following === "=" || following === "|=" || following === ",")
    ) {
      return this.#assignment(left);
    }
    return left;
  }

  #assignment(target: Target): Expression {
    const cursor = this.#cursor;
    const errorTarget = cursor.accept(",") ? this.#target() : undefined;
    const operator = cursor.accept("|=") ? "|=" : "=";
    if (operator === "=") cursor.expect("=");
    cursor.newlines();
    const value = this.#beside(() => this.#nested(() => this.#expression()));
    return {
      type: "assignment",
      span: cursor.spanFrom(target.span.start),
      target,
      errorTarget,
      operator,
      value,
    };
  }

  #target(): Target {
    const cursor = this.#cursor;
    if (cursor.peek() === "_") return { type: "ignored", span: spanOf(cursor.next()) };
    if (cursor.peek() === "LQuery") return this.#query();
    return this.#variable();
  }

  #arithmetic(): Expression {
    return this.#binary(this.#not(), PRECEDENCE_MIN);
  }

  /** Goes on after a first operand with operators that bind at least as `precedence`. */
  #binary(first: Expression, precedence: number): Expression {
    const cursor = this.#cursor;
    let left = first;
    while (true) {
      const own = binaryPrecedence(cursor.peek());
      if (own < precedence) return left;
      const token = cursor.next();
      cursor.newlines();
      const right = this.#beside(() => this.#binary(this.#not(), own + 1));
      this.#raise(this.#height + 1);
      left = {
        type: "binary",
        span: joinSpans(left.span, right.span),
        operator: token.kind as Operator,
        operatorSpan: spanOf(token),
        left,
        right,
      };
    }
  }

  #not(): Expression {
    const cursor = this.#cursor;
    if (cursor.peek() !== "!") return this.#term();
    const bang = cursor.next();
    const operand = this.#nested(() => this.#not());
    return { type: "not", span: cursor.spanFrom(bang.start), bangSpan: spanOf(bang), operand };
  }

  #term(): Expression {
    const cursor = this.#cursor;
    const kind = cursor.peek();
    this.#height = 1;
    if (kind === "LQuery") return this.#query();
    if (kind === "function call") return this.#call();
    if (kind === "identifier") return this.#variable();
    if (kind === "(" || kind === "[" || kind === "{") return this.#container();
    const literal = literalOf(cursor.next());
    if (literal === undefined) throw new ParseStop(undefined);
    return literal;
  }

  #variable(): Variable {
    const token = this.#cursor.expect("identifier");
    return { type: "variable", span: spanOf(token), name: token.text };
  }

  #query(): Query {
    const cursor = this.#cursor;
    const { start } = cursor.expect("LQuery");
    const root = this.#queryRoot();
    const pathStart = cursor.start;
    const path: (string | number)[] = [];
    while (cursor.peek() !== "RQuery") path.push(this.#segment());
    const isWhole = path.length === 0;
    // Only the event and the metadata are paths by themselves.
    if (isWhole && root.type !== "event" && root.type !== "metadata") throw new ParseStop(undefined);
    const pathSpan = isWhole ? root.span : cursor.spanFrom(pathStart);
    cursor.next();
    return { type: "query", span: cursor.spanFrom(start), root, path, pathSpan };
  }

  #queryRoot(): QueryRoot {
    const cursor = this.#cursor;
    const kind = cursor.peek();
    if (kind === ".") return { type: "event", span: spanOf(cursor.next()) };
    if (kind === "%") return { type: "metadata", span: spanOf(cursor.next()) };
    if (kind === "identifier") return this.#variable();
    return this.#nested(() => (kind === "function call" ? this.#call() : this.#container()));
  }

  #segment(): string | number {
    const cursor = this.#cursor;
    if (cursor.accept("[")) {
      const index = Number(cursor.expect("integer literal").number);
      cursor.expect("]");
      return index;
    }
    cursor.accept(".");
    const token = cursor.next();
    if (token.kind === "string literal") return pathFieldOf(token);
    if (token.kind === "path field") return token.text;
    if (!wordKinds.has(token.kind)) throw new ParseStop(undefined);
    return token.text;
  }

  #container(): Group | ArrayLiteral | Block | ObjectLiteral {
    const cursor = this.#cursor;
    const { start } = cursor;
    if (cursor.accept("(")) {
      const inner = this.#nested(() => this.#assignmentExpression());
      cursor.expect(")");
      return { type: "group", span: cursor.spanFrom(start), inner };
    }
    if (cursor.accept("[")) {
      const elements = this.#list("]", () => this.#arithmetic());
      return { type: "array", span: cursor.spanFrom(start), elements };
    }
    return this.#blockOrObject();
  }

  /** After an opening bracket: elements with commas between or after them, and newlines but before a comma. */
  #list<T>(close: TokenKind, parseElement: () => T): T[] {
    const cursor = this.#cursor;
    const elements: T[] = [];
    this.#height = 0;
    cursor.newlines();
    while (!cursor.accept(close)) {
      elements.push(this.#beside(() => this.#nested(parseElement)));
      if (cursor.accept(",")) cursor.newlines();
      else {
        cursor.newlines();
        cursor.expect(close);
        break;
      }
    }
    return elements;
  }

  #blockOrObject(): Block | ObjectLiteral {
    const cursor = this.#cursor;
    const { start } = cursor;
    cursor.expect("{");
    cursor.newlines();
    const isObject = cursor.peek() === "}" || (cursor.peek() === "string literal" && cursor.peek(1) === ":");
    if (!isObject) return this.#restOfBlock(start);
    const fields = this.#list("}", () => {
      const key = cursor.expect("string literal");
      cursor.expect(":");
      return { key: objectKeyOf(key), keySpan: spanOf(key), value: this.#arithmetic() };
    });
    const byKey = new Map(fields.map((field) => [field.key, field]));
    const sorted = [...byKey.values()].sort((left, right) => compareStrings(left.key, right.key));
    return { type: "object", span: cursor.spanFrom(start), fields: sorted };
  }

  #block(): Block {
    const cursor = this.#cursor;
    const { start } = cursor.expect("{");
    cursor.newlines();
    return this.#restOfBlock(start);
  }

  #restOfBlock(start: number): Block {
    const cursor = this.#cursor;
    const expressions: Expression[] = [];
    this.#height = 0;
    do {
      expressions.push(this.#beside(() => this.#nested(() => this.#expression())));
      if (cursor.peek() === "}") break;
      this.#endOfExpression();
    } while (cursor.peek() !== "}");
    cursor.next();
    return { type: "block", span: cursor.spanFrom(start), expressions };
  }

  /** `if` with all of its `else if`s, each of which is a block in the one before. */
  #if(): If {
    const cursor = this.#cursor;
    const heads: { start: number; predicate: Predicate; block: Block }[] = [];
    let otherwise: Block | undefined;
    let height = 0;
    let { start } = cursor;
    const first = start;
    cursor.expect("if");
    while (true) {
      const predicate = this.#predicate();
      height = Math.max(height, this.#height);
      cursor.newlines();
      const block = this.#block();
      height = Math.max(height, this.#height);
      heads.push({ start, predicate, block });
      start = cursor.start;
      if (!cursor.accept("else")) break;
      cursor.newlines();
      if (cursor.accept("if")) continue;
      otherwise = this.#block();
      height = Math.max(height, this.#height);
      break;
    }
    const whole = cursor.spanFrom(first);
    for (const head of heads.slice(1).reverse()) {
      const span = { start: head.start, end: head.block.span.end };
      const inner = ifOf(span, head.predicate, head.block, otherwise);
      otherwise = { type: "block", span, expressions: [inner] };
      height += 2;
    }
    this.#raise(height + 1);
    const { predicate, block } = heads[0]!;
    return ifOf(whole, predicate, block, otherwise);
  }

  #predicate(): Predicate {
    const cursor = this.#cursor;
    const { start } = cursor;
    if (cursor.peek() !== "(") {
      const expression = this.#arithmetic();
      return { type: "predicate", span: cursor.spanFrom(start), expressions: [expression] };
    }
    cursor.next();
    // A group begins with its expression, so a newline tells that these are several.
    const isMany = cursor.peek() === "\n";
    cursor.newlines();
    const first = this.#nested(() => this.#assignmentExpression());
    if (!isMany && cursor.accept(")")) {
      const group: Expression = { type: "group", span: cursor.spanFrom(start), inner: first };
      const expression = this.#binary(group, PRECEDENCE_MIN);
      return { type: "predicate", span: cursor.spanFrom(start), expressions: [expression] };
    }
    const expressions = [first];
    while (true) {
      if (cursor.peek() !== ";") cursor.expect("\n");
      while (cursor.peek() === "\n" || cursor.peek() === ";") cursor.next();
      if (cursor.accept(")")) break;
      expressions.push(this.#beside(() => this.#nested(() => this.#assignmentExpression())));
      if (cursor.accept(")")) break;
    }
    return { type: "predicate", span: cursor.spanFrom(start), expressions };
  }

  #call(): FunctionCall {
    const cursor = this.#cursor;
    const name = cursor.expect("function call");
    const abortsOnError = cursor.accept("!");
    cursor.expect("(");
    const args = this.#list(")", () => this.#argument());
    const closure =
      cursor.peek() === "->" ? this.#beside(() => this.#nested(() => this.#closure())) : undefined;
    return {
      type: "call",
      span: cursor.spanFrom(name.start),
      name: name.text,
      nameSpan: spanOf(name),
      abortsOnError,
      arguments: args,
      closure,
    };
  }

  #argument(): Argument {
    const cursor = this.#cursor;
    const { start } = cursor;
    const isNamed = wordKinds.has(cursor.peek()) && cursor.peek(1) === ":";
    const name = isNamed ? cursor.next() : undefined;
    if (isNamed) cursor.next();
    const value = this.#arithmetic();
    return {
      span: cursor.spanFrom(start),
      name: name === undefined ? undefined : name.text,
      nameSpan: name === undefined ? undefined : spanOf(name),
      value,
    };
  }

  #closure(): Closure {
    const cursor = this.#cursor;
    const { start } = cursor.expect("->");
    const bars = cursor.start;
    const variables = cursor.accept("||") ? [] : this.#closureVariables();
    const [first] = variables;
    const variablesSpan =
      first === undefined ? cursor.spanFrom(bars) : joinSpans(first.span, variables.at(-1)!.span);
    cursor.newlines();
    const block = this.#block();
    return { span: cursor.spanFrom(start), variables, variablesSpan, block };
  }

  #closureVariables(): Variable[] {
    const cursor = this.#cursor;
    const variables: Variable[] = [];
    cursor.expect("|");
    while (!cursor.accept("|")) {
      const isIgnored = cursor.peek() === "_";
      variables.push(
        isIgnored ? { type: "variable", span: spanOf(cursor.next()), name: "" } : this.#variable(),
      );
      if (cursor.accept(",")) cursor.newlines();
      else {
        cursor.newlines();
        cursor.expect("|");
        break;
      }
    }
    return variables;
  }
}

function ifOf(span: Span, predicate: Predicate, block: Block, otherwise: Block | undefined): If {
  // oxlint-disable-next-line unicorn/no-thenable -- nobody awaits a tree, and that is the branch's name
  return { type: "if", span, predicate, then: block, otherwise };
}
