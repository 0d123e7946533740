/**
 * Finds what is wrong with tokens that are no program, as VRL's own parser does: at a wrong token it gives up the root
 * expression it is in, goes on after it, and so finds more. Works without recursion, in proportion to the tokens.
 */
import { type Diagnostic, contextLabel, primaryLabel } from "../diagnostic/diagnostic.ts";
import { isTerminal, terminals, type Terminal, type Token, tokenName } from "../lexer/token.ts";
import { acceptsError, type Automaton, automaton } from "./automaton.ts";
import type { TokenRange } from "./descent.ts";
import { END, ERROR } from "./grammar.ts";
import { spanOf } from "./token-cursor.ts";

export interface SyntaxErrors {
  /** The one error that ended the parse: nothing else is told. */
  readonly fatal: Diagnostic | undefined;
  /** Errors and the tokens given up for them. */
  readonly recovered: readonly (TokenRange & { readonly diagnostic: Diagnostic })[];
}

/** `problem`: why the tokens end before the program does. */
export function findSyntaxErrors(tokens: readonly Token[], problem: Diagnostic | undefined): SyntaxErrors {
  const machine = new Machine(tokens);
  const recovered: (TokenRange & { diagnostic: Diagnostic })[] = [];
  while (true) {
    machine.run();
    const { index } = machine;
    const token = tokens[index];
    if (machine.isAccepted) return { fatal: problem, recovered };
    if (problem !== undefined && token === undefined) return { fatal: problem, recovered: [] };
    const diagnostic = wrongToken(token, machine.expected(), tokens.at(-1)?.end ?? 0);
    if (token !== undefined && !isTerminal(token.kind)) return { fatal: diagnostic, recovered: [] };
    const from = machine.giveUp();
    if (from === undefined) {
      const end = tokens[machine.index];
      if (end === undefined) return { fatal: problem ?? diagnostic, recovered: [] };
      return { fatal: wrongToken(end, machine.expected(), end.end), recovered: [] };
    }
    const isReserved = machine.index > index && token?.kind === "reserved identifier";
    recovered.push({
      from,
      to: machine.index,
      diagnostic: isReserved ? reservedName(token) : diagnostic,
    });
  }
}

/** Runs the automaton over tokens. */
class Machine {
  /** Of the token it looks at. */
  index = 0;
  isAccepted = false;
  readonly #automaton: Automaton = automaton();
  readonly #tokens: readonly Token[];
  readonly #states: number[] = [0];
  /** Beside each state but the first, the index of the first token of what led to it. */
  readonly #starts: number[] = [];

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  /** To the end, or to a token that is wrong. */
  run(): void {
    while (true) {
      const symbol = this.#symbolAt(this.index);
      if (symbol === undefined) return;
      const action = this.#automaton.action(this.#states.at(-1)!, symbol);
      if (action === 0) return;
      if (action > 0) {
        this.#push(action - 1, this.index);
        this.index++;
      } else if (this.#reduce(-action - 1)) {
        this.isAccepted = true;
        return;
      }
    }
  }

  /** Which tokens would be right. */
  expected(): Terminal[] {
    return terminals.filter((_, symbol) => this.#accepts(this.#states.length, undefined, symbol));
  }

  /**
   * Takes back what the wrong token is in and drops tokens until it can go on. Gives the index of the first token given
   * up; undefined: a token of a kind that no program has came first, or the tokens ended before the program.
   */
  giveUp(): number | undefined {
    while (true) {
      const action = this.#automaton.action(this.#states.at(-1)!, ERROR);
      if (action >= 0 || this.#reduce(-action - 1)) break;
    }
    const dropped = this.index;
    const places: number[] = [];
    for (let length = this.#states.length; length > 0; length--) {
      if (acceptsError(this.#automaton, this.#states[length - 1]!)) places.push(length);
    }
    while (true) {
      const symbol = this.#symbolAt(this.index);
      if (symbol === undefined) return undefined;
      const place = places.find((length) => {
        const state = this.#automaton.action(this.#states[length - 1]!, ERROR) - 1;
        return this.#accepts(length, state, symbol);
      });
      if (place !== undefined) {
        const state = this.#automaton.action(this.#states[place - 1]!, ERROR) - 1;
        const start = this.#starts[place - 1] ?? dropped;
        this.#states.length = place;
        this.#starts.length = place - 1;
        this.#push(state, start);
        return start;
      }
      if (symbol === END) return undefined;
      this.index++;
    }
  }

  #symbolAt(index: number): number | undefined {
    const token = this.#tokens[index];
    if (token === undefined) return END;
    return symbols.get(token.kind);
  }

  #push(state: number, start: number): void {
    this.#states.push(state);
    this.#starts.push(start);
  }

  /** True: that was the program. */
  #reduce(production: number): boolean {
    if (production === 0) return true;
    const { left, right } = this.#automaton.productions[production]!;
    const length = this.#states.length - right.length;
    const start = this.#starts[length - 1] ?? this.index;
    this.#states.length = length;
    this.#starts.length = length - 1;
    this.#push(this.#automaton.goto(this.#states.at(-1)!, left), start);
    return false;
  }

  /** Whether the token could come next after the first `length` states and one more, without changing anything. */
  #accepts(length: number, extra: number | undefined, symbol: number): boolean {
    let below = length;
    const above = extra === undefined ? [] : [extra];
    while (true) {
      const action = this.#automaton.action(above.at(-1) ?? this.#states[below - 1]!, symbol);
      if (action >= 0) return action > 0;
      const production = -action - 1;
      if (production === 0) return true;
      const { left, right } = this.#automaton.productions[production]!;
      const fromAbove = Math.min(above.length, right.length);
      above.length -= fromAbove;
      below -= right.length - fromAbove;
      above.push(this.#automaton.goto(above.at(-1) ?? this.#states[below - 1]!, left));
    }
  }
}

const symbols: ReadonlyMap<string, number> = new Map(
  terminals.map((terminal, index): [string, number] => [terminal, index]),
);

/** Where all of these could come, any word could: messages are shorter without them, but for those at the end. */
const words: readonly Terminal[] = ["reserved identifier", "else", "false", "null", "true", "if"];

/** `token` undefined: the program ended, at `end`. */
function wrongToken(token: Token | undefined, accepted: readonly Terminal[], end: number): Diagnostic {
  const anyWord = token !== undefined && words.every((word) => accepted.includes(word));
  const expected = anyWord ? accepted.filter((kind) => !words.includes(kind)) : accepted;
  // `|` is listed twice, as VRL does: among the marks and among the operators.
  const listed = expected.includes("|") ? listedTwice(expected) : expected;
  const list = listed.map((kind) => displayNames[kind] ?? `"${kind}"`).join(", ");
  const span = token === undefined ? { start: end, end } : spanOf(token);
  return {
    severity: "error",
    code: token === undefined ? 204 : 203,
    message: "syntax error",
    labels: [primaryLabel(surprise(token), span), contextLabel(`expected one of: ${list}`, span)],
    notes: [],
  };
}

function listedTwice(expected: readonly Terminal[]): readonly Terminal[] {
  const before = expected.filter((kind) => terminals.indexOf(kind) <= terminals.indexOf("!="));
  return [...before, "|", ...expected.slice(before.length)];
}

const displayNames: Partial<Record<Terminal, string>> = {
  LQuery: '"path literal"',
  RQuery: "RQuery",
  "\n": '"\\n"',
};

function surprise(token: Token | undefined): string {
  if (token === undefined) return "unexpected end of program";
  if (token.kind === "RQuery") return "unexpected end of query path";
  return `unexpected syntax token: "${tokenName(token.kind)}"`;
}

function reservedName(token: Token): Diagnostic {
  const span = spanOf(token);
  return {
    severity: "error",
    code: 205,
    message: "reserved keyword",
    labels: [
      primaryLabel("this identifier name is reserved for future use in the language", span),
      contextLabel("use a different name instead", span),
    ],
    notes: [],
  };
}
