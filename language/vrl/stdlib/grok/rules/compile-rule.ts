/**
 * Makes of a rule of `parse_groks` a pattern and what becomes of its fields. In a rule, `%{matcher:path:filter}` stands
 * for a definition of the library, an alias of the program's own or a matcher with arguments; the rule has to match all
 * of the text, and the dot matches newlines.
 */
import { Failure } from "../../../runtime/failure.ts";
import { ruleLibrary } from "../library.ts";
import { compilePattern, type Pattern } from "../pattern.ts";
import { dateMatcher } from "./date-matcher.ts";
import {
  type Filter,
  filterOf,
  integerExtFilter,
  integerFilter,
  invalidArguments,
  numberFilter,
  RuleProblem,
} from "./filter.ts";
import { type Call, parseReference, textOfArgument } from "./parse-reference.ts";
import { referencesIn } from "./references.ts";
import type { Host } from "../../host.ts";

export interface Rule {
  readonly pattern: Pattern;
  /** By the names of the pattern's fields. */
  readonly fields: ReadonlyMap<string, Field>;
}

export interface Field {
  /** Empty: the result itself. */
  readonly path: readonly string[];
  /** One after the other. */
  readonly filters: readonly Filter[];
}

export type Aliases = ReadonlyMap<string, string>;

/** References in a rule whose aliases are replaced: a few that double each other would never end. */
const REFERENCES_MAX = 10_000;
/** Units of such a rule, which one alias may make as long. */
const REPLACED_MAX = 250_000;

export function compileRule(source: string, aliases: Aliases, host: Host): Rule | Failure {
  const compiler = new RuleCompiler(aliases, host);
  try {
    compiler.rule(source);
  } catch (error) {
    if (error instanceof RuleProblem) return new Failure(error.message);
    throw error;
  }
  const body = compiler.expression.replaceAll("(?s)", "(?m)").replaceAll("(?-s)", "(?-m)");
  const expression = String.raw`(?m)\A${body}\z`;
  const pattern = compilePattern(expression, ruleLibrary);
  if (typeof pattern === "string")
    return new Failure(`failed to parse grok expression '${expression}': ${pattern}`);
  return { pattern, fields: compiler.fields };
}

/** Matchers that convert what they match, as definitions and filters. */
const converting: ReadonlyMap<string, readonly [definition: string, filter: Filter]> = new Map([
  ["integer", ["integerStr", integerFilter]],
  ["integerExt", ["integerExtStr", integerExtFilter]],
  ["number", ["numberStr", numberFilter]],
  ["numberExt", ["numberExtStr", numberFilter]],
]);

interface OpenField {
  readonly path: readonly string[];
  readonly filters: Filter[];
}

class RuleCompiler {
  expression: string = "";
  readonly fields: Map<string, OpenField> = new Map();
  readonly #aliases: Aliases;
  readonly #host: Host;
  readonly #open: string[] = [];
  #references: number = 0;

  constructor(aliases: Aliases, host: Host) {
    this.#aliases = aliases;
    this.#host = host;
  }

  rule(source: string): void {
    let from = 0;
    for (const [start, end] of referencesIn(source)) {
      this.#append(source.slice(from, start));
      this.#reference(source.slice(start, end));
      from = end;
    }
    this.#append(source.slice(from));
  }

  #append(text: string): void {
    this.expression += text;
    if (this.expression.length > REPLACED_MAX) throw tooLong();
  }

  #reference(text: string): void {
    if (++this.#references > REFERENCES_MAX) throw tooLong();
    const reference = parseReference(text);
    if (typeof reference === "string")
      throw new RuleProblem(`failed to parse grok expression '${text}': ${reference}`);
    const { matcher, destination } = reference;
    let field: OpenField | undefined;
    let name = "";
    if (destination !== undefined) {
      name = `grok${this.fields.size}`;
      const { path, filter } = destination;
      field = { path, filters: filter === undefined ? [] : [filterOf(filter)] };
      this.fields.set(name, field);
    }
    const group = field === undefined ? "(?:" : `(?<${name}>`;
    const alias = this.#aliases.get(matcher.name);
    if (alias !== undefined) {
      if (field !== undefined) this.#append(group);
      this.#alias(matcher.name, alias);
      if (field !== undefined) this.#append(")");
    } else if (matcher.name === "regex" || matcher.name === "date" || matcher.name === "boolean")
      this.#append(`${group}${this.#expressionOf(matcher, field)})`);
    else {
      const [definition, filter] = converting.get(matcher.name) ?? [matcher.name, undefined];
      if (filter !== undefined) field?.filters.unshift(filter);
      this.#append(`%{${definition}${field === undefined ? "" : `:${name}`}}`);
    }
  }

  #alias(name: string, definition: string): void {
    if (this.#open.includes(name))
      throw new RuleProblem(`Circular dependency found in the alias '${this.#open[0]}'`);
    this.#open.push(name);
    this.rule(definition);
    this.#open.pop();
  }

  /** Of a matcher that is told by its arguments. */
  #expressionOf(matcher: Call, field: OpenField | undefined): string {
    // Nothing but the word itself is such a boolean.
    if (matcher.name === "boolean") return "boolean";
    const [first, second] = matcher.arguments ?? [];
    const text = textOfArgument(first);
    if (text === undefined) throw invalidArguments(matcher.name);
    if (matcher.name === "regex") return text;
    if (matcher.arguments!.length > 2) throw invalidArguments(matcher.name);
    const date = dateMatcher(text, textOfArgument(second), this.#host);
    if (date === undefined) throw invalidArguments(matcher.name);
    field?.filters.unshift(date.filter);
    return date.expression;
  }
}

function tooLong(): RuleProblem {
  return new RuleProblem("the aliases of a rule are too long");
}
