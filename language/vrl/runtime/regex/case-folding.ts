/** Characters that differ in case alone, by Unicode's simple case folding. */
import { includes, rangesOf, type Ranges } from "./ranges.ts";

/** Two characters are the same but for case. */
const isSame = /^(.)\1$/isu;

let sets: ReadonlyMap<number, readonly number[]> | undefined;

/**
 * Of each character that has others: all that are the same but for case, itself among them. Candidates are what the
 * host's case mappings lead to; whether they are the same tells its case-insensitive matching, which folds by the same
 * rules.
 */
function foldingSets(): ReadonlyMap<number, readonly number[]> {
  if (sets !== undefined) return sets;
  const cased = /[\p{Changes_When_Casemapped}\p{Changes_When_Casefolded}]/u;
  const byUpper = new Map<string, string[]>();
  const groups = new Map<string, Set<string>>();
  const join = (left: string, right: string): void => {
    if (left === right || !isSame.test(left + right)) return;
    const joined = new Set([...(groups.get(left) ?? [left]), ...(groups.get(right) ?? [right])]);
    for (const member of joined) groups.set(member, joined);
  };
  for (let code = 0; code < CASED_END; code++) {
    const character = String.fromCodePoint(code);
    if (!cased.test(character)) continue;
    const upper = character.toUpperCase();
    const alike = byUpper.get(upper);
    if (alike === undefined) byUpper.set(upper, [character]);
    else {
      for (const other of alike) join(character, other);
      alike.push(character);
    }
    for (const other of [upper, character.toLowerCase(), upper.toLowerCase()])
      if (String.fromCodePoint(other.codePointAt(0)!) === other) join(character, other);
  }
  const found = new Map<number, readonly number[]>();
  for (const [member, group] of groups)
    found.set(
      member.codePointAt(0)!,
      [...group].map((each) => each.codePointAt(0)!),
    );
  return (sets = found);
}

/** Above it no script has case; U+1E943 is the last that has. */
const CASED_END = 0x1_f0_00;

/** With all that are the same but for case. */
export function foldCase(ranges: Ranges): Ranges {
  const more: number[] = [...ranges];
  let beyondAscii = false;
  for (let index = 0; index < ranges.length; index += 2) {
    const [first, last] = [ranges[index]!, ranges[index + 1]!];
    if (last > 0x7f) beyondAscii = true;
    addAscii(more, first, last);
  }
  // All but two characters beyond ASCII are the same as others beyond it.
  if (beyondAscii) {
    for (const [code, group] of foldingSets()) {
      if (!includes(ranges, code)) continue;
      for (const other of group) more.push(other, other);
    }
  }
  return rangesOf(more);
}

/** As `foldCase` for ASCII letters alone. */
export function foldAsciiCase(ranges: Ranges): Ranges {
  const more: number[] = [...ranges];
  for (let index = 0; index < ranges.length; index += 2) addShifted(more, ranges[index]!, ranges[index + 1]!);
  return rangesOf(more);
}

function addAscii(more: number[], first: number, last: number): void {
  addShifted(more, first, last);
  // The Kelvin sign and the long s.
  if (touches(first, last, 0x4b) || touches(first, last, 0x6b)) more.push(0x21_2a, 0x21_2a);
  if (touches(first, last, 0x53) || touches(first, last, 0x73)) more.push(0x1_7f, 0x1_7f);
}

function addShifted(more: number[], first: number, last: number): void {
  const [upperFirst, upperLast] = [Math.max(first, 0x41), Math.min(last, 0x5a)];
  if (upperFirst <= upperLast) more.push(upperFirst + 32, upperLast + 32);
  const [lowerFirst, lowerLast] = [Math.max(first, 0x61), Math.min(last, 0x7a)];
  if (lowerFirst <= lowerLast) more.push(lowerFirst - 32, lowerLast - 32);
}

function touches(first: number, last: number, code: number): boolean {
  return first <= code && code <= last;
}
