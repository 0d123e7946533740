/**
 * Regular expressions of Rust's `regex` crate 1.12: its syntax, its leftmost-first matches, its messages. No expression
 * and no text takes longer than linear time: where it is proven that the host's own engine cannot take long either, that
 * one searches; else ours does, all ways at once. See `regex/cost.ts` for the proof, `regex/automaton.ts` for the engine
 * and `regex/pike.ts` for what it falls back on.
 *
 * Places are in UTF-16 units. Half a surrogate pair counts as U+FFFD.
 */
import { Automaton, GAVE_UP } from "./regex/automaton.ts";
import { Pike } from "./regex/pike.ts";
import { backtrackingLengthMax } from "./regex/cost.ts";
import { groupIndices, startsAnchored, type Expression } from "./regex/expression.ts";
import { nativeSource } from "./regex/native.ts";
import { parseSyntax } from "./regex/parse.ts";
import { problemText, RegexSyntaxError } from "./regex/problem.ts";
import { compileProgram, type Program } from "./regex/program.ts";
import { compiledSize, SIZE_MAX } from "./regex/size.ts";
import { translate } from "./regex/translate.ts";
import { unitsOfBytes } from "./regex/units.ts";

/** Why a source is no expression; `message` may have several lines. */
export class RegexProblem {
  readonly message: string;
  constructor(message: string) {
    this.message = message;
  }
}

/** One match; group 0 is the whole. */
export class Match {
  readonly text: string;
  /** Start and end of each group in turn, -1 where it took no part. */
  readonly places: ArrayLike<number>;

  constructor(text: string, places: ArrayLike<number>) {
    this.text = text;
    this.places = places;
  }

  get start(): number {
    return this.places[0]!;
  }

  get end(): number {
    return this.places[1]!;
  }

  /** Undefined: it took no part. */
  group(index: number): string | undefined {
    const start = this.places[2 * index] ?? -1;
    return start < 0 ? undefined : this.text.slice(start, this.places[2 * index + 1]);
  }

  /** The texts of all groups, by index. */
  get groups(): GroupTexts {
    return Array.from({ length: this.places.length / 2 }, (_, index) => this.group(index));
  }
}

/** The texts of the groups, by index; undefined where one took no part. */
export type GroupTexts = readonly (string | undefined)[];

/** Equal where the sources are. */
export class Regex {
  /** As written. */
  readonly source: string;
  /** By index; the whole, which comes first, has none. */
  readonly groupNames: readonly (string | undefined)[];
  readonly #expression: Expression;
  #compiled: Program | undefined;
  #pike: Pike | undefined;
  /** For each number of slots that is asked for. */
  readonly #automata = new Map<number, Automaton>();
  /** Texts up to this length are the host's engine's; undefined: nobody asked yet. */
  #nativeLengthMax: number | undefined;
  #plain: RegExp | undefined;
  #global: RegExp | undefined;
  #indexed: RegExp | undefined;

  private constructor(source: string, groupNames: readonly (string | undefined)[], expression: Expression) {
    this.source = source;
    this.groupNames = groupNames;
    this.#expression = expression;
  }

  static compile(source: string): Regex | RegexProblem {
    const characters = Array.from(source.toWellFormed());
    try {
      const parsed = parseSyntax(characters);
      const expression = translate(parsed.syntax);
      if (compiledSize(expression) > SIZE_MAX)
        return new RegexProblem(`Compiled regex exceeds size limit of ${SIZE_MAX} bytes.`);
      return new Regex(source, namesOf(expression, parsed.groupNames), expression);
    } catch (error) {
      if (error instanceof RegexSyntaxError) return new RegexProblem(problemText(error, characters));
      throw error;
    }
  }

  /** Of a source that is known to be right; throws for any other. */
  static of(source: string): Regex {
    const regex = Regex.compile(source);
    if (regex instanceof RegexProblem) throw new TypeError(`Cannot compile "${source}": ${regex.message}`);
    return regex;
  }

  get #program(): Program {
    return (this.#compiled ??= compileProgram(this.#expression, this.groupCount));
  }

  /** Without the whole. */
  get groupCount(): number {
    return this.groupNames.length - 1;
  }

  test(text: string): boolean {
    if (this.#isNative(text)) return this.#plain!.test(text);
    return this.#search(text, 0, 0) !== undefined;
  }

  /** As `test` for bytes that are not all UTF-8: what is not is matched by no class. */
  testBytes(bytes: Uint8Array): boolean {
    return (this.#pike ??= new Pike(this.#program)).search(unitsOfBytes(bytes), 0, 0, true) !== undefined;
  }

  /** The texts of the leftmost match. */
  groups(text: string): GroupTexts | undefined {
    if (this.#isNative(text)) return this.#plain!.exec(text) ?? undefined;
    const places = this.#search(text, 0, this.#program.slotCount);
    return places && new Match(text, places).groups;
  }

  /** The leftmost match at or after `from`, which is no place within a pair; what stands before it counts for looks. */
  exec(text: string, from: number): Match | undefined {
    if (this.#isNative(text)) {
      this.#indexed ??= new RegExp(this.#plain!.source, "dgu");
      this.#indexed.lastIndex = from;
      const indices = this.#indexed.exec(text)?.indices;
      return (
        indices &&
        new Match(
          text,
          indices.flatMap((place) => place ?? [-1, -1]),
        )
      );
    }
    const places = this.#search(text, from, this.#program.slotCount);
    return places === undefined ? undefined : new Match(text, places);
  }

  /** As `exec` without the groups. */
  find(text: string, from: number): Match | undefined {
    if (this.#isNative(text)) {
      const global = (this.#global ??= new RegExp(this.#plain!.source, "gu"));
      global.lastIndex = from;
      const match = global.exec(text);
      return match === null ? undefined : new Match(text, [match.index, match.index + match[0].length]);
    }
    const places = this.#search(text, from, 2);
    return places === undefined ? undefined : new Match(text, places);
  }

  /** Matches from left to right that do not overlap; an empty one is none where the one before ends. */
  execAll(text: string, countMax: number = Infinity): Match[] {
    return this.#all(text, countMax, true);
  }

  /** As `execAll` without the groups. */
  findAll(text: string, countMax: number = Infinity): Match[] {
    return this.#all(text, countMax, false);
  }

  #all(text: string, countMax: number, withGroups: boolean): Match[] {
    const matches: Match[] = [];
    let from = 0;
    let lastEnd = -1;
    while (matches.length < countMax && from <= text.length) {
      const match = withGroups ? this.exec(text, from) : this.find(text, from);
      if (match === undefined) break;
      if (match.end === match.start && match.end === lastEnd) {
        from = lastEnd + (text.codePointAt(lastEnd)! > 0xff_ff ? 2 : 1);
        continue;
      }
      matches.push(match);
      from = lastEnd = match.end;
    }
    return matches;
  }

  #search(text: string, from: number, slots: number): Int32Array | undefined {
    if (text.length - from < this.#program.lengthMin) return undefined;
    let automaton = this.#automata.get(slots);
    if (automaton === undefined) this.#automata.set(slots, (automaton = new Automaton(this.#program, slots)));
    const places = automaton.search(text, from);
    if (places !== GAVE_UP) return places;
    return (this.#pike ??= new Pike(this.#program)).search(text, from, slots);
  }

  #isNative(text: string): boolean {
    this.#nativeLengthMax ??= backtrackingLengthMax(this.#expression, startsAnchored(this.#expression));
    if (text.length > this.#nativeLengthMax) return false;
    return this.#plain !== undefined || this.#makeNative();
  }

  #makeNative(): boolean {
    const source = nativeSource(this.#expression);
    try {
      if (source !== undefined) this.#plain = new RegExp(source, "u");
    } catch {
      // The host finds it too big.
    }
    if (this.#plain === undefined) this.#nativeLengthMax = -1;
    return this.#plain !== undefined;
  }
}

/** Of the groups that are left: those that can take no part have no name, and behind the last that can there are none. */
function namesOf(
  expression: Expression,
  names: readonly (string | undefined)[],
): readonly (string | undefined)[] {
  const left = new Set(groupIndices(expression));
  return Array.from({ length: Math.max(0, ...left) + 1 }, (_, index) =>
    left.has(index) ? names[index] : undefined,
  );
}
