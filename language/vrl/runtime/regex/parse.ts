/**
 * Reads the syntax of Rust's `regex` crate 1.12. Groups may nest as deep as they like while it is read: a stack of its
 * own holds those that are open, and what is nested too deep is refused afterwards.
 */
import { parseBracket } from "./parse-class.ts";
import { parseEscape } from "./parse-escape.ts";
import type { Place } from "./problem.ts";
import { Reader } from "./reader.ts";
import type { FlagChange, GroupSyntax, SetSyntax, Syntax } from "./syntax.ts";

/** How deep groups, repetitions, sequences and classes nest, all counted; the crate's own limit. */
const NESTING_MAX = 250;

/** Greatest count of a repetition: 32 bits. */
const COUNT_MAX = 0xff_ff_ff_ff;

const MISSING = "repetition operator missing expression";
const COUNT_UNCLOSED = "unclosed counted repetition";

/** A group that is open, or the whole; with the branch that is being read. */
interface Open {
  /** Undefined: the whole. */
  readonly group: { readonly place: Place; readonly head: GroupHead } | undefined;
  readonly ignoredBlanks: boolean;
  branches: Syntax[];
  branchesStart: number;
  parts: Syntax[];
  partsStart: number;
}

type GroupHead = Pick<GroupSyntax, "index" | "name" | "flags">;

interface ParsedRegex {
  readonly syntax: Syntax;
  /** By index; the first is the whole and has none. */
  readonly groupNames: readonly (string | undefined)[];
}

/** Throws `RegexSyntaxError`. */
export function parseSyntax(characters: readonly string[]): ParsedRegex {
  const parser = new Parser(characters);
  const syntax = parser.parse();
  checkNesting(parser.reader, syntax);
  return { syntax, groupNames: parser.groupNames };
}

class Parser {
  readonly reader: Reader;
  readonly groupNames: (string | undefined)[] = [undefined];
  readonly #namePlaces = new Map<string, Place>();
  #open: Open[] = [];
  #now: Open;

  constructor(characters: readonly string[]) {
    this.reader = new Reader(characters);
    this.#now = this.#opened(undefined);
  }

  #opened(group: Open["group"]): Open {
    const { at, ignoresBlanks } = this.reader;
    return {
      group,
      ignoredBlanks: ignoresBlanks,
      branches: [],
      branchesStart: at,
      parts: [],
      partsStart: at,
    };
  }

  parse(): Syntax {
    const { reader } = this;
    while (true) {
      reader.skipBlanks();
      if (reader.isAtEnd) break;
      this.#parsePart(reader.now());
    }
    if (this.#now.group !== undefined) reader.fail("unclosed group", this.#now.group.place);
    return this.#closed();
  }

  #parsePart(character: string): void {
    const { parts } = this.#now;
    switch (character) {
      case "(":
        return this.#parseOpening();
      case ")":
        return this.#parseClosing();
      case "|":
        return this.#parseBar();
      case "[":
        parts.push(parseBracket(this.reader));
        return;
      case "?":
        return this.#parseRepetition(0, 1);
      case "*":
        return this.#parseRepetition(0, Infinity);
      case "+":
        return this.#parseRepetition(1, Infinity);
      case "{":
        return this.#parseCounted();
      default:
        parts.push(this.#parsePrimitive(character));
    }
  }

  #parsePrimitive(character: string): Syntax {
    const { reader } = this;
    if (character === "\\") return parseEscape(reader);
    const place = reader.here;
    reader.next();
    if (character === ".") return { kind: "dot", ...place };
    if (character === "^") return { kind: "assertion", name: "line-start", ...place };
    if (character === "$") return { kind: "assertion", name: "line-end", ...place };
    return { kind: "literal", code: character.codePointAt(0)!, isByte: false, ...place };
  }

  #parseBar(): void {
    const now = this.#now;
    if (now.branches.length === 0) now.branchesStart = now.partsStart;
    now.branches.push(this.#branch());
    this.reader.next();
    now.parts = [];
    now.partsStart = this.reader.at;
  }

  /** The parts so far as one. */
  #branch(): Syntax {
    const { parts, partsStart } = this.#now;
    const place = this.reader.from(partsStart);
    if (parts.length === 0) return { kind: "empty", ...place };
    return parts.length === 1 ? parts[0]! : { kind: "concat", parts, ...place };
  }

  /** The branches so far as one. */
  #closed(): Syntax {
    const { branches, branchesStart } = this.#now;
    const branch = this.#branch();
    if (branches.length === 0) return branch;
    return { kind: "alternation", parts: [...branches, branch], ...this.reader.from(branchesStart) };
  }

  #parseClosing(): void {
    const { reader } = this;
    const { group, ignoredBlanks } = this.#now;
    if (group === undefined) return reader.fail("unopened group", reader.here);
    reader.ignoresBlanks = ignoredBlanks;
    const sub = this.#closed();
    reader.next();
    this.#now = this.#open.pop()!;
    this.#now.parts.push({ kind: "group", sub, ...group.head, ...reader.from(group.place.start) });
  }

  #parseOpening(): void {
    const { reader } = this;
    const start = reader.at;
    const place = reader.here;
    reader.next();
    reader.skipBlanks();
    if (["?=", "?!", "?<=", "?<!"].some((prefix) => reader.nextIf(prefix)))
      reader.fail("look-around, including look-ahead and look-behind, is not supported", reader.from(start));
    const inner = reader.point;
    if (reader.nextIf("?P<") || reader.nextIf("?<")) {
      this.groupNames.push(undefined);
      const name = this.#parseName();
      const index = this.groupNames.length - 1;
      this.groupNames[index] = name;
      return this.#enter({ place, head: { index, name, flags: undefined } });
    }
    if (!reader.nextIf("?")) {
      const index = this.groupNames.push(undefined) - 1;
      return this.#enter({ place, head: { index, name: undefined, flags: undefined } });
    }
    if (reader.isAtEnd) reader.fail("unclosed group", place);
    const flags = this.#parseFlags();
    const isGroup = reader.now() === ":";
    reader.next();
    if (isGroup) return this.#enter({ place, head: { index: undefined, name: undefined, flags } });
    if (flags.size === 0) reader.fail(MISSING, inner);
    reader.ignoresBlanks = flags.get("x") ?? reader.ignoresBlanks;
    this.#now.parts.push({ kind: "flags", flags, ...reader.from(start) });
  }

  #enter(group: NonNullable<Open["group"]>): void {
    const inner = this.#opened(group);
    this.#open.push(this.#now);
    this.#now = inner;
    this.reader.ignoresBlanks = group.head.flags?.get("x") ?? this.reader.ignoresBlanks;
  }

  #parseName(): string {
    const { reader } = this;
    const start = reader.at;
    if (reader.isAtEnd) reader.fail("unclosed capture group name", reader.point);
    while (!reader.isAtEnd && reader.now() !== ">") {
      const pattern = reader.at === start ? /^[_\p{Alphabetic}]$/u : /^[_.[\]\p{Alphabetic}\p{N}]$/u;
      if (!pattern.test(reader.now())) reader.fail("invalid capture group character", reader.here);
      reader.next();
    }
    if (reader.isAtEnd) reader.fail("unclosed capture group name", reader.point);
    const place = reader.from(start);
    reader.next();
    const name = reader.characters.slice(place.start, place.end).join("");
    if (name === "") reader.fail("empty capture group name", place);
    const original = this.#namePlaces.get(name);
    if (original !== undefined) reader.fail("duplicate capture group name", place, original);
    this.#namePlaces.set(name, place);
    return name;
  }

  #parseFlags(): FlagChange {
    const { reader } = this;
    const flags = new Map<string, boolean>();
    const places = new Map<string, Place>();
    let minus: Place | undefined;
    while (reader.now() !== ":" && reader.now() !== ")") {
      const { here } = reader;
      const character = reader.now();
      const original = places.get(character);
      if (character === "-") {
        if (original !== undefined) reader.fail("flag negation operator repeated", here, original);
        minus = here;
      } else {
        if (!/^[imsUuRx]$/.test(character)) reader.fail("unrecognized flag", here);
        if (original !== undefined) reader.fail("duplicate flag", here, original);
        minus = undefined;
        flags.set(character, !places.has("-"));
      }
      places.set(character, here);
      if (!reader.next()) reader.fail("expected flag but got end of regex", reader.point);
    }
    if (minus !== undefined) reader.fail("dangling flag negation operator", minus);
    return flags;
  }

  /** What the operator at which the reader is stands behind. */
  #takeLast(): Syntax {
    const last = this.#now.parts.pop();
    return last === undefined || last.kind === "flags" ? this.reader.fail(MISSING, this.reader.point) : last;
  }

  #parseRepetition(min: number, max: number): void {
    const { reader } = this;
    const sub = this.#takeLast();
    const isGreedy = !(reader.next() && reader.now() === "?");
    if (!isGreedy) reader.next();
    this.#now.parts.push({ kind: "repetition", sub, min, max, isGreedy, ...reader.from(sub.start) });
  }

  #parseCounted(): void {
    const { reader } = this;
    const start = reader.at;
    const sub = this.#takeLast();
    if (!reader.nextAndBlanks()) reader.fail(COUNT_UNCLOSED, reader.from(start));
    const min = this.#parseCount();
    if (reader.isAtEnd) reader.fail(COUNT_UNCLOSED, reader.from(start));
    let max = min;
    if (reader.now() === ",") {
      if (!reader.nextAndBlanks()) reader.fail(COUNT_UNCLOSED, reader.from(start));
      max = reader.now() === "}" ? Infinity : this.#parseCount();
    }
    if (reader.now() !== "}") reader.fail(COUNT_UNCLOSED, reader.from(start));
    const isGreedy = !(reader.nextAndBlanks() && reader.now() === "?");
    if (!isGreedy) reader.next();
    if (min > max)
      reader.fail("invalid repetition count range, the start must be <= the end", reader.from(start));
    this.#now.parts.push({ kind: "repetition", sub, min, max, isGreedy, ...reader.from(sub.start) });
  }

  #parseCount(): number {
    const { reader } = this;
    while (reader.isAtBlank) reader.next();
    const start = reader.at;
    let digits = "";
    while (/^[0-9]$/.test(reader.now())) {
      digits += reader.now();
      reader.nextAndBlanks();
    }
    const place = reader.from(start);
    while (reader.isAtBlank) reader.nextAndBlanks();
    if (digits === "") reader.fail("repetition quantifier expects a valid decimal", place);
    const count = Number(digits);
    return count > COUNT_MAX ? reader.fail("decimal literal invalid", place) : count;
  }
}

/** Refuses what nests too deep; goes no deeper itself. */
function checkNesting(reader: Reader, syntax: Syntax): void {
  const enter = (node: Syntax | SetSyntax, depth: number): void => {
    switch (node.kind) {
      case "concat":
      case "alternation":
        return within(node, depth, node.parts);
      case "group":
      case "repetition":
        return within(node, depth, [node.sub]);
      case "bracket":
        return within(node, depth, [node.set]);
      case "union":
        return within(node, depth, node.items);
      case "operation":
        return within(node, depth, [node.left, node.right]);
      case "ascii":
      case "assertion":
      case "dot":
      case "empty":
      case "flags":
      case "literal":
      case "perl":
      case "property":
      case "range":
    }
  };
  const within = (place: Place, depth: number, parts: readonly (Syntax | SetSyntax)[]): void => {
    if (depth > NESTING_MAX)
      reader.fail(`exceed the maximum number of nested parentheses/brackets (${NESTING_MAX})`, place);
    for (const part of parts) enter(part, depth + 1);
  };
  enter(syntax, 1);
}
