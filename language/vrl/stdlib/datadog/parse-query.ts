/** Reads a search in the syntax of Datadog's log search. `and` binds more than `or`, and is what stands between clauses. */
import { parseInteger } from "../../runtime/integer.ts";
import { numberOfText } from "../number/float-text.ts";
import { type Bound, type Comparison, DEFAULT_ATTRIBUTE, type Query } from "./query.ts";
import {
  GLOB,
  LAST_TERM,
  MATCH_ALL,
  NUMERIC_TERM,
  PHRASE_TERM,
  PREFIX,
  QUOTED,
  RANGE_VALUE,
  SPACE,
  STAR,
  TERM,
  unescaped,
} from "./terms.ts";

/** Parentheses within each other; keeps the parser's recursion off the stack's end. */
const DEPTH_MAX = 250;

/** Undefined: it is none. */
export function parseQuery(source: string): Query | undefined {
  if (source.trim() === "") return { is: "all" };
  const parser = new Parser(source);
  const query = parser.query(DEFAULT_ATTRIBUTE, 0);
  return query !== undefined && parser.isAtEnd() ? query : undefined;
}

class Parser {
  readonly #source: string;
  #at: number = 0;

  constructor(source: string) {
    this.#source = source;
  }

  isAtEnd(): boolean {
    this.#take(SPACE);
    return this.#at === this.#source.length;
  }

  query(attribute: string, depth: number): Query | undefined {
    if (depth > DEPTH_MAX) return undefined;
    const groups: Query[] = [];
    let group: Query[] = [];
    for (let isFirst = true; ; isFirst = false) {
      const start = this.#at;
      if (!isFirst) this.#take(SPACE);
      let clause = this.#phrase(attribute);
      if (clause === undefined) {
        const conjunction = isFirst ? undefined : this.#take(/AND|&&|OR|\|\|/uy);
        if (!isFirst) this.#take(SPACE);
        const modifier = this.#take(/\+|NOT|-/uy);
        this.#take(SPACE);
        clause = this.#clause(attribute, depth);
        if (clause === undefined) {
          this.#at = start;
          break;
        }
        if (modifier !== undefined && modifier !== "+") clause = { is: "not", query: clause };
        if (conjunction === "OR" || conjunction === "||") {
          groups.push(combined("and", group));
          group = [];
        }
      }
      group.push(clause);
    }
    if (group.length === 0) return undefined;
    const query = combined("or", [...groups, combined("and", group)]);
    return query.is === "not" && query.query.is === "all" ? { is: "none" } : query;
  }

  /** Words one after the other are one text. */
  #phrase(attribute: string): Query | undefined {
    const words: string[] = [];
    for (;;) {
      const start = this.#at;
      if (words.length > 0) this.#take(SPACE);
      const word = this.#take(PHRASE_TERM);
      if (word === undefined) {
        this.#at = start;
        break;
      }
      words.push(unescaped(word));
    }
    return words.length === 0 ? undefined : { is: "term", attribute, text: words.join(" ") };
  }

  #clause(attribute: string, depth: number): Query | undefined {
    if (this.#take(MATCH_ALL) !== undefined) return { is: "all" };
    const start = this.#at;
    let field = this.#take(TERM);
    if (field !== undefined && this.#take(/:/uy) === undefined) {
      this.#at = start;
      field = undefined;
    }
    this.#take(SPACE);
    const valueStart = this.#at;
    const value = this.#value(field ?? attribute);
    if (value !== undefined) return value;
    this.#at = valueStart;
    if (this.#take(/\(/uy) === undefined) return undefined;
    this.#take(SPACE);
    const query = this.query(field ?? attribute, depth + 1);
    this.#take(SPACE);
    return query !== undefined && this.#take(/\)/uy) !== undefined ? query : undefined;
  }

  /** `field` is as it is written. */
  #value(field: string): Query | undefined {
    const attribute = unescaped(field);
    if (this.#take(STAR) !== undefined)
      return field === DEFAULT_ATTRIBUTE ? { is: "all" } : { is: "wildcard", attribute, text: "*" };
    const quoted = this.#take(QUOTED);
    if (quoted !== undefined) return termOf(field, unescaped(quoted.slice(1, -1)));
    const prefix = this.#take(PREFIX);
    if (prefix !== undefined) return { is: "prefix", attribute, text: unescaped(prefix.slice(0, -1)) };
    const comparison = this.#take(/[<>]=?/uy);
    if (comparison !== undefined) return this.#bounded(attribute, comparison as Comparison);
    if (this.#source[this.#at] === "[" || this.#source[this.#at] === "{") return this.#range(attribute);
    const term = this.#take(LAST_TERM);
    if (term !== undefined) return termOf(field, unescaped(term));
    const glob = this.#take(GLOB);
    return glob === undefined ? undefined : { is: "wildcard", attribute, text: unescaped(glob) };
  }

  #bounded(attribute: string, comparison: Comparison): Query | undefined {
    const number = this.#take(NUMERIC_TERM);
    if (number !== undefined) return { is: "comparison", attribute, comparison, bound: boundOf(number) };
    const term = this.#take(TERM);
    return term === undefined
      ? undefined
      : { is: "comparison", attribute, comparison, bound: { text: unescaped(term) } };
  }

  #range(attribute: string): Query | undefined {
    const open = this.#source[this.#at++];
    this.#take(SPACE);
    const lower = this.#take(RANGE_VALUE);
    this.#take(SPACE);
    const to = this.#take(/TO/uy);
    this.#take(SPACE);
    const upper = this.#take(RANGE_VALUE);
    this.#take(SPACE);
    const isInclusive = open === "[";
    const close = this.#take(isInclusive ? /\]/uy : /\}/uy);
    if (lower === undefined || to === undefined || upper === undefined || close === undefined)
      return undefined;
    return { is: "range", attribute, lower: boundOf(lower), upper: boundOf(upper), isInclusive };
  }

  /** What the sticky form matches here. */
  #take(form: RegExp): string | undefined {
    form.lastIndex = this.#at;
    const found = form.exec(this.#source)?.[0];
    if (found !== undefined) this.#at += found.length;
    return found;
  }
}

function termOf(field: string, text: string): Query {
  if (field === "_exists_") return { is: "exists", attribute: text };
  if (field === "_missing_") return { is: "missing", attribute: text };
  return { is: "term", attribute: unescaped(field), text };
}

function combined(is: "and" | "or", queries: readonly Query[]): Query {
  return queries.length === 1 ? queries[0]! : { is, queries };
}

function boundOf(written: string): Bound {
  const text = unescaped(written).replace(/^"(.+)"$/, "$1");
  if (text === "*") return undefined;
  const integer = parseInteger(text);
  if (integer !== undefined) return { integer };
  const float = numberOfText(text);
  return float === undefined ? { text } : { float };
}
