/**
 * The same search as `pike.ts`, with what it finds out kept: which steps it may be at, and how each character moves on
 * from there, so that a text much like those before costs one look into a table for each character. Places that steps
 * have noted are in registers; moving on notes the place in some and copies others, as a rule none or one.
 */
import { wordHolds } from "./word-look.ts";
import { REPLACEMENT } from "./alphabet.ts";
import { LookClass, Step, looks, type Program } from "./program.ts";

/** More states than this are not kept: the expression and the texts have too many of them. */
const STATES_MAX = 400;

/** More steps than this are not looked at, in all: to find out would take longer than to search. */
const WORK_MAX = 1 << 19;

const UNSET = -1;
/** In place of a register: the place where the search is. */
const HERE = -2;

/** What stands before a place, as far as looks ask. */
const Before = { textStart: 1, word: 2, asciiWord: 4, lineFeed: 8, carriageReturn: 16 } as const;

interface State {
  /** Steps to go on from, in order of preference. */
  readonly steps: readonly number[];
  /** Registers by step and slot. */
  readonly registers: readonly number[];
  readonly before: number;
  /** Whether a match may still begin. */
  readonly mayBegin: boolean;
  /** By symbol, and at last the end of the text. */
  readonly moves: (Move | undefined)[];
}

interface Move {
  /** Undefined: nothing can come of it any more. */
  readonly target: State | undefined;
  /** Registers, or `HERE`, to copy from and to. */
  readonly sources: readonly number[];
  readonly targets: readonly number[];
  /** Where there is a match before the character: by slot a register, `HERE` or `UNSET`. */
  readonly match: readonly number[] | undefined;
}

/** What `search` answers where it has given up: `pike.ts` has to search. */
export const GAVE_UP: unique symbol = Symbol("gave up");

/** For one number of slots. */
export class Automaton {
  readonly #program: Program;
  readonly #slots: number;
  readonly #states = new Map<string, State>();
  readonly #lookBits: number;
  #hasGivenUp = false;
  #work = 0;
  #registers: Int32Array = new Int32Array(64);
  #copies: Int32Array = new Int32Array(64);

  constructor(program: Program, slots: number) {
    this.#program = program;
    this.#slots = slots;
    this.#lookBits = lookBitsOf(program);
  }

  /** As `Pike.search`. */
  search(text: string, from: number): Int32Array | undefined | typeof GAVE_UP {
    const { alphabet, isAnchored } = this.#program;
    const symbolCount = alphabet.symbolCount;
    const slots = this.#slots;
    let found: Int32Array | undefined;
    let state = this.#begin(this.#beforeAt(text, from), !isAnchored || from === 0);
    let at = from;
    while (state !== undefined) {
      const code = at < text.length ? codeAt(text, at) : UNSET;
      const symbol = code === UNSET ? symbolCount : alphabet.symbolOf(code);
      const move = state.moves[symbol] ?? this.#move(state, symbol);
      if (move === undefined) return GAVE_UP;
      if (move.match !== undefined) {
        found = this.#matched(move.match, at, found);
        if (slots === 0) return found;
      }
      if (move.sources.length > 0) this.#copy(move, at);
      if (code === UNSET) return found;
      state = move.target;
      at += code > 0xff_ff ? 2 : 1;
    }
    return this.#hasGivenUp ? GAVE_UP : found;
  }

  #matched(match: readonly number[], at: number, known: Int32Array | undefined): Int32Array {
    const found = known ?? new Int32Array(this.#slots);
    for (let slot = 0; slot < match.length; slot++) {
      const source = match[slot]!;
      found[slot] = source === HERE ? at : source === UNSET ? UNSET : this.#registers[source]!;
    }
    return found;
  }

  #copy({ sources, targets }: Move, at: number): void {
    const registers = this.#registers;
    if (sources.length === 1) {
      registers[targets[0]!] = sources[0] === HERE ? at : registers[sources[0]!]!;
      return;
    }
    // All are read before one is written.
    const copies = this.#copies;
    for (let index = 0; index < sources.length; index++)
      copies[index] = sources[index] === HERE ? at : registers[sources[index]!]!;
    for (let index = 0; index < targets.length; index++) registers[targets[index]!] = copies[index]!;
  }

  #begin(before: number, mayBegin: boolean): State | undefined {
    return mayBegin ? this.#state([], [], before, true) : undefined;
  }

  /** Undefined where it gives up. */
  #state(steps: number[], registers: number[], before: number, mayBegin: boolean): State | undefined {
    const key = `${steps.join()};${registers.join()};${before};${mayBegin ? 1 : 0}`;
    let state = this.#states.get(key);
    if (state !== undefined) return state;
    if (this.#states.size >= STATES_MAX) {
      this.#hasGivenUp = true;
      return undefined;
    }
    const moves = Array.from({ length: this.#program.alphabet.symbolCount + 1 }, () => undefined);
    state = { steps, registers, before, mayBegin, moves };
    this.#states.set(key, state);
    return state;
  }

  /** Finds out how `symbol` moves on; undefined where it gives up. */
  #move(state: State, symbol: number): Move | undefined {
    if (this.#hasGivenUp) return undefined;
    const { alphabet, kinds, firsts, seconds, start, isAnchored } = this.#program;
    const slots = this.#slots;
    const isEnd = symbol === alphabet.symbolCount;
    const reached = new Reached(slots);
    const follow = new Follower(this.#program, slots, (look) =>
      this.#holds(looks[look]!, state.before, symbol),
    );
    for (let rank = 0; rank < state.steps.length; rank++)
      follow.from(state.steps[rank]!, state.registers.slice(rank * slots, (rank + 1) * slots));
    if (state.mayBegin)
      follow.from(
        start,
        Array.from({ length: slots }, () => UNSET),
      );
    this.#work += follow.work;
    if (this.#work > WORK_MAX) this.#hasGivenUp = true;
    let match: readonly number[] | undefined;
    for (const { step, places } of follow.threads) {
      if (kinds[step] === Step.match) {
        match = places;
        break;
      }
      if (!isEnd && alphabet.holds(firsts[step]!, symbol)) reached.add(seconds[step]!, places);
    }
    const mayBegin = state.mayBegin && match === undefined && !isAnchored;
    const { sources, targets, registers } = renumber(reached.places);
    this.#reserve(targets.length === 0 ? 0 : Math.max(...targets) + 1, sources.length);
    const isOver = isEnd || (reached.steps.length === 0 && !mayBegin);
    const target = isOver
      ? undefined
      : this.#state(reached.steps, registers, this.#beforeOf(symbol), mayBegin);
    if (!isOver && target === undefined) return undefined;
    const move: Move = { target, sources, targets, match };
    state.moves[symbol] = move;
    return move;
  }

  #reserve(registers: number, copies: number): void {
    if (registers > this.#registers.length) {
      const larger = new Int32Array(2 * registers);
      larger.set(this.#registers);
      this.#registers = larger;
    }
    if (copies > this.#copies.length) this.#copies = new Int32Array(2 * copies);
  }

  #beforeAt(text: string, at: number): number {
    if (at === 0) return Before.textStart & this.#lookBits;
    const isPair = at > 1 && text.codePointAt(at - 2)! > 0xff_ff;
    return this.#beforeOf(this.#program.alphabet.symbolOf(codeAt(text, isPair ? at - 2 : at - 1)));
  }

  /** After a character of that symbol. */
  #beforeOf(symbol: number): number {
    return symbolBits(this.#program, symbol) & this.#lookBits;
  }

  #holds(look: string, before: number, symbol: number): boolean {
    const isEnd = symbol === this.#program.alphabet.symbolCount;
    const after = isEnd ? 0 : symbolBits(this.#program, symbol);
    const isStart = (before & Before.textStart) !== 0;
    switch (look) {
      case "text-start":
        return isStart;
      case "text-end":
        return isEnd;
      case "line-start":
        return isStart || (before & Before.lineFeed) !== 0;
      case "line-end":
        return isEnd || (after & Before.lineFeed) !== 0;
      case "crlf-line-start":
        return (
          isStart ||
          (before & Before.lineFeed) !== 0 ||
          ((before & Before.carriageReturn) !== 0 && (after & Before.lineFeed) === 0)
        );
      case "crlf-line-end":
        return (
          isEnd ||
          (after & Before.carriageReturn) !== 0 ||
          ((after & Before.lineFeed) !== 0 && (before & Before.carriageReturn) === 0)
        );
      default: {
        const bit = look.endsWith("-ascii") ? Before.asciiWord : Before.word;
        return wordHolds(look, (before & bit) !== 0, (after & bit) !== 0);
      }
    }
  }
}

function symbolBits({ alphabet }: Program, symbol: number): number {
  return (
    (alphabet.holds(LookClass.word, symbol) ? Before.word : 0) |
    (alphabet.holds(LookClass.asciiWord, symbol) ? Before.asciiWord : 0) |
    (alphabet.holds(LookClass.lineFeed, symbol) ? Before.lineFeed : 0) |
    (alphabet.holds(LookClass.carriageReturn, symbol) ? Before.carriageReturn : 0)
  );
}

/** What the program's looks ask of what stands before: where nobody asks, states do not differ by it. */
function lookBitsOf({ kinds, firsts }: Program): number {
  let bits = 0;
  for (let step = 0; step < kinds.length; step++) {
    if (kinds[step] !== Step.look) continue;
    const look = looks[firsts[step]!]!;
    if (look === "text-start") bits |= Before.textStart;
    else if (look.includes("line")) bits |= Before.textStart | Before.lineFeed | Before.carriageReturn;
    else if (look !== "text-end") bits |= look.endsWith("-ascii") ? Before.asciiWord : Before.word;
  }
  return bits;
}

function codeAt(text: string, at: number): number {
  const unit = text.charCodeAt(at);
  if (unit < 0xd8_00 || unit > 0xdf_ff) return unit;
  const code = text.codePointAt(at)!;
  return code > 0xff_ff ? code : REPLACEMENT;
}

interface Thread {
  readonly step: number;
  readonly places: readonly number[];
}

/** Follows steps that need no character, each once. */
class Follower {
  readonly threads: Thread[] = [];
  readonly #program: Program;
  readonly #slots: number;
  readonly #holds: (look: number) => boolean;
  readonly #seen = new Set<number>();

  get work(): number {
    return this.#seen.size * (this.#slots + 1);
  }

  constructor(program: Program, slots: number, holds: (look: number) => boolean) {
    this.#program = program;
    this.#slots = slots;
    this.#holds = holds;
  }

  from(first: number, firstPlaces: readonly number[]): void {
    const { kinds, firsts, seconds } = this.#program;
    const stack: Thread[] = [{ step: first, places: firstPlaces }];
    for (let thread = stack.pop(); thread !== undefined; thread = stack.pop()) {
      const { step, places } = thread;
      if (this.#seen.has(step)) continue;
      this.#seen.add(step);
      const next = seconds[step]!;
      const kind = kinds[step];
      if (kind === Step.split) stack.push({ step: next, places }, { step: firsts[step]!, places });
      else if (kind === Step.save) {
        const slot = firsts[step]!;
        stack.push({ step: next, places: slot < this.#slots ? places.with(slot, HERE) : places });
      } else if (kind === Step.look) {
        if (this.#holds(firsts[step]!)) stack.push({ step: next, places });
      } else this.threads.push(thread);
    }
  }
}

/** Steps that a character leads to, each once. */
class Reached {
  readonly steps: number[] = [];
  readonly places: number[] = [];
  readonly #seen = new Set<number>();
  readonly #slots: number;

  constructor(slots: number) {
    this.#slots = slots;
  }

  add(step: number, places: readonly number[]): void {
    if (this.#seen.has(step)) return;
    this.#seen.add(step);
    this.steps.push(step);
    for (let slot = 0; slot < this.#slots; slot++) this.places.push(places[slot]!);
  }
}

/** Numbers registers in the order of their use, so that states that differ in numbers alone are one. */
function renumber(places: readonly number[]): {
  readonly sources: readonly number[];
  readonly targets: readonly number[];
  readonly registers: number[];
} {
  const numbers = new Map<number, number>();
  const registers = places.map((source) => {
    if (source === UNSET) return UNSET;
    let number = numbers.get(source);
    if (number === undefined) numbers.set(source, (number = numbers.size));
    return number;
  });
  const moved = [...numbers].filter(([source, target]) => source !== target);
  return {
    sources: moved.map(([source]) => source),
    targets: moved.map(([, target]) => target),
    registers,
  };
}
