/**
 * Sets of code points as flat lists of first and last: `[0x30, 0x39, 0x41, 0x5a]` is `[0-9A-Z]`. In order, without
 * overlap, not adjacent. What stands between U+D800 and U+DFFF means nothing: no text has such characters.
 */
export type Ranges = readonly number[];

export const CODE_POINT_MAX = 0x10_ffff;

export const none: Ranges = [];
export const all: Ranges = [0, CODE_POINT_MAX];

/** Of ranges in any order that may overlap. */
export function rangesOf(flat: readonly number[]): Ranges {
  const pairs: [number, number][] = [];
  for (let index = 0; index < flat.length; index += 2) pairs.push([flat[index]!, flat[index + 1]!]);
  pairs.sort((left, right) => left[0] - right[0]);
  const merged: number[] = [];
  for (const [first, last] of pairs) {
    const end = merged.length - 1;
    if (end > 0 && first <= merged[end]! + 1) merged[end] = Math.max(merged[end]!, last);
    else merged.push(first, last);
  }
  return merged;
}

export function union(left: Ranges, right: Ranges): Ranges {
  if (left.length === 0) return right;
  return right.length === 0 ? left : rangesOf([...left, ...right]);
}

/** Up to `last`, the greatest there is. */
export function negate(ranges: Ranges, last: number = CODE_POINT_MAX): Ranges {
  const rest: number[] = [];
  let next = 0;
  for (let index = 0; index < ranges.length; index += 2) {
    if (ranges[index]! > next) rest.push(next, ranges[index]! - 1);
    next = ranges[index + 1]! + 1;
  }
  if (next <= last) rest.push(next, last);
  return rest;
}

export function intersect(left: Ranges, right: Ranges): Ranges {
  const both: number[] = [];
  let l = 0;
  let r = 0;
  while (l < left.length && r < right.length) {
    const first = Math.max(left[l]!, right[r]!);
    const last = Math.min(left[l + 1]!, right[r + 1]!);
    if (first <= last) both.push(first, last);
    if (left[l + 1]! < right[r + 1]!) l += 2;
    else r += 2;
  }
  return both;
}

export function subtract(left: Ranges, right: Ranges): Ranges {
  return intersect(left, negate(right));
}

/** What is in one of them and not in both. */
export function differ(left: Ranges, right: Ranges): Ranges {
  return subtract(union(left, right), intersect(left, right));
}

export function areDisjoint(left: Ranges, right: Ranges): boolean {
  return intersect(left, right).length === 0;
}

export function includes(ranges: Ranges, codePoint: number): boolean {
  let low = 0;
  let high = ranges.length / 2;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (codePoint < ranges[2 * middle]!) high = middle;
    else if (codePoint > ranges[2 * middle + 1]!) low = middle + 1;
    else return true;
  }
  return false;
}
