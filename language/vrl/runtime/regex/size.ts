/**
 * How many bytes the crate would take for a compiled expression: it refuses what is too big, and so do we. Told without
 * compiling it, as most expressions are the host's engine's to search.
 */
import { isNullable, type Expression, type RepeatExpression } from "./expression.ts";
import type { Ranges } from "./ranges.ts";

/** More bytes than this no compiled expression may take; the crate's own limit. */
export const SIZE_MAX = 10_485_760;

/** What a step takes, as the crate counts, and one with two ways on. */
const STEP_BYTES = 32;
const SPLIT_BYTES = 40;

/** In bytes; `Infinity` where it is beyond all counting. */
export function compiledSize(expression: Expression): number {
  return 2 * STEP_BYTES + sizeOf(expression);
}

function sizeOf(expression: Expression): number {
  switch (expression.kind) {
    case "empty":
      return 0;
    case "class":
      return STEP_BYTES + classBytes(expression.ranges);
    case "look":
      return STEP_BYTES;
    case "capture":
      return 2 * STEP_BYTES + sizeOf(expression.sub);
    case "concat":
      return sumOf(expression.parts);
    case "alternate": {
      const ways = Math.max(0, expression.parts.length - 1);
      return STEP_BYTES + ways * SPLIT_BYTES + sumOf(expression.parts);
    }
    case "repeat":
      return repeatSize(expression);
  }
}

function sumOf(parts: readonly Expression[]): number {
  let sum = 0;
  for (const part of parts) sum += sizeOf(part);
  return sum;
}

function repeatSize(repeat: RepeatExpression): number {
  const [least, most] = roundsOf(repeat);
  const round = sizeOf(repeat.sub);
  if (most < Infinity) {
    const maybe = least < most ? STEP_BYTES + (most - least) * (SPLIT_BYTES + round) : 0;
    return maybe + least * round;
  }
  const entry = least === 0 && isNullable(repeat.sub) ? SPLIT_BYTES : 0;
  return SPLIT_BYTES + entry + Math.max(1, least) * round;
}

/** The fewest and most rounds that make a difference: what is always empty is so once as well as many times. */
export function roundsOf({ sub, min, max }: RepeatExpression): readonly [least: number, most: number] {
  return isAlwaysEmpty(sub) ? [Math.min(min, 1), Math.min(max, 1)] : [min, max];
}

/**
 * Beyond its step, about as much as the crate counts, which reads bytes of UTF-8: so much for each range, and more where
 * one goes from characters of some bytes to those of more.
 */
function classBytes(ranges: Ranges): number {
  const last = ranges.at(-1) ?? 0;
  if (ranges.length === 2 && ranges[0] === last) return STEP_BYTES * (utf8Length(last) - 1);
  if (last < 0x80) return STEP_BYTES + 4 * ranges.length;
  let bytes = STEP_BYTES;
  for (let index = 0; index < ranges.length; index += 2)
    bytes += RANGE_BYTES + LENGTH_BYTES * (utf8Length(ranges[index + 1]!) - utf8Length(ranges[index]!));
  return bytes;
}

const RANGE_BYTES = 65;
const LENGTH_BYTES = 290;

function utf8Length(code: number): number {
  return code < 0x80 ? 1 : code < 0x8_00 ? 2 : code < 0x1_00_00 ? 3 : 4;
}

function isAlwaysEmpty(expression: Expression): boolean {
  switch (expression.kind) {
    case "class":
      return false;
    case "capture":
      return isAlwaysEmpty(expression.sub);
    case "repeat":
      return expression.max === 0 || isAlwaysEmpty(expression.sub);
    case "concat":
    case "alternate":
      return expression.parts.every(isAlwaysEmpty);
    case "empty":
    case "look":
      return true;
  }
}
