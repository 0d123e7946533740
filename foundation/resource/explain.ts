import { isDeepStrictEqual } from "node:util";
import { type Problem, quoted } from "./problem.ts";
import { resolved, type Schema } from "./schema.ts";
import { nearestName } from "./suggest.ts";

type Path = readonly (string | number)[];

/** Told at once; whoever has more wrong than this has a wrong file. */
export const PROBLEMS_MAX: number = 100;
/** Names listed in "expected one of". */
const NAMES_SHOWN = 30;

const patterns: Map<string, RegExp> = new Map();

function matches(pattern: string, text: string): boolean {
  let compiled = patterns.get(pattern);
  if (compiled === undefined) {
    compiled = new RegExp(pattern, "u");
    patterns.set(pattern, compiled);
  }
  return compiled.test(text);
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Says everything that is wrong with a value the compiled check refused. Goes only as deep as the schema does, so
 * nesting in the value costs nothing.
 */
export function explain(schema: Schema, value: unknown): Problem[] {
  const problems: Problem[] = [];
  visit(schema, value, [], problems);
  return problems.slice(0, PROBLEMS_MAX);
}

const article: Readonly<Record<string, string>> = {
  object: "an object",
  array: "a list",
  string: "text",
  integer: "a whole number",
  number: "a number",
  boolean: "true or false",
};

function hasType(type: NonNullable<Schema["type"]>, value: unknown): boolean {
  if (type === "object") return isRecord(value);
  if (type === "array") return Array.isArray(value);
  if (type === "integer") return Number.isInteger(value);
  if (type === "number") return typeof value === "number" && Number.isFinite(value);
  return typeof value === type;
}

/** A sentence for what would have been right. */
function expectation(schema: Schema): string {
  if (schema.enum !== undefined) return `one of ${schema.enum.map(quoted).join(", ")}`;
  if (schema.const !== undefined) return quoted(schema.const);
  if (schema.anyOf !== undefined)
    return schema.anyOf.map((option) => expectation(resolved(option))).join(" or ");
  if (schema.type === "object" && schema.required !== undefined && schema.properties !== undefined) {
    return `an object with ${schema.required.map(quoted).join(", ")}`;
  }
  return article[schema.type ?? ""] ?? "something else";
}

function visit(reference: Schema, value: unknown, path: Path, problems: Problem[]): void {
  if (problems.length >= PROBLEMS_MAX) return;
  const schema = resolved(reference);
  const report = (message: string, expected: string, suggestion?: string): void => {
    problems.push({ path, message, expected, received: quoted(value), ...(suggestion && { suggestion }) });
  };
  if (schema.anyOf !== undefined) {
    const options = schema.anyOf.map(resolved);
    if (options.some((option) => option.const !== undefined && option.const === value)) return;
    // The option of the value's own type says more than "none of these".
    const fitting = options.find((option) => option.type && hasType(option.type, value));
    if (fitting === undefined) report(`${quoted(value)} does not fit here`, expectation(schema));
    else visit(fitting, value, path, problems);
    return;
  }
  if (schema.enum !== undefined && !schema.enum.includes(value)) {
    const near = typeof value === "string" ? nearestName(value, schema.enum.map(String)) : undefined;
    report(`${quoted(value)} is not a valid choice`, expectation(schema), near);
    return;
  }
  if (schema.const !== undefined && schema.const !== value) {
    report(`${quoted(value)} is not a valid value`, expectation(schema));
    return;
  }
  if (schema.type !== undefined && !hasType(schema.type, value)) {
    report(`${quoted(value)} is not ${article[schema.type]}`, expectation(schema));
    return;
  }
  if (typeof value === "string") visitText(schema, value, report);
  else if (typeof value === "number") visitNumber(schema, value, report);
  else if (Array.isArray(value)) visitList(schema, value, path, problems, report);
  else if (isRecord(value)) visitObject(schema, value, path, problems, report);
}

type Report = (message: string, expected: string) => void;

function codePoints(text: string): number {
  let count = 0;
  for (let index = 0; index < text.length; index++) {
    if ((text.charCodeAt(index) & 0xfc00) !== 0xdc00) count++;
  }
  return count;
}

function visitText(schema: Schema, value: string, report: Report): void {
  const { minLength = 0, maxLength = Infinity, pattern } = schema;
  // JSON Schema counts code points, of which there are at least half as many as code units.
  const length = value.length > 2 * maxLength ? value.length : codePoints(value);
  if (length > maxLength)
    report(`text of ${length} characters is too long`, `at most ${maxLength} characters`);
  else if (length < minLength) report("text is too short", `at least ${minLength} characters`);
  else if (pattern !== undefined && !matches(pattern, value)) {
    report(`${quoted(value)} is not valid here`, schema.description ?? `text that matches ${pattern}`);
  }
}

function visitNumber(schema: Schema, value: number, report: Report): void {
  const { minimum = -Infinity, maximum = Infinity } = schema;
  if (value < minimum || value > maximum) {
    report(
      `${value} is out of range`,
      maximum === Infinity ? `at least ${minimum}` : `${minimum} to ${maximum}`,
    );
  }
}

function visitList(
  schema: Schema,
  value: readonly unknown[],
  path: Path,
  problems: Problem[],
  report: Report,
): void {
  const { minItems = 0, maxItems = Infinity } = schema;
  if (value.length < minItems) report("the list is too short", `at least ${minItems} items`);
  if (value.length > maxItems) {
    report(`a list of ${value.length} is too long`, `at most ${maxItems} items`);
    return;
  }
  if (schema.uniqueItems === true) {
    value.forEach((item, index) => {
      if (value.findIndex((other) => isDeepStrictEqual(other, item)) >= index) return;
      problems.push({
        path: [...path, index],
        message: `${quoted(item)} stands there twice`,
        expected: "each item once",
        received: quoted(item),
      });
    });
  }
  if (schema.items === undefined) return;
  for (const [index, item] of value.entries()) visit(schema.items, item, [...path, index], problems);
}

function visitObject(
  schema: Schema,
  value: Readonly<Record<string, unknown>>,
  path: Path,
  problems: Problem[],
  report: Report,
): void {
  const { properties = {}, required = [], additionalProperties, propertyNames } = schema;
  const { minProperties = 0, maxProperties = Infinity } = schema;
  const keys = Object.keys(value);
  if (keys.length < minProperties) report("it is empty", `at least ${minProperties} entry`);
  if (keys.length > maxProperties) {
    report(`${keys.length} entries are too many`, `at most ${maxProperties} entries`);
    return;
  }
  const missing = required.filter((name) => !Object.hasOwn(value, name));
  for (const key of keys) {
    if (problems.length >= PROBLEMS_MAX) return;
    const place = [...path, key];
    if (propertyNames !== undefined) {
      const nameSchema = resolved(propertyNames);
      if (nameSchema.pattern !== undefined && !matches(nameSchema.pattern, key)) {
        const expected = nameSchema.description ?? `a name that matches ${nameSchema.pattern}`;
        problems.push({
          path: place,
          message: `${quoted(key)} is not a valid name`,
          expected,
          received: quoted(key),
        });
      }
    }
    if (Object.hasOwn(properties, key)) {
      visit(properties[key]!, value[key], place, problems);
    } else if (additionalProperties === false) {
      const suggestion = nearestName(key, missing) ?? nearestName(key, Object.keys(properties));
      const names = Object.keys(properties);
      problems.push({
        path: place,
        message: `unknown key ${quoted(key)}`,
        expected: names.length === 0 ? "no keys" : `one of ${names.slice(0, NAMES_SHOWN).join(", ")}`,
        received: quoted(key),
        ...(suggestion && { suggestion }),
      });
    } else if (additionalProperties !== undefined) {
      visit(additionalProperties, value[key], place, problems);
    }
  }
  for (const name of missing) {
    const expected = expectation(resolved(properties[name] ?? {}));
    problems.push({
      path: [...path, name],
      message: `${quoted(name)} is missing`,
      expected,
      received: "nothing",
    });
  }
}
