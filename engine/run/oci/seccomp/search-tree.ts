import type { SeccompCondition } from "../config.ts";
import { type BpfProgram, JUMP_EQUAL, JUMP_GREATER, JUMP_GREATER_EQUAL, type Label } from "./bpf.ts";
import type { Segment } from "./segments.ts";

/** Offset of the arguments in struct seccomp_data (linux/seccomp.h), 64 bits each, the lower half first. */
const ARGUMENTS_OFFSET = 16;
const ARGUMENT_BYTES = 8;
const HALF_BYTES = 4;

/** Finds a call's segment by its number, in A, in as many comparisons as the number of segments has binary digits. */
export class SearchTree {
  readonly entry: Label;
  readonly #program: BpfProgram;
  readonly #segments: readonly Segment[];
  /** 32-bit callers: the upper halves of arguments do not count. */
  readonly #isNarrow: boolean;
  readonly #made = new Map<string, Label>();

  constructor(program: BpfProgram, segments: readonly Segment[], argumentBits: 32 | 64) {
    this.#program = program;
    this.#segments = segments;
    this.#isNarrow = argumentBits === 32;
    this.entry = this.#search(0, segments.length);
  }

  /** Among the segments from `first` up to below `end`. */
  #search(first: number, end: number): Label {
    if (end - first === 1) return this.#decide(this.#segments[first]!);
    const middle = (first + end) >>> 1;
    const upper = this.#search(middle, end);
    const lower = this.#search(first, middle);
    return this.#program.jump(JUMP_GREATER_EQUAL, this.#segments[middle]!.from, upper, lower);
  }

  #decide({ alternatives, key }: Segment): Label {
    const made = this.#made.get(key);
    if (made !== undefined && alternatives.length > 1) return made;
    // The last one is without conditions: there is nowhere to go on to from it.
    let entry = this.#program.return(alternatives.at(-1)!.verdict);
    for (const { verdict, conditions } of alternatives.slice(0, -1).toReversed()) {
      const otherwise = entry;
      entry = this.#program.return(verdict);
      for (const condition of conditions) entry = this.#check(condition, entry, otherwise);
    }
    this.#made.set(key, entry);
    return entry;
  }

  #check(condition: SeccompCondition, met: Label, unmet: Label): Label {
    const [high, low] = halves(condition.value);
    const [otherHigh, otherLow] = halves(condition.valueTwo ?? 0);
    switch (condition.op) {
      case "SCMP_CMP_EQ":
        return this.#equal(condition.index, high, low, met, unmet);
      case "SCMP_CMP_NE":
        return this.#equal(condition.index, high, low, unmet, met);
      case "SCMP_CMP_GT":
        return this.#above(JUMP_GREATER, condition.index, high, low, met, unmet);
      case "SCMP_CMP_LE":
        return this.#above(JUMP_GREATER, condition.index, high, low, unmet, met);
      case "SCMP_CMP_GE":
        return this.#above(JUMP_GREATER_EQUAL, condition.index, high, low, met, unmet);
      case "SCMP_CMP_LT":
        return this.#above(JUMP_GREATER_EQUAL, condition.index, high, low, unmet, met);
      case "SCMP_CMP_MASKED_EQ": {
        const program = this.#program;
        const lower = program.and(low, program.jump(JUMP_EQUAL, otherLow, met, unmet));
        const onLow = this.#loadLow(condition.index, lower);
        if (this.#isNarrow) return onLow;
        const upper = program.and(high, program.jump(JUMP_EQUAL, otherHigh, onLow, unmet));
        return this.#loadHigh(condition.index, upper);
      }
    }
  }

  #equal(index: number, high: number, low: number, met: Label, unmet: Label): Label {
    const onLow = this.#loadLow(index, this.#program.jump(JUMP_EQUAL, low, met, unmet));
    if (this.#isNarrow) return onLow;
    return this.#loadHigh(index, this.#program.jump(JUMP_EQUAL, high, onLow, unmet));
  }

  /** `code` compares the lower halves: above, or not below. */
  #above(code: number, index: number, high: number, low: number, met: Label, unmet: Label): Label {
    const onLow = this.#loadLow(index, this.#program.jump(code, low, met, unmet));
    if (this.#isNarrow) return onLow;
    const onEqual = this.#program.jump(JUMP_EQUAL, high, onLow, unmet);
    return this.#loadHigh(index, this.#program.jump(JUMP_GREATER, high, met, onEqual));
  }

  #loadLow(index: number, next: Label): Label {
    return this.#program.load(ARGUMENTS_OFFSET + index * ARGUMENT_BYTES, next);
  }

  #loadHigh(index: number, next: Label): Label {
    return this.#program.load(ARGUMENTS_OFFSET + index * ARGUMENT_BYTES + HALF_BYTES, next);
  }
}

function halves(value: number | bigint): [high: number, low: number] {
  const whole = BigInt(value);
  return [Number(whole >> 32n), Number(whole & 0xffff_ffffn)];
}
