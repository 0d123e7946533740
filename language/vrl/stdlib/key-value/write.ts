/** Writes an object as fields like `key=value`; what is nested becomes keys with dots. */
import { plainText } from "../../runtime/float.ts";
import { sortedKeys } from "../../runtime/object.ts";
import { Regex } from "../../runtime/regex.ts";
import { compareStrings, lossyText } from "../../runtime/text.ts";
import { Timestamp } from "../../runtime/timestamp.ts";
import { Float, type Value, type VrlObject } from "../../runtime/value.ts";

export interface KeyValueFormat {
  readonly separator: string;
  readonly delimiter: string;
  /** Whether `true` is its key alone and `false` nothing. */
  readonly flattensBooleans: boolean;
}

/** Fields named in `order` come first, in its order. */
export function keyValueText(object: VrlObject, order: readonly string[], format: KeyValueFormat): string {
  const fields = new Map<string, string | boolean>();
  for (const key of sortedKeys(object)) flatten(fields, key, object[key]!);
  const { delimiter } = format;
  let text = "";
  for (const key of order) {
    const value = fields.get(key);
    if (value === undefined) continue;
    fields.delete(key);
    text += fieldText(key, value, format);
  }
  for (const key of [...fields.keys()].sort(compareStrings)) text += fieldText(key, fields.get(key)!, format);
  return text.endsWith(delimiter) ? text.slice(0, text.length - delimiter.length) : text;
}

function fieldText(key: string, value: string | boolean, format: KeyValueFormat): string {
  const { separator, delimiter, flattensBooleans } = format;
  if (typeof value === "boolean" && flattensBooleans) return value ? quoted(key) + delimiter : "";
  return quoted(key) + separator + quoted(String(value)) + delimiter;
}

function flatten(fields: Map<string, string | boolean>, key: string, value: Value): void {
  if (Array.isArray(value)) value.forEach((each, index) => flatten(fields, `${key}.${index}`, each));
  else if (typeof value === "object" && value !== null) flattenObject(fields, key, value);
  else if (typeof value === "number") fields.set(key, plainText(value));
  else if (typeof value === "boolean" || typeof value === "string") fields.set(key, value);
  else fields.set(key, String(value));
}

function flattenObject(
  fields: Map<string, string | boolean>,
  key: string,
  value: Exclude<Value, null | Value[]> & object,
): void {
  if (value instanceof Float) fields.set(key, plainText(value.value));
  else if (value instanceof Uint8Array) fields.set(key, lossyText(value));
  else if (value instanceof Timestamp) fields.set(key, value.toString());
  else if (value instanceof Regex) fields.set(key, value.source);
  else for (const part of sortedKeys(value)) flatten(fields, `${key}.${part}`, value[part]!);
}

function quoted(text: string): string {
  if (!/[\p{White_Space}"=\\]/u.test(text)) return text;
  const inner = text.replace(/[\\"\n]/g, (found) => (found === "\n" ? String.raw`\\n` : `\\${found}`));
  return /[\p{White_Space}"=]/u.test(text) ? `"${inner}"` : inner;
}
