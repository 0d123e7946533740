/**
 * An expression as the steps of a machine that may be at several of them at once (Thompson's). Where it can go on in two
 * ways the first is preferred, which makes the leftmost match that prefers what stands first.
 */
import { Alphabet } from "./alphabet.ts";
import {
  isNullable,
  lengthMin,
  startsAnchored,
  type Expression,
  type Look,
  type RepeatExpression,
} from "./expression.ts";
import type { Ranges } from "./ranges.ts";
import { roundsOf } from "./size.ts";
import { asciiWord } from "./translate.ts";
import { wordRanges } from "./perl-classes.ts";

export const Step = {
  /** Reads a character of the class `first`. */
  class: 0,
  /** Goes on at `first`, else at `second`. */
  split: 1,
  /** Notes the place in slot `first`. */
  save: 2,
  /** Goes on where look `first` holds. */
  look: 3,
  match: 4,
} as const;

/** As `Look`, numbered. */
export const looks: readonly Look[] = [
  "text-start",
  "text-end",
  "line-start",
  "line-end",
  "crlf-line-start",
  "crlf-line-end",
  "boundary",
  "no-boundary",
  "word-start",
  "word-end",
  "word-start-half",
  "word-end-half",
  "boundary-ascii",
  "no-boundary-ascii",
  "word-start-ascii",
  "word-end-ascii",
  "word-start-half-ascii",
  "word-end-half-ascii",
];

/** Classes that looks ask for; each program has them first. */
export const LookClass = { word: 0, asciiWord: 1, lineFeed: 2, carriageReturn: 3 } as const;

export interface Program {
  readonly start: number;
  readonly kinds: Uint8Array;
  readonly firsts: Int32Array;
  readonly seconds: Int32Array;
  /** Places: two for each group, the whole being the first. */
  readonly slotCount: number;
  readonly alphabet: Alphabet;
  /** Whether every match begins where the text does. */
  readonly isAnchored: boolean;
  /** No match is shorter. */
  readonly lengthMin: number;
}

/** Of an expression whose size is no more than it may be (`size.ts`). */
export function compileProgram(expression: Expression, groupCount: number): Program {
  const compiler = new Compiler();
  const start = compiler.compile(expression);
  let alphabet: Alphabet | undefined;
  return {
    start,
    kinds: Uint8Array.from(compiler.kinds),
    firsts: Int32Array.from(compiler.firsts),
    seconds: Int32Array.from(compiler.seconds),
    slotCount: 2 * (groupCount + 1),
    // Few expressions ever need it.
    get alphabet() {
      return (alphabet ??= new Alphabet(compiler.classes()));
    },
    isAnchored: startsAnchored(expression),
    lengthMin: lengthMin(expression),
  };
}

/** Emits from the end to the beginning, so that what comes next is always known. */
class Compiler {
  readonly kinds: number[] = [];
  readonly firsts: number[] = [];
  readonly seconds: number[] = [];
  /** Their numbers. */
  readonly #classes = new Map<Ranges, number>();
  #usesWords = false;

  compile(expression: Expression): number {
    const end = this.#emit(Step.match, 0, 0);
    const saved = this.#emit(Step.save, 1, end);
    return this.#emit(Step.save, 0, this.#compile(expression, saved));
  }

  classes(): readonly Ranges[] {
    const words = this.#usesWords ? wordRanges() : [];
    return [words, asciiWord, [0x0a, 0x0a], [0x0d, 0x0d], ...this.#classes.keys()];
  }

  #emit(kind: number, first: number, second: number): number {
    this.firsts.push(first);
    this.seconds.push(second);
    return this.kinds.push(kind) - 1;
  }

  #classId(ranges: Ranges): number {
    let id = this.#classes.get(ranges);
    if (id === undefined)
      this.#classes.set(ranges, (id = this.#classes.size + Object.keys(LookClass).length));
    return id;
  }

  /** Where it begins, when `next` follows. */
  #compile(expression: Expression, next: number): number {
    switch (expression.kind) {
      case "empty":
        return next;
      case "class":
        return this.#emit(Step.class, this.#classId(expression.ranges), next);
      case "look":
        this.#usesWords ||=
          /^(?:no-)?(?:boundary|word)/.test(expression.look) && !expression.look.endsWith("ascii");
        return this.#emit(Step.look, looks.indexOf(expression.look), next);
      case "capture": {
        const close = this.#emit(Step.save, 2 * expression.index + 1, next);
        return this.#emit(Step.save, 2 * expression.index, this.#compile(expression.sub, close));
      }
      case "concat": {
        let start = next;
        for (let index = expression.parts.length - 1; index >= 0; index--)
          start = this.#compile(expression.parts[index]!, start);
        return start;
      }
      case "alternate": {
        let start: number | undefined;
        for (let index = expression.parts.length - 1; index >= 0; index--) {
          const part = this.#compile(expression.parts[index]!, next);
          start = start === undefined ? part : this.#emit(Step.split, part, start);
        }
        return start ?? next;
      }
      case "repeat":
        return this.#repeat(expression, next);
    }
  }

  #repeat(repeat: RepeatExpression, next: number): number {
    const { sub, isGreedy } = repeat;
    const [least, most] = roundsOf(repeat);
    let start = next;
    if (most === Infinity) {
      const loop = this.#emit(Step.split, 0, 0);
      const body = this.#compile(sub, loop);
      this.#setSplit(loop, body, next, isGreedy);
      if (least > 0) start = body;
      // Through the loop's own step an empty round would be the last; it is entered by another.
      else start = isNullable(sub) ? this.#split(body, next, isGreedy) : loop;
    } else {
      for (let count = least; count < most; count++)
        start = this.#split(this.#compile(sub, start), next, isGreedy);
    }
    const copies = most === Infinity ? least - 1 : least;
    for (let count = 0; count < copies; count++) start = this.#compile(sub, start);
    return start;
  }

  #split(body: number, next: number, isGreedy: boolean): number {
    const split = this.#emit(Step.split, 0, 0);
    this.#setSplit(split, body, next, isGreedy);
    return split;
  }

  #setSplit(split: number, body: number, next: number, isGreedy: boolean): void {
    this.firsts[split] = isGreedy ? body : next;
    this.seconds[split] = isGreedy ? next : body;
  }
}
