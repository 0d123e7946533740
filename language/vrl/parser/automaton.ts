/**
 * The LALR(1) automaton of the grammar, made when the first wrong program asks for it. It is the kind of automaton that
 * VRL's own parser is, so it knows as much as that one does when it meets a wrong token, which is what its messages
 * tell: a state in which only one rule can end does not look at the next token before it ends it.
 */
import { END, ERROR, type Production, productionsOfGrammar } from "./grammar.ts";

/** What to do with a token: go to state `n - 1` where it is positive, end production `-n - 1` where negative; 0: wrong. */
type Action = number;

export interface Automaton {
  readonly productions: readonly Production[];
  action(state: number, symbol: number): Action;
  /** The state that follows when a rule has ended in this state. */
  goto(state: number, rule: number): number;
}

/** Sets of terminals are bits of a bigint: there are more of them than a number has bits. */
type Terminals = bigint;

/** A place in a production, and what may follow where the production ends. */
interface Item {
  readonly production: number;
  readonly dot: number;
  after: Terminals;
}

interface State {
  readonly kernel: Item[];
  readonly next: Map<number, number>;
  isPending: boolean;
}

let made: Automaton | undefined;

export function automaton(): Automaton {
  made ??= build();
  return made;
}

function build(): Automaton {
  const productions = productionsOfGrammar();
  const states = buildStates(productions);
  const closures = new Closures(productions);
  const reductions = states.map((state) => reductionsOf(state, productions, closures));
  return {
    productions,
    action(state, symbol) {
      const target = states[state]!.next.get(symbol);
      if (target !== undefined) return target + 1;
      const own = reductions[state]!;
      const bit = 1n << BigInt(symbol);
      for (const { production, after } of own) {
        if ((after & bit) !== 0n) return -production - 1;
      }
      return 0;
    },
    goto: (state, rule) => states[state]!.next.get(rule)!,
  };
}

/** What may end in a state: none of its items shares a terminal with another, or with a token that goes on. */
function reductionsOf(state: State, productions: readonly Production[], closures: Closures): Item[] {
  const ending = state.kernel.filter(({ production, dot }) => dot === productions[production]!.right.length);
  for (const { rule, after } of closures.of(state.kernel)) {
    for (const production of closures.productionsOf(rule)) {
      if (productions[production]!.right.length === 0) ending.push({ production, dot: 0, after });
    }
  }
  const isCertain = ending.length === 1 && state.next.size === 0;
  return isCertain ? [{ ...ending[0]!, after: -1n }] : ending;
}

/** States by their kernels; one met again with more to follow is walked again. */
function buildStates(productions: readonly Production[]): State[] {
  const closures = new Closures(productions);
  const states: State[] = [];
  const byKernel = new Map<string, number>();
  const pending: number[] = [];

  const enter = (items: readonly Item[]): number => {
    const key = items.map(({ production, dot }) => `${production}.${dot}`).join();
    const known = byKernel.get(key);
    if (known === undefined) {
      const index = states.length;
      byKernel.set(key, index);
      states.push({ kernel: items.map((item) => ({ ...item })), next: new Map(), isPending: true });
      pending.push(index);
      return index;
    }
    const state = states[known]!;
    let grows = false;
    items.forEach(({ after }, index) => {
      const item = state.kernel[index]!;
      const both = item.after | after;
      if (both !== item.after) grows = true;
      item.after = both;
    });
    if (grows && !state.isPending) {
      state.isPending = true;
      pending.push(known);
    }
    return known;
  };

  enter([{ production: 0, dot: 0, after: 1n << BigInt(END) }]);
  for (let index = pending.pop(); index !== undefined; index = pending.pop()) {
    const state = states[index]!;
    state.isPending = false;
    for (const [symbol, items] of stepsOf(state, productions, closures)) state.next.set(symbol, enter(items));
  }
  return states;
}

/** The kernels that follow a state, by the symbol in between. */
function stepsOf(state: State, productions: readonly Production[], closures: Closures): Map<number, Item[]> {
  const steps = new Map<number, Item[]>();
  const step = (production: number, dot: number, after: Terminals): void => {
    const symbol = productions[production]!.right[dot];
    if (symbol === undefined) return;
    const items = steps.get(symbol);
    const item = { production, dot: dot + 1, after };
    if (items === undefined) steps.set(symbol, [item]);
    else items.push(item);
  };
  for (const { production, dot, after } of state.kernel) step(production, dot, after);
  for (const { rule, after } of closures.of(state.kernel)) {
    for (const production of closures.productionsOf(rule)) step(production, 0, after);
  }
  for (const items of steps.values()) {
    items.sort((left, right) => left.production - right.production || left.dot - right.dot);
  }
  return steps;
}

/** A rule that can begin where another one does, and what may follow it there. */
interface Corner {
  readonly rule: number;
  after: Terminals;
  /** Whether what follows the other rule may follow it, too. */
  inherits: boolean;
}

/** Which rules can begin in a state. */
class Closures {
  readonly #productions: readonly Production[];
  readonly #byRule = new Map<number, number[]>();
  readonly #first = new Map<number, Terminals>();
  readonly #corners = new Map<number, readonly Corner[]>();

  constructor(productions: readonly Production[]) {
    this.#productions = productions;
    productions.forEach(({ left }, index) => {
      const own = this.#byRule.get(left);
      if (own === undefined) this.#byRule.set(left, [index]);
      else own.push(index);
    });
    this.#findFirst();
    for (const rule of this.#byRule.keys()) this.#corners.set(rule, this.#cornersOf(rule));
  }

  productionsOf(rule: number): readonly number[] {
    return this.#byRule.get(rule)!;
  }

  of(kernel: readonly Item[]): Iterable<{ readonly rule: number; readonly after: Terminals }> {
    const found = new Map<number, { rule: number; after: Terminals }>();
    for (const { production, dot, after } of kernel) {
      const { right } = this.#productions[production]!;
      const corners = this.#corners.get(right[dot] ?? END);
      if (corners === undefined) continue;
      const own = dot + 1 < right.length ? this.#firstOf(right[dot + 1]!) : after;
      for (const corner of corners) {
        const all = corner.inherits ? corner.after | own : corner.after;
        const known = found.get(corner.rule);
        if (known === undefined) found.set(corner.rule, { rule: corner.rule, after: all });
        else known.after |= all;
      }
    }
    return found.values();
  }

  /** No rule but the program can be empty, so the first symbol alone decides. */
  #firstOf(symbol: number): Terminals {
    return this.#byRule.has(symbol) ? (this.#first.get(symbol) ?? 0n) : 1n << BigInt(symbol);
  }

  #findFirst(): void {
    for (let grows = true; grows;) {
      grows = false;
      for (const { left, right } of this.#productions) {
        if (right.length === 0) continue;
        const known = this.#first.get(left) ?? 0n;
        const both = known | this.#firstOf(right[0]!);
        if (both === known) continue;
        this.#first.set(left, both);
        grows = true;
      }
    }
  }

  /** The rule itself, and all that its alternatives begin with. */
  #cornersOf(rule: number): readonly Corner[] {
    const own: Corner = { rule, after: 0n, inherits: true };
    const found = new Map<number, Corner>([[rule, own]]);
    const pending = [own];
    for (let corner = pending.pop(); corner !== undefined; corner = pending.pop()) {
      for (const production of this.#byRule.get(corner.rule)!) {
        const { right } = this.#productions[production]!;
        const [first, second] = right;
        if (first === undefined || !this.#byRule.has(first)) continue;
        const inherits = second === undefined && corner.inherits;
        const after = second === undefined ? corner.after : this.#firstOf(second);
        let known = found.get(first);
        if (known === undefined) {
          known = { rule: first, after: 0n, inherits: false };
          found.set(first, known);
        } else if ((known.after | after) === known.after && (known.inherits || !inherits)) continue;
        known.after |= after;
        known.inherits ||= inherits;
        pending.push(known);
      }
    }
    return [...found.values()];
  }
}

/** Whether the automaton would put a recovery's place-holder here. */
export function acceptsError(machine: Automaton, state: number): boolean {
  return machine.action(state, ERROR) > 0;
}
