/**
 * Makes of a rule's expression one that is quick to try: its classes are ASCII's, as they are meant, large bounds of
 * repeats, which only cost time, are none, and a text without what the expression cannot do without is not searched.
 */
import { parseExpression } from "../../grok/oniguruma/parse.ts";
import { type Node, Refusal } from "../../grok/oniguruma/syntax.ts";
import { LinearRegex } from "../../log/regex.ts";

/** Bounds of this many digits are left away. */
const LARGE_BOUND = /\{([01]),[0-9]{3,}\}/y;

const classes: Readonly<Record<string, string>> = {
  d: "[0-9]",
  D: "[^0-9]",
  w: "[A-Za-z0-9_]",
  W: "[^A-Za-z0-9_]",
};

export function rewritten(source: string): string {
  let result = "";
  let depth = 0;
  for (let at = 0; at < source.length; at++) {
    const character = source[at]!;
    if (character === "\\") {
      const escaped = source.charAt(++at);
      result += classes[escaped] ?? `\\${escaped}`;
      continue;
    }
    if (character === "[") depth++;
    else if (character === "]") depth--;
    LARGE_BOUND.lastIndex = at;
    const bound = character === "{" && depth === 0 ? LARGE_BOUND.exec(source) : null;
    if (bound === null) result += character;
    else {
      result += bound[1] === "0" ? "*" : "+";
      at = LARGE_BOUND.lastIndex - 1;
    }
  }
  return result;
}

export class RuleExpression {
  readonly #regex: LinearRegex;
  readonly #ignoresCase: boolean;
  readonly #needed: Needed;

  constructor(source: string, ignoresCase: boolean) {
    const expression = rewritten(source);
    this.#regex = new LinearRegex(ignoresCase ? `(?i)${expression}` : expression);
    this.#ignoresCase = ignoresCase;
    const all = neededTexts(expression);
    this.#needed = ignoresCase ? all.map((texts) => texts.map((text) => text.toLowerCase())) : all;
  }

  /** The texts of its groups; `lower`: the text in small letters. */
  groups(text: string, lower: string): readonly (string | undefined)[] | undefined {
    const searched = this.#ignoresCase ? lower : text;
    for (const texts of this.#needed) if (!texts.some((each) => searched.includes(each))) return undefined;
    return this.#regex.groups(text);
  }
}

/** Each text that matches has one of each of these. */
type Needed = readonly (readonly string[])[];

function neededTexts(expression: string): Needed {
  try {
    return needed(parseExpression(expression).root);
  } catch (error) {
    if (error instanceof Refusal) return [];
    throw error;
  }
}

/** More choices than these cost more than they save. */
const CHOICES_MAX = 512;

function needed(node: Node): Needed {
  switch (node.is) {
    case "character":
      return [[String.fromCodePoint(node.code)]];
    case "sequence":
      return neededOfSequence(node.parts);
    case "choice": {
      const texts: string[] = [];
      for (const option of node.options) {
        const best = rarest(needed(option));
        if (best === undefined) return [];
        texts.push(...best);
      }
      return texts.length > CHOICES_MAX ? [] : [texts];
    }
    case "repeat":
      return node.min > 0 ? needed(node.part) : [];
    case "group":
    case "atomic":
      return needed(node.part);
    case "anchor":
    case "keep":
    case "look":
    case "reference":
    case "set":
      return [];
  }
}

/** Characters one after the other are one text. */
function neededOfSequence(parts: readonly Node[]): Needed {
  const all: (readonly string[])[] = [];
  let literal = "";
  for (const part of parts) {
    if (part.is === "character") {
      literal += String.fromCodePoint(part.code);
      continue;
    }
    if (literal !== "") all.push([literal]);
    literal = "";
    all.push(...needed(part));
  }
  if (literal !== "") all.push([literal]);
  return all;
}

/** Those whose shortest is the longest. */
function rarest(all: Needed): readonly string[] | undefined {
  let best: readonly string[] | undefined;
  for (const texts of all) if (best === undefined || shortest(texts) > shortest(best)) best = texts;
  return best;
}

function shortest(texts: readonly string[]): number {
  return Math.min(...texts.map((text) => text.length));
}
