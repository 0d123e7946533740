/**
 * Reads expressions of Oniguruma's own syntax, which is Ruby's and a little more: `^` and `$` are a line's ends always,
 * `(?m)` lets the dot match newlines, and where groups have names, parentheses without are no groups.
 *
 * Calls of groups, conditions, callouts and absent operators are refused: no pattern library has them.
 */
import { ANY, ANY_WITH_NEWLINE, CharacterSet, escapedClasses, escapedCode } from "./character-set.ts";
import { parseClass, parseProperty } from "./parse-class.ts";
import { PatternReader } from "./pattern-reader.ts";
import { type Anchor, DEPTH_MAX, type Node, Refusal } from "./syntax.ts";

export interface Expression {
  readonly root: Node;
  /** Not counting the whole match. */
  readonly groupCount: number;
  /** The groups of each name, in order. */
  readonly names: ReadonlyMap<string, readonly number[]>;
}

interface Options {
  readonly ignoresCase: boolean;
  readonly dotHasNewline: boolean;
  readonly isExtended: boolean;
}

/** Throws `Refusal`. */
export function parseExpression(source: string): Expression {
  const parser = new Parser(source);
  const root = parser.parseChoice({ ignoresCase: false, dotHasNewline: false, isExtended: false }, 0);
  if (!parser.reader.isAtEnd) throw new Refusal("a parenthesis closes no group");
  return { root, groupCount: parser.groupCount, names: parser.names };
}

const REPEAT_MAX = 100_000;

const anchors: Readonly<Record<string, Anchor>> = {
  A: "start",
  z: "end",
  Z: "end-or-last-newline",
  b: "word-boundary",
  B: "no-word-boundary",
};

const NAMED_GROUP = /\(\?(?:<(?![=!])|')/;

class Parser {
  readonly reader: PatternReader;
  readonly names: Map<string, number[]> = new Map();
  groupCount: number = 0;
  /** Parentheses without a name are groups then, too. */
  readonly #capturesAll: boolean;

  constructor(source: string) {
    this.reader = new PatternReader(source);
    this.#capturesAll = !NAMED_GROUP.test(source);
  }

  parseChoice(options: Options, depth: number): Node {
    if (depth > DEPTH_MAX) throw new Refusal("groups are nested too deep");
    const choices = [this.#parseSequence(options, depth)];
    while (this.reader.take("|")) choices.push(this.#parseSequence(options, depth));
    return choices.length === 1 ? choices[0]! : { is: "choice", options: choices };
  }

  #parseSequence(options: Options, depth: number): Node {
    const { reader } = this;
    const parts: Node[] = [];
    while (!reader.isAtEnd && reader.peek !== "|" && reader.peek !== ")") {
      if (options.isExtended && reader.takeMatch(/(?:[ \t\n\v\f\r]|#[^\n]*)+/y) !== undefined) continue;
      if (reader.takeMatch(/\(\?#(?:[^)\\]|\\.)*\)/sy) !== undefined) continue;
      const found = reader.takeMatch(/\(\?([imx]*)(?:-([imx]+))?(?=[:)])/y);
      if (found !== undefined && (found[1] !== "" || found[2] !== undefined)) {
        const changed = change(options, found[1]!, found[2] ?? "");
        if (reader.take(":")) parts.push(this.#quantified(this.#closed(changed, depth), options));
        else {
          // Options without a part of their own hold for the rest of the group, its choices included.
          reader.next();
          parts.push(this.parseChoice(changed, depth + 1));
        }
        continue;
      }
      if (found !== undefined) reader.at -= found[0].length;
      parts.push(this.#quantified(this.#parsePart(options, depth), options));
    }
    return parts.length === 1 ? parts[0]! : { is: "sequence", parts };
  }

  /** What stands up to the parenthesis that closes. */
  #closed(options: Options, depth: number): Node {
    const part = this.parseChoice(options, depth + 1);
    if (!this.reader.take(")")) throw new Refusal("a group is not closed");
    return part;
  }

  #parsePart(options: Options, depth: number): Node {
    const { reader } = this;
    if (reader.takeMatch(/[*+?]/y) !== undefined) throw new Refusal("nothing is there to repeat");
    if (reader.take("(")) return this.#parseGroup(options, depth);
    if (reader.take("["))
      return { is: "set", set: new CharacterSet(parseClass(reader), options.ignoresCase) };
    if (reader.take(".")) return { is: "set", set: options.dotHasNewline ? ANY_WITH_NEWLINE : ANY };
    if (reader.take("^")) return { is: "anchor", at: "line-start" };
    if (reader.take("$")) return { is: "anchor", at: "line-end" };
    if (reader.take("\\")) return this.#parseEscape(options);
    return character(reader.nextCode(), options);
  }

  #parseGroup(options: Options, depth: number): Node {
    const { reader } = this;
    if (!reader.take("?")) {
      if (!this.#capturesAll) return this.#closed(options, depth);
      const group = ++this.groupCount;
      return { is: "group", group, part: this.#closed(options, depth) };
    }
    if (reader.take(":")) return this.#closed(options, depth);
    if (reader.take(">")) return { is: "atomic", part: this.#closed(options, depth) };
    for (const [mark, isBehind, isNegative] of looks) {
      if (reader.take(mark)) return { is: "look", part: this.#closed(options, depth), isBehind, isNegative };
    }
    const named =
      reader.takeMatch(/<([\p{L}\p{M}\p{Pc}][^>)]*)>/uy) ??
      reader.takeMatch(/'([\p{L}\p{M}\p{Pc}][^')]*)'/uy);
    if (named === undefined) throw new Refusal("a group is of no known kind");
    const group = ++this.groupCount;
    const groups = this.names.get(named[1]!);
    if (groups === undefined) this.names.set(named[1]!, [group]);
    else groups.push(group);
    return { is: "group", group, part: this.#closed(options, depth) };
  }

  #parseEscape(options: Options): Node {
    const { reader } = this;
    const letter = reader.peek;
    if (letter === "") throw new Refusal("it ends in a backslash");
    if (Object.hasOwn(anchors, letter)) {
      reader.next();
      return { is: "anchor", at: anchors[letter]! };
    }
    if (Object.hasOwn(escapedClasses, letter)) {
      reader.next();
      return { is: "set", set: new CharacterSet(escapedClasses[letter]!) };
    }
    if (letter === "p" || letter === "P") {
      reader.next();
      return { is: "set", set: new CharacterSet(parseProperty(reader, letter === "P")) };
    }
    if (reader.take("R")) return LINE_BREAK;
    if (reader.take("N")) return { is: "set", set: ANY };
    if (reader.take("O")) return { is: "set", set: ANY_WITH_NEWLINE };
    if (reader.take("K")) return { is: "keep" };
    if (letter === "G" || letter === "X" || letter === "y" || letter === "Y" || letter === "g")
      throw new Refusal(`\\${letter} is not supported`);
    const named = reader.takeMatch(/k<([^>]+)>/y) ?? reader.takeMatch(/k'([^']+)'/y);
    const numbered = named ?? (this.#capturesAll ? reader.takeMatch(/([1-9])(?![0-9])/y) : undefined);
    if (numbered !== undefined)
      return { is: "reference", name: numbered[1]!, ignoresCase: options.ignoresCase };
    return character(reader.escapedCode(), options);
  }

  /** The part with the quantifiers that follow it. */
  #quantified(part: Node, options: Options): Node {
    const { reader } = this;
    let repeated = part;
    for (let count = 0; ; count++) {
      if (options.isExtended) reader.takeMatch(/(?:[ \t\n\v\f\r]|#[^\n]*)+/y);
      const simple = reader.takeMatch(/([*+?])([?+]?)/y);
      const counted =
        simple === undefined ? reader.takeMatch(/\{(?:([0-9]+)(,([0-9]*))?|,([0-9]+))\}(\??)/y) : undefined;
      if (simple === undefined && counted === undefined) return repeated;
      if (count > DEPTH_MAX) throw new Refusal("quantifiers are nested too deep");
      if (part.is === "anchor" || part.is === "look" || part.is === "keep")
        throw new Refusal("what has no length cannot repeat");
      repeated = simple === undefined ? countedRepeat(repeated, counted!) : simpleRepeat(repeated, simple);
    }
  }
}

const looks: readonly (readonly [mark: string, isBehind: boolean, isNegative: boolean])[] = [
  ["<=", true, false],
  ["<!", true, true],
  ["=", false, false],
  ["!", false, true],
];

const LINE_BREAK: Node = {
  is: "atomic",
  part: {
    is: "choice",
    options: [
      {
        is: "sequence",
        parts: [
          { is: "character", code: 0x0d },
          { is: "character", code: 0x0a },
        ],
      },
      { is: "set", set: new CharacterSet(String.raw`[\n-\r\x85\u2028\u2029]`) },
    ],
  },
};

function change(options: Options, on: string, off: string): Options {
  const has = (letter: string, before: boolean) => !off.includes(letter) && (before || on.includes(letter));
  return {
    ignoresCase: has("i", options.ignoresCase),
    dotHasNewline: has("m", options.dotHasNewline),
    isExtended: has("x", options.isExtended),
  };
}

function character(code: number, { ignoresCase }: Options): Node {
  const text = String.fromCodePoint(code);
  if (!ignoresCase || (text.toLowerCase() === text && text.toUpperCase() === text))
    return { is: "character", code };
  return { is: "set", set: new CharacterSet(`[${escapedCode(code)}]`, true) };
}

function simpleRepeat(part: Node, [, sign, suffix]: RegExpExecArray): Node {
  const min = sign === "+" ? 1 : 0;
  const max = sign === "?" ? 1 : Infinity;
  return {
    is: "repeat",
    part,
    min,
    max,
    mode: suffix === "?" ? "lazy" : suffix === "+" ? "possessive" : "greedy",
  };
}

function countedRepeat(part: Node, [, low, comma, high, highAlone, isLazy]: RegExpExecArray): Node {
  const min = Number(low ?? 0);
  const max = Number(highAlone ?? (comma === undefined ? low : high === "" ? Infinity : high));
  if (min > REPEAT_MAX || (max !== Infinity && max > REPEAT_MAX)) throw new Refusal("it repeats too often");
  if (min > max) throw new Refusal("the most is less than the least");
  if (isLazy !== "?") return { is: "repeat", part, min, max, mode: "greedy" };
  if (comma !== undefined || highAlone !== undefined) return { is: "repeat", part, min, max, mode: "lazy" };
  // A fixed number with a question mark is that number or nothing.
  return {
    is: "repeat",
    part: { is: "repeat", part, min, max, mode: "greedy" },
    min: 0,
    max: 1,
    mode: "greedy",
  };
}
