/** Source maps (ECMA-426) from the generated lines back to the program: for errors and profiles. */
import type { Line } from "./emitter.ts";

const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

const SPACE = 0x20;

/** A signed number in base 64, five bits a digit, the sign lowest. */
function digitsOf(value: number): string {
  let rest = value < 0 ? (-value << 1) | 1 : value << 1;
  let digits = "";
  do {
    const digit = rest & 31;
    rest >>>= 5;
    digits += DIGITS[rest > 0 ? digit | 32 : digit]!;
  } while (rest > 0);
  return digits;
}

export interface SourceMap {
  readonly version: 3;
  readonly sources: readonly string[];
  readonly sourcesContent: readonly string[];
  readonly names: readonly string[];
  readonly mappings: string;
}

/** `lines`: of the generated file from line `firstLine` (0-based) on. */
export function sourceMapOf(
  lines: readonly Line[],
  firstLine: number,
  source: string,
  name: string,
): SourceMap {
  const starts = [0];
  for (let index = source.indexOf("\n"); index >= 0; index = source.indexOf("\n", index + 1))
    starts.push(index + 1);
  let [lineBefore, columnBefore] = [0, 0];
  const mappings = lines.map(({ text, origin }) => {
    if (origin === undefined) return "";
    const line = lineAt(starts, origin);
    const column = origin - starts[line]!;
    let indent = 0;
    while (text.charCodeAt(indent) === SPACE) indent++;
    const mapping =
      digitsOf(indent) + digitsOf(0) + digitsOf(line - lineBefore) + digitsOf(column - columnBefore);
    [lineBefore, columnBefore] = [line, column];
    return mapping;
  });
  return {
    version: 3,
    sources: [name],
    sourcesContent: [source],
    names: [],
    mappings: ";".repeat(firstLine) + mappings.join(";"),
  };
}

function lineAt(starts: readonly number[], offset: number): number {
  let [low, high] = [0, starts.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (starts[middle]! <= offset) low = middle;
    else high = middle - 1;
  }
  return low;
}
