/** Makes of an expression's tree a program for the matcher: one list of numbers, and the sets that they name. */
import type { CharacterSet } from "./character-set.ts";
import { parseExpression } from "./parse.ts";
import { type Anchor, type Node, Refusal } from "./syntax.ts";

/** Operations and, after the name, their operands. */
export const Op = {
  /** unit */
  unit: 0,
  /** set */
  set: 1,
  /** first, second: where to go on, in this order */
  split: 2,
  /** target */
  jump: 3,
  /** slot: keeps the place */
  save: 4,
  match: 5,
  /** anchor */
  anchor: 6,
  /** set, min, max (-1: none), mode, unit that follows (-1: unknown): repeats a set */
  repeatSet: 7,
  /** register: opens a part that, once matched, is not gone back into */
  open: 8,
  /** register: closes it */
  close: 9,
  /** register: closes it and goes back to where it opened */
  closeAndReturn: 10,
  /** register: closes it, and fails as it matched */
  closeAndFail: 11,
  /** count of characters */
  back: 12,
  /** register: whether it is where the part opened */
  isAtOpening: 13,
  /** register: keeps the place where a round begins */
  beginRound: 14,
  /** register, target: goes there if the round has matched nothing */
  endRound: 15,
  /** slot, ignores case (0 or 1), count, groups… */
  reference: 16,
} as const;

export const Mode = { greedy: 0, lazy: 1, possessive: 2 } as const;

export const anchorNumbers: Readonly<Record<Anchor, number>> = {
  "line-start": 0,
  "line-end": 1,
  start: 2,
  end: 3,
  "end-or-last-newline": 4,
  "word-boundary": 5,
  "no-word-boundary": 6,
};

export interface Program {
  readonly code: Int32Array;
  readonly sets: readonly CharacterSet[];
  /** Without the whole match. */
  readonly groupCount: number;
  readonly registerCount: number;
  readonly names: ReadonlyMap<string, readonly number[]>;
  /** Only the text's start can match. */
  readonly isAnchored: boolean;
  /** By ASCII unit, and at 128 for all others: whether a match can begin with it. Undefined: it can be empty. */
  readonly firstUnits: Uint8Array | undefined;
}

/** Numbers in a program: more than any library's patterns need, and made in a moment. */
const PROGRAM_MAX = 500_000;
/** Lengths that what is looked for behind may have. */
const BEHIND_LENGTHS_MAX = 64;

/** Throws `Refusal`. */
export function compile(source: string): Program {
  const { root, groupCount, names } = parseExpression(source);
  const compiler = new Compiler(names, groupCount);
  const firstUnits = new Uint8Array(129);
  const isNeverEmpty = !collectFirst(root, firstUnits);
  compiler.emit(Op.save, 0);
  compiler.node(root, -1);
  compiler.emit(Op.save, 1);
  compiler.emit(Op.match);
  return {
    code: Int32Array.from(compiler.code),
    sets: compiler.sets,
    groupCount,
    registerCount: compiler.registerCount,
    names,
    isAnchored: startsAtStart(root),
    firstUnits: isNeverEmpty ? firstUnits : undefined,
  };
}

/** Adds the units that the node can begin with; whether it can be empty. */
function collectFirst(node: Node, units: Uint8Array): boolean {
  switch (node.is) {
    case "character":
      units[Math.min(node.code, 128)] = 1;
      return false;
    case "set":
      for (let unit = 0; unit < 128; unit++) if (node.set.has(unit)) units[unit] = 1;
      units[128] = 1;
      return false;
    case "sequence":
      return node.parts.every((part) => collectFirst(part, units));
    case "choice":
      return node.options.map((option) => collectFirst(option, units)).includes(true);
    case "repeat":
      return collectFirst(node.part, units) || node.min === 0;
    case "group":
    case "atomic":
      return collectFirst(node.part, units);
    case "reference":
      units.fill(1);
      return true;
    case "anchor":
    case "keep":
    case "look":
      return true;
  }
}

function startsAtStart(node: Node): boolean {
  if (node.is === "anchor") return node.at === "start";
  if (node.is === "sequence") return node.parts.length > 0 && startsAtStart(node.parts[0]!);
  if (node.is === "choice") return node.options.every(startsAtStart);
  return (node.is === "group" || node.is === "atomic") && startsAtStart(node.part);
}

class Compiler {
  readonly code: number[] = [];
  readonly sets: CharacterSet[] = [];
  registerCount: number = 0;
  readonly #names: ReadonlyMap<string, readonly number[]>;
  readonly #groupCount: number;
  readonly #setNumbers: Map<CharacterSet, number> = new Map();

  constructor(names: ReadonlyMap<string, readonly number[]>, groupCount: number) {
    this.#names = names;
    this.#groupCount = groupCount;
  }

  /** Where the operation's operands begin. */
  emit(...numbers: number[]): number {
    if (this.code.length > PROGRAM_MAX) throw new Refusal("it is too large");
    const at = this.code.length + 1;
    for (const number of numbers) this.code.push(number);
    return at;
  }

  #set(set: CharacterSet): number {
    let number = this.#setNumbers.get(set);
    if (number === undefined) {
      number = this.sets.push(set) - 1;
      this.#setNumbers.set(set, number);
    }
    return number;
  }

  /** `next`: the unit that is sure to follow; -1: none is. */
  node(node: Node, next: number): void {
    switch (node.is) {
      case "character":
        for (const unit of unitsOf(node.code)) this.emit(Op.unit, unit);
        return;
      case "set":
        this.emit(Op.set, this.#set(node.set));
        return;
      case "sequence":
        for (const [index, part] of node.parts.entries()) {
          const after = node.parts[index + 1];
          this.node(part, after === undefined ? next : firstUnit(after));
        }
        return;
      case "choice":
        this.#choice(node.options, next);
        return;
      case "repeat":
        this.#repeat(node, next);
        return;
      case "group":
        this.emit(Op.save, node.group * 2);
        this.node(node.part, next);
        this.emit(Op.save, node.group * 2 + 1);
        return;
      case "atomic":
        this.#atomic(() => this.node(node.part, -1), Op.close);
        return;
      case "look":
        this.#look(node);
        return;
      case "reference":
        this.#reference(node.name, node.ignoresCase);
        return;
      case "anchor":
        this.emit(Op.anchor, anchorNumbers[node.at]);
        return;
      case "keep":
        this.emit(Op.save, 0);
    }
  }

  #choice(options: readonly Node[], next: number): void {
    const ends: number[] = [];
    for (const [index, option] of options.entries()) {
      if (index === options.length - 1) {
        this.node(option, next);
        break;
      }
      const split = this.emit(Op.split, 0, 0);
      this.code[split] = this.code.length;
      this.node(option, next);
      ends.push(this.emit(Op.jump, 0));
      this.code[split + 1] = this.code.length;
    }
    for (const end of ends) this.code[end] = this.code.length;
  }

  #repeat({ part, min, max, mode }: Node & { is: "repeat" }, next: number): void {
    const set = setOf(part);
    if (set !== undefined) {
      this.emit(Op.repeatSet, this.#set(set), min, max === Infinity ? -1 : max, Mode[mode], next);
      return;
    }
    if (mode === "possessive") {
      this.#atomic(() => this.#rounds(part, min, max, false), Op.close);
      return;
    }
    this.#rounds(part, min, max, mode === "lazy");
  }

  #rounds(part: Node, min: number, max: number, isLazy: boolean): void {
    for (let round = 0; round < min; round++) {
      const before = this.code.length;
      this.node(part, -1);
      // What is nothing is nothing however often.
      if (this.code.length === before) return;
    }
    if (max === Infinity) {
      const start = this.code.length;
      const split = this.emit(Op.split, 0, 0);
      this.#round(part, split, isLazy);
      this.emit(Op.jump, start);
      this.#setExit(split, isLazy);
      return;
    }
    const splits: number[] = [];
    for (let round = min; round < max; round++) {
      const split = this.emit(Op.split, 0, 0);
      splits.push(split);
      this.code[split + (isLazy ? 1 : 0)] = this.code.length;
      this.node(part, -1);
    }
    for (const split of splits) this.#setExit(split, isLazy);
  }

  /** One round of a loop without an end; one that matches nothing is the last. */
  #round(part: Node, split: number, isLazy: boolean): void {
    this.code[split + (isLazy ? 1 : 0)] = this.code.length;
    if (!canBeEmpty(part)) {
      this.node(part, -1);
      return;
    }
    const register = this.registerCount++;
    this.emit(Op.beginRound, register);
    this.node(part, -1);
    const end = this.emit(Op.endRound, register, 0);
    // The exit is after the jump back, which is two numbers.
    this.code[end + 1] = this.code.length + 2;
  }

  #setExit(split: number, isLazy: boolean): void {
    this.code[split + (isLazy ? 0 : 1)] = this.code.length;
  }

  #atomic(emitPart: () => void, closing: number): void {
    const register = this.registerCount++;
    this.emit(Op.open, register);
    emitPart();
    this.emit(closing, register);
  }

  #look({ part, isBehind, isNegative }: Node & { is: "look" }): void {
    const emitPart = (register: number) => {
      if (isBehind) this.#behind(part, register);
      else this.node(part, -1);
    };
    if (!isNegative) {
      const register = this.registerCount++;
      this.emit(Op.open, register);
      emitPart(register);
      this.emit(Op.closeAndReturn, register);
      return;
    }
    // It goes on after it where the part does not match; matched, it throws that way away with the rest and fails.
    const register = this.registerCount++;
    this.emit(Op.open, register);
    const split = this.emit(Op.split, 0, 0);
    this.code[split] = this.code.length;
    emitPart(register);
    this.emit(Op.closeAndFail, register);
    this.code[split + 1] = this.code.length;
  }

  /** Tries each length the part may have. */
  #behind(part: Node, register: number): void {
    const lengths = lengthsOf(part);
    if (lengths === undefined || lengths.max - lengths.min >= BEHIND_LENGTHS_MAX)
      throw new Refusal("what is looked for behind has no fixed length");
    const ends: number[] = [];
    for (let length = lengths.min; length <= lengths.max; length++) {
      const split = length < lengths.max ? this.emit(Op.split, 0, 0) : undefined;
      if (split !== undefined) this.code[split] = this.code.length;
      this.emit(Op.back, length);
      this.node(part, -1);
      this.emit(Op.isAtOpening, register);
      if (split === undefined) break;
      ends.push(this.emit(Op.jump, 0));
      this.code[split + 1] = this.code.length;
    }
    for (const end of ends) this.code[end] = this.code.length;
  }

  #reference(name: string, ignoresCase: boolean): void {
    const groups = /^[0-9]+$/.test(name) ? [Number(name)] : this.#names.get(name);
    if (groups === undefined || groups.some((group) => group < 1 || group > this.#groupCount))
      throw new Refusal(`there is no group ${name}`);
    this.emit(Op.reference, ignoresCase ? 1 : 0, groups.length, ...groups);
  }
}

function unitsOf(code: number): number[] {
  const text = String.fromCodePoint(code);
  return Array.from({ length: text.length }, (_, index) => text.charCodeAt(index));
}

/** The set that the part is; one character alone is left to be compared. */
function setOf(part: Node): CharacterSet | undefined {
  return part.is === "set" ? part.set : undefined;
}

/** The unit that each match of the node begins with; -1: there is no such. */
function firstUnit(node: Node): number {
  if (node.is === "character") return unitsOf(node.code)[0]!;
  if (node.is === "group" || node.is === "atomic") return firstUnit(node.part);
  if (node.is === "repeat") return node.min > 0 ? firstUnit(node.part) : -1;
  if (node.is === "sequence") return node.parts.length > 0 ? firstUnit(node.parts[0]!) : -1;
  return -1;
}

function canBeEmpty(node: Node): boolean {
  switch (node.is) {
    case "character":
    case "set":
      return false;
    case "sequence":
      return node.parts.every(canBeEmpty);
    case "choice":
      return node.options.some(canBeEmpty);
    case "repeat":
      return node.min === 0 || canBeEmpty(node.part);
    case "group":
    case "atomic":
      return canBeEmpty(node.part);
    case "anchor":
    case "keep":
    case "look":
    case "reference":
      return true;
  }
}

interface Lengths {
  readonly min: number;
  readonly max: number;
}

/** In characters; undefined: without an end, or told by the text. */
function lengthsOf(node: Node): Lengths | undefined {
  switch (node.is) {
    case "character":
    case "set":
      return { min: 1, max: 1 };
    case "sequence":
      return node.parts.map(lengthsOf).reduce(add, { min: 0, max: 0 });
    case "choice":
      return node.options.map(lengthsOf).reduce(either);
    case "repeat": {
      const part = lengthsOf(node.part);
      if (part === undefined || node.max === Infinity) return undefined;
      return { min: part.min * node.min, max: part.max * node.max };
    }
    case "group":
    case "atomic":
      return lengthsOf(node.part);
    case "reference":
      return undefined;
    case "anchor":
    case "keep":
    case "look":
      return { min: 0, max: 0 };
  }
}

function add(left: Lengths | undefined, right: Lengths | undefined): Lengths | undefined {
  if (left === undefined || right === undefined) return undefined;
  return { min: left.min + right.min, max: left.max + right.max };
}

function either(left: Lengths | undefined, right: Lengths | undefined): Lengths | undefined {
  if (left === undefined || right === undefined) return undefined;
  return { min: Math.min(left.min, right.min), max: Math.max(left.max, right.max) };
}
