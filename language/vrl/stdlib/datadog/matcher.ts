/** Makes of a search a function that tells whether an object is found by it. */
import { display } from "../../runtime/display.ts";
import { numberOfFloat, plainText } from "../../runtime/float.ts";
import { compareIntegers, integerToNumber } from "../../runtime/integer.ts";
import { isFloat, isInteger, isText } from "../../runtime/kind-of.ts";
import { getAt, type Path } from "../../runtime/path.ts";
import { Regex } from "../../runtime/regex.ts";
import { compareStrings, lossyText } from "../../runtime/text.ts";
import type { Value } from "../../runtime/value.ts";
import { type Field, fieldsOf } from "./field.ts";
import type { Bound, Comparison, Query } from "./query.ts";

export type Matches = (value: Value) => boolean;

/** Undefined: an attribute is no path, or a wildcard is too long. */
export function matcherOf(query: Query): Matches | undefined {
  switch (query.is) {
    case "all":
      return () => true;
    case "none":
      return () => false;
    case "not": {
      const inner = matcherOf(query.query);
      return inner && ((value) => !inner(value));
    }
    case "and":
      return joined(query.queries.map(matcherOf), true);
    case "or":
      return joined(query.queries.map(matcherOf), false);
    case "missing": {
      const exists = fieldsMatcher({ is: "exists", attribute: query.attribute });
      return exists && ((value) => !exists(value));
    }
    case "exists":
    case "term":
    case "prefix":
    case "wildcard":
    case "comparison":
    case "range":
      return fieldsMatcher(query);
  }
}

type FieldQuery = Exclude<Query, { is: "all" | "none" | "not" | "and" | "or" | "missing" }>;

function joined(matchers: readonly (Matches | undefined)[], isAnd: boolean): Matches | undefined {
  const known = matchers.filter((matcher) => matcher !== undefined);
  if (known.length < matchers.length) return undefined;
  return isAnd
    ? (value) => known.every((matcher) => matcher(value))
    : (value) => known.some((matcher) => matcher(value));
}

/** Any of the fields that the attribute stands for. */
function fieldsMatcher(query: FieldQuery): Matches | undefined {
  return joined(
    fieldsOf(query.attribute).map((field) => fieldMatcher(query, field)),
    false,
  );
}

function fieldMatcher(query: FieldQuery, field: Field): Matches | undefined {
  const { path } = field;
  if (path === undefined) return undefined;
  if (query.is !== "range") return at(path, testOf(query, field));
  const { attribute, lower, upper, isInclusive } = query;
  if (lower === undefined && upper === undefined) return at(path, testOf({ is: "exists", attribute }, field));
  const tests: (Matches | undefined)[] = [];
  if (lower !== undefined) {
    const comparison = isInclusive ? ">=" : ">";
    tests.push(at(path, testOf({ is: "comparison", attribute, comparison, bound: lower }, field)));
  }
  if (upper !== undefined) {
    const comparison = isInclusive ? "<=" : "<";
    tests.push(at(path, testOf({ is: "comparison", attribute, comparison, bound: upper }, field)));
  }
  return joined(tests, true);
}

/** What is not there is not found. */
function at(path: Path, test: Matches | undefined): Matches | undefined {
  return (
    test &&
    ((value) => {
      const part = getAt(value, path);
      return part !== undefined && test(part);
    })
  );
}

function testOf(query: Exclude<FieldQuery, { is: "range" }>, field: Field): Matches | undefined {
  switch (query.is) {
    case "exists":
      return existsTest(field);
    case "term":
      return termTest(field, query.text);
    case "prefix":
      return prefixTest(field, query.text);
    case "wildcard":
      return wildcardTest(field, query.text);
    case "comparison":
      return comparisonTest(field, query.comparison, query.bound);
  }
}

function existsTest({ kind, name }: Field): Matches {
  if (kind === "tag") return anyElement((element) => element === name || element.startsWith(`${name}:`));
  // The list of tags is not among its own elements.
  if (kind === "tags") return () => false;
  return () => true;
}

function termTest({ kind, name }: Field, text: string): Matches | undefined {
  if (kind === "default") {
    const regex = wordRegex(text);
    return regex && ((value) => isText(value) && regex.test(lossyText(value)));
  }
  if (kind === "tags") return (value) => Array.isArray(value) && value.includes(text);
  if (kind === "tag") {
    const tag = `${name}:${text}`;
    return (value) => Array.isArray(value) && value.includes(tag);
  }
  return (value) => textOf(value) === text;
}

function prefixTest({ kind, name }: Field, prefix: string): Matches | undefined {
  if (kind === "default") return regexTest(wordRegex(`${prefix}*`));
  if (kind === "tag") {
    const start = `${name}:${prefix}`;
    return anyElement((element) => element.startsWith(start));
  }
  return (value) => textOf(value).startsWith(prefix);
}

function wildcardTest({ kind, name }: Field, wildcard: string): Matches | undefined {
  if (kind === "default") return regexTest(wordRegex(wildcard));
  if (kind !== "tag") return regexTest(wholeRegex(wildcard));
  const regex = wholeRegex(`${name}:${wildcard}`);
  return regex && anyElement((element) => regex.test(element));
}

function comparisonTest({ kind }: Field, comparison: Comparison, bound: Bound): Matches {
  const told = boundText(bound);
  if (kind === "tag")
    return anyElement((element) => {
      const colon = element.indexOf(":");
      return colon !== -1 && holds(comparison, compareStrings(element.slice(colon + 1), told));
    });
  if (kind !== "attribute") return (value) => holds(comparison, compareStrings(textOf(value), told));
  // Numbers compare as numbers, all else as text.
  return (value) => holds(comparison, compareNumbers(value, bound) ?? compareStrings(textOf(value), told));
}

/** Undefined: they are not both numbers. */
function compareNumbers(value: Value, bound: Bound): number | undefined {
  if (bound === undefined || "text" in bound) return undefined;
  if (isInteger(value))
    return "integer" in bound
      ? compareIntegers(value, bound.integer)
      : compareFloats(integerToNumber(value), bound.float);
  if (!isFloat(value)) return undefined;
  return compareFloats(
    numberOfFloat(value),
    "integer" in bound ? integerToNumber(bound.integer) : bound.float,
  );
}

function compareFloats(left: number, right: number): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

function holds(comparison: Comparison, order: number): boolean {
  switch (comparison) {
    case "<":
      return order < 0;
    case "<=":
      return order <= 0;
    case ">":
      return order > 0;
    case ">=":
      return order >= 0;
  }
}

function boundText(bound: Bound): string {
  if (bound === undefined) return "*";
  if ("text" in bound) return bound.text;
  return "integer" in bound ? String(bound.integer) : plainText(bound.float);
}

function anyElement(test: (element: string) => boolean): Matches {
  return (value) => Array.isArray(value) && value.some((element) => test(textOf(element)));
}

function textOf(value: Value): string {
  return isText(value) ? lossyText(value) : display(value);
}

function regexTest(regex: Regex | undefined): Matches | undefined {
  return regex && ((value) => regex.test(textOf(value)));
}

/** Between the ends of words; a star is any text within a line. */
function wordRegex(wildcard: string): Regex | undefined {
  return compiled(String.raw`\b${expressionOf(wildcard)}\b`);
}

function wholeRegex(wildcard: string): Regex | undefined {
  return compiled(`^${expressionOf(wildcard)}$`);
}

function expressionOf(wildcard: string): string {
  return wildcard.replace(/[\\.+*?()|[\]{}^$#&\-~]/g, (sign) => (sign === "*" ? ".*" : `\\${sign}`));
}

function compiled(source: string): Regex | undefined {
  const regex = Regex.compile(source);
  return regex instanceof Regex ? regex : undefined;
}
