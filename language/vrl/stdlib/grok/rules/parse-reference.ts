/** Reads a rule's reference: what matches, where the match goes and what is made of it. */
import type { Value } from "../../../runtime/value.ts";
import { DEPTH_MAX } from "../oniguruma/syntax.ts";
import { Lexer, LexProblem, type Token } from "./lex.ts";

export interface Reference {
  readonly matcher: Call;
  readonly destination: Destination | undefined;
}

export interface Destination {
  /** Empty: the result itself. */
  readonly path: readonly string[];
  readonly filter: Call | undefined;
}

/** A name, and its arguments if it has parentheses. */
export interface Call {
  readonly name: string;
  readonly arguments: readonly Argument[] | undefined;
}

export type Argument = { readonly value: Value } | { readonly call: Call };

/** The string an argument is; undefined: it is none. */
export function textOfArgument(argument: Argument | undefined): string | undefined {
  return argument !== undefined && "value" in argument && typeof argument.value === "string"
    ? argument.value
    : undefined;
}

/** Or why it is none. */
export function parseReference(text: string): Reference | string {
  try {
    return new Parser(text).reference() ?? `invalid grok pattern: ${text}`;
  } catch (error) {
    if (error instanceof LexProblem) return error.message;
    throw error;
  }
}

/** Each method yields undefined where the text is not of the grammar. */
class Parser {
  readonly #lexer: Lexer;
  #token: Token;

  constructor(text: string) {
    this.#lexer = new Lexer(text);
    this.#token = this.#lexer.next();
  }

  reference(): Reference | undefined {
    if (!this.#take("%{")) return undefined;
    const matcher = this.#call(0);
    if (matcher === undefined) return undefined;
    let destination: Destination | undefined;
    if (this.#take(":") && !this.#isSign("}")) {
      destination = this.#destination();
      if (destination === undefined) return undefined;
    }
    return this.#take("}") && this.#token.is === "end" ? { matcher, destination } : undefined;
  }

  #destination(): Destination | undefined {
    const path: string[] = [];
    for (let segment = this.#segment(); segment !== undefined; segment = this.#segment()) path.push(segment);
    if (!this.#take(":")) return path.length === 0 ? undefined : { path, filter: undefined };
    const filter = this.#call(0);
    return filter === undefined ? undefined : { path, filter };
  }

  /** Undefined, with nothing taken, where none begins. */
  #segment(): string | undefined {
    if (this.#take("[")) {
      const token = this.#token;
      if (token.is !== "literal" || typeof token.value !== "string") return undefined;
      this.#advance();
      return this.#take("]") ? token.value : undefined;
    }
    this.#take(".");
    const token = this.#token;
    if (token.is !== "name") return undefined;
    this.#advance();
    return token.text;
  }

  #call(depth: number): Call | undefined {
    let name = this.#plainName();
    while (name !== undefined && this.#take(".")) {
      const part = this.#plainName();
      name = part === undefined ? undefined : `${name}.${part}`;
    }
    if (name === undefined || depth > DEPTH_MAX) return undefined;
    if (!this.#take("(")) return { name, arguments: undefined };
    const given: Argument[] = [];
    while (!this.#take(")")) {
      const argument = this.#argument(depth);
      if (argument === undefined) return undefined;
      given.push(argument);
      if (!this.#take(",") && !this.#isSign(")")) return undefined;
    }
    return { name, arguments: given };
  }

  #argument(depth: number): Argument | undefined {
    const token = this.#token;
    if (token.is === "literal") {
      this.#advance();
      return { value: token.value };
    }
    const call = this.#call(depth + 1);
    return call === undefined ? undefined : { call };
  }

  #plainName(): string | undefined {
    const token = this.#token;
    if (token.is !== "name" || token.isExtended) return undefined;
    this.#advance();
    return token.text;
  }

  #isSign(text: string): boolean {
    return this.#token.is === "sign" && this.#token.text === text;
  }

  #take(sign: string): boolean {
    if (!this.#isSign(sign)) return false;
    this.#advance();
    return true;
  }

  #advance(): void {
    this.#token = this.#lexer.next();
  }
}
