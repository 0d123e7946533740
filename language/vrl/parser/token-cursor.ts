/** Walks a program's tokens, and leaves a parse that cannot go on. */
import type { Diagnostic } from "../diagnostic/diagnostic.ts";
import type { Span } from "../diagnostic/span.ts";
import type { Token, TokenKind } from "../lexer/token.ts";

/** Ends a parse; never leaves this folder. */
export class ParseStop extends Error {
  override readonly name = "ParseStop";
  /** Undefined: the tokens are no program. */
  readonly problem: Diagnostic | undefined;

  constructor(problem: Diagnostic | undefined) {
    super("the parse cannot go on");
    this.problem = problem;
  }
}

export class TokenCursor {
  /** Of the next token. */
  index = 0;
  readonly #tokens: readonly Token[];

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  get isAtEnd(): boolean {
    return this.index >= this.#tokens.length;
  }

  /** The next token's kind, or that of one after it; undefined: the program has ended. */
  peek(ahead = 0): TokenKind | undefined {
    return this.#tokens[this.index + ahead]?.kind;
  }

  /** Where the next token begins. */
  get start(): number {
    return this.#tokens[this.index]?.start ?? this.#tokens.at(-1)?.end ?? 0;
  }

  next(): Token {
    const token = this.#tokens[this.index];
    if (token === undefined) throw new ParseStop(undefined);
    this.index++;
    return token;
  }

  /** Takes the next token if it is of this kind. */
  accept(kind: TokenKind): boolean {
    if (this.peek() !== kind) return false;
    this.index++;
    return true;
  }

  expect(kind: TokenKind): Token {
    if (this.peek() !== kind) throw new ParseStop(undefined);
    return this.next();
  }

  /** Takes all newlines that come next. */
  newlines(): void {
    while (this.peek() === "\n") this.index++;
  }

  /** From `start` to the end of the token last taken. */
  spanFrom(start: number): Span {
    return { start, end: this.#tokens[this.index - 1]!.end };
  }
}

export function spanOf(token: Token): Span {
  return { start: token.start, end: token.end };
}
