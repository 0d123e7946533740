/** Applies rules to a text: the first that matches makes the result. */
import { isObject } from "../../../runtime/kind-of.ts";
import { setKey, sortedKeys } from "../../../runtime/object.ts";
import type { Value, VrlObject } from "../../../runtime/value.ts";
import { getAt, insertAt, isInsertable } from "../../../runtime/path.ts";
import { parseValuePath } from "../../datadog/value-path.ts";
import type { Field, Rule } from "./compile-rule.ts";

/** Undefined: no rule matches. `exhausted`: to see whether one does would take too many steps. */
export function applyRules(text: string, rules: readonly Rule[]): VrlObject | "exhausted" | undefined {
  for (const rule of rules) {
    const matches = rule.pattern.match(text);
    if (matches === undefined) return "exhausted";
    if (matches) return resultOf(text, rule);
  }
  return undefined;
}

function resultOf(text: string, { pattern, fields }: Rule): VrlObject {
  const result: VrlObject = {};
  for (const [index, name] of pattern.fieldNames.entries()) {
    const matched = pattern.valueOf(index, text);
    if (matched === undefined || matched === "") continue;
    const field = fields.get(name);
    // A group that the rule names itself is a field of that name.
    if (field === undefined) setKey(result, name, matched);
    else {
      const value = filtered(matched, field);
      if (value !== undefined) put(result, field, value);
    }
  }
  prune(result);
  return result;
}

function filtered(text: string, { filters }: Field): Value | undefined {
  let value: Value = text;
  for (const filter of filters) {
    const next = filter(value);
    if (next === undefined || next === null) return undefined;
    value = isObject(next) ? withPaths(next) : next;
  }
  return value;
}

/** What is there already and what comes make an array. At the root, objects are merged and nothing else has a place. */
function put(result: VrlObject, { path }: Field, value: Value): void {
  if (path.length === 0) {
    if (isObject(value)) for (const key of Object.keys(value)) setKey(result, key, value[key]!);
    return;
  }
  const existing = getAt(result, path);
  if (existing === undefined) insertAt(result, path, value);
  else if (Array.isArray(existing)) insertAt(result, path, [...existing, value]);
  else insertAt(result, path, [existing, value]);
}

/** Keys that are paths become objects within each other. */
function withPaths(value: Value): Value {
  if (Array.isArray(value)) return value.map(withPaths);
  if (!isObject(value)) return value;
  let result: Value = {};
  for (const key of sortedKeys(value)) {
    const path = parseValuePath(key);
    result = insertAt(
      result,
      path !== undefined && isInsertable(path) ? path : [key],
      withPaths(value[key]!),
    );
  }
  return result;
}

/** Takes out what is null, and objects with nothing in them. */
function prune(value: Value): void {
  if (Array.isArray(value)) value.forEach(prune);
  else if (isObject(value)) {
    for (const key of Object.keys(value)) {
      const part = value[key]!;
      prune(part);
      if (part === null || (isObject(part) && Object.keys(part).length === 0)) delete value[key];
    }
  }
}
