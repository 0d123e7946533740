/** From the tree as written to what it means. */
import { foldAsciiCase, foldCase } from "./case-folding.ts";
import type { Expression, Look, WordLook } from "./expression.ts";
import { RegexSyntaxError, type Place } from "./problem.ts";
import { all, differ, intersect, negate, none, rangesOf, subtract, union, type Ranges } from "./ranges.ts";
import type {
  AssertionSyntax,
  BracketSyntax,
  FlagChange,
  LiteralSyntax,
  PerlSyntax,
  PropertySyntax,
  SetSyntax,
  Syntax,
} from "./syntax.ts";
import { digitRanges, spaceRanges, wordRanges } from "./perl-classes.ts";
import { propertyRanges } from "./unicode.ts";

interface Flags {
  /** `i` */
  readonly ignoresCase: boolean;
  /** `m` */
  readonly isMultiline: boolean;
  /** `s` */
  readonly dotMatchesLineEnd: boolean;
  /** `U` */
  readonly swapsGreed: boolean;
  /** `u` */
  readonly isUnicode: boolean;
  /** `R` */
  readonly isCrlf: boolean;
}

const defaults: Flags = {
  ignoresCase: false,
  isMultiline: false,
  dotMatchesLineEnd: false,
  swapsGreed: false,
  isUnicode: true,
  isCrlf: false,
};

const INVALID_UTF8 = "pattern can match invalid UTF-8";
const UNICODE_NOT_ALLOWED = "Unicode not allowed here";

const ASCII_LAST = 0x7f;
const BYTE_LAST = 0xff;

/** Throws `RegexSyntaxError`. */
export function translate(syntax: Syntax): Expression {
  return new Translator().translate(syntax);
}

class Translator {
  #flags = defaults;

  translate(syntax: Syntax): Expression {
    switch (syntax.kind) {
      case "empty":
        return { kind: "empty" };
      case "flags":
        this.#set(syntax.flags);
        return { kind: "empty" };
      case "literal":
        return { kind: "class", ranges: this.#literal(syntax) };
      case "dot":
        return { kind: "class", ranges: this.#dot(syntax) };
      case "assertion":
        return { kind: "look", look: this.#look(syntax) };
      case "perl":
      case "property":
      case "bracket":
        return { kind: "class", ranges: this.#class(syntax) };
      case "repetition": {
        const sub = this.translate(syntax.sub);
        const isGreedy = syntax.isGreedy !== this.#flags.swapsGreed;
        // Its groups are gone, too.
        if (syntax.max === 0) return { kind: "empty" };
        return { kind: "repeat", sub, min: syntax.min, max: syntax.max, isGreedy };
      }
      case "group": {
        const outer = this.#flags;
        if (syntax.flags !== undefined) this.#set(syntax.flags);
        const sub = this.translate(syntax.sub);
        this.#flags = outer;
        return syntax.index === undefined ? sub : { kind: "capture", index: syntax.index, sub };
      }
      case "concat":
        return { kind: "concat", parts: syntax.parts.map((part) => this.translate(part)) };
      case "alternation":
        return { kind: "alternate", parts: syntax.parts.map((part) => this.translate(part)) };
    }
  }

  #set(change: FlagChange): void {
    const now = this.#flags;
    this.#flags = {
      ignoresCase: change.get("i") ?? now.ignoresCase,
      isMultiline: change.get("m") ?? now.isMultiline,
      dotMatchesLineEnd: change.get("s") ?? now.dotMatchesLineEnd,
      swapsGreed: change.get("U") ?? now.swapsGreed,
      isUnicode: change.get("u") ?? now.isUnicode,
      isCrlf: change.get("R") ?? now.isCrlf,
    };
  }

  #literal(literal: LiteralSyntax): Ranges {
    const { ignoresCase, isUnicode } = this.#flags;
    const { code } = literal;
    if (!isUnicode && code > ASCII_LAST)
      throw new RegexSyntaxError(
        literal.isByte && code <= BYTE_LAST ? INVALID_UTF8 : UNICODE_NOT_ALLOWED,
        literal,
      );
    const ranges = [code, code];
    return ignoresCase ? this.#fold(ranges) : ranges;
  }

  #fold(ranges: Ranges): Ranges {
    return this.#flags.isUnicode ? foldCase(ranges) : foldAsciiCase(ranges);
  }

  #dot(place: Place): Ranges {
    const { dotMatchesLineEnd, isUnicode, isCrlf } = this.#flags;
    if (!isUnicode) throw new RegexSyntaxError(INVALID_UTF8, place);
    if (dotMatchesLineEnd) return all;
    return negate(isCrlf ? [0x0a, 0x0a, 0x0d, 0x0d] : [0x0a, 0x0a]);
  }

  #look({ name }: AssertionSyntax): Look {
    const { isMultiline, isCrlf, isUnicode } = this.#flags;
    switch (name) {
      case "text-start":
      case "text-end":
        return name;
      case "line-start":
        return isMultiline ? (isCrlf ? "crlf-line-start" : "line-start") : "text-start";
      case "line-end":
        return isMultiline ? (isCrlf ? "crlf-line-end" : "line-end") : "text-end";
      case "boundary":
      case "no-boundary":
      case "word-end":
      case "word-end-half":
      case "word-start":
      case "word-start-half":
        return isUnicode ? (name satisfies WordLook) : `${name satisfies WordLook}-ascii`;
    }
  }

  #class(syntax: PerlSyntax | PropertySyntax | BracketSyntax): Ranges {
    switch (syntax.kind) {
      case "perl":
        return this.#perl(syntax);
      case "property":
        return this.#property(syntax);
      case "bracket":
        return this.#foldAndNegate(this.#members(syntax.set), syntax.isNegated, syntax);
    }
  }

  #perl(perl: PerlSyntax): Ranges {
    const { isUnicode } = this.#flags;
    const ranges = isUnicode ? unicodePerl[perl.letter]() : asciiPerl[perl.letter];
    // These classes are the same with all cases.
    return perl.isNegated ? this.#negate(ranges, perl) : ranges;
  }

  #property(property: PropertySyntax): Ranges {
    if (!this.#flags.isUnicode) throw new RegexSyntaxError(UNICODE_NOT_ALLOWED, property);
    const ranges = propertyRanges(property.name, property.value);
    if (typeof ranges === "string")
      throw new RegexSyntaxError(
        ranges === "no-value" ? "Unicode property value not found" : "Unicode property not found",
        property,
      );
    return this.#foldAndNegate(ranges, property.isNegated, property);
  }

  /** Case first: `(?i)[^x]` is neither `x` nor `X`. */
  #foldAndNegate(ranges: Ranges, isNegated: boolean, place: Place): Ranges {
    const folded = this.#flags.ignoresCase ? this.#fold(ranges) : ranges;
    return isNegated ? this.#negate(folded, place) : folded;
  }

  /** Without Unicode the rest would hold bytes that are no characters. */
  #negate(ranges: Ranges, place: Place): Ranges {
    if (this.#flags.isUnicode) return negate(ranges);
    const rest = negate(ranges, BYTE_LAST);
    if ((rest.at(-1) ?? 0) > ASCII_LAST) throw new RegexSyntaxError(INVALID_UTF8, place);
    return rest;
  }

  /** Of what stands between brackets. */
  #members(set: SetSyntax): Ranges {
    switch (set.kind) {
      case "empty":
        return none;
      case "literal":
        return [this.#member(set), this.#member(set)];
      case "range":
        return [this.#member(set.first), this.#member(set.last)];
      case "ascii":
        return this.#foldAndNegate(asciiClasses.get(set.name)!, set.isNegated, set);
      case "union":
        return rangesOf(set.items.flatMap((item) => [...this.#members(item)]));
      case "operation": {
        const sides = [this.#members(set.left), this.#members(set.right)];
        const [left, right] = this.#flags.ignoresCase ? sides.map((side) => this.#fold(side)) : sides;
        return operations[set.operator](left!, right!);
      }
      case "bracket":
      case "perl":
      case "property":
        return this.#class(set);
    }
  }

  #member(literal: LiteralSyntax): number {
    const { code } = literal;
    if (!this.#flags.isUnicode && code > ASCII_LAST)
      throw new RegexSyntaxError(
        literal.isByte && code <= BYTE_LAST ? INVALID_UTF8 : UNICODE_NOT_ALLOWED,
        literal,
      );
    return code;
  }
}

const operations = { "&&": intersect, "--": subtract, "~~": differ };

const unicodePerl = { d: digitRanges, s: spaceRanges, w: wordRanges };

const DIGITS: Ranges = [0x30, 0x39];
const UPPER: Ranges = [0x41, 0x5a];
const LOWER: Ranges = [0x61, 0x7a];
const BLANKS: Ranges = [0x09, 0x0d, 0x20, 0x20];

/** Letters, digits and the underscore. */
export const asciiWord: Ranges = rangesOf([...DIGITS, ...UPPER, 0x5f, 0x5f, ...LOWER]);

const asciiPerl = { d: DIGITS, s: BLANKS, w: asciiWord };

const asciiClasses: ReadonlyMap<string, Ranges> = new Map([
  ["alnum", union(DIGITS, union(UPPER, LOWER))],
  ["alpha", union(UPPER, LOWER)],
  ["ascii", [0x00, ASCII_LAST]],
  ["blank", [0x09, 0x09, 0x20, 0x20]],
  ["cntrl", [0x00, 0x1f, 0x7f, 0x7f]],
  ["digit", DIGITS],
  ["graph", [0x21, 0x7e]],
  ["lower", LOWER],
  ["print", [0x20, 0x7e]],
  ["punct", [0x21, 0x2f, 0x3a, 0x40, 0x5b, 0x60, 0x7b, 0x7e]],
  ["space", BLANKS],
  ["upper", UPPER],
  ["word", asciiWord],
  ["xdigit", [0x30, 0x39, 0x41, 0x46, 0x61, 0x66]],
]);
