/** Writes JSON as VRL does: keys in order, floats told from integers, no half surrogate pairs. */
import { sortedKeys } from "../../runtime/object.ts";
import { Regex } from "../../runtime/regex.ts";
import { lossyText } from "../../runtime/text.ts";
import { Timestamp } from "../../runtime/timestamp.ts";
import { Float, type Value, type VrlObject } from "../../runtime/value.ts";
import { orderedForJson, SPECIAL } from "./ordered.ts";

/** What a JSON string cannot hold as it is, and halves of surrogate pairs, which may be alone. */
const escaped = /["\\\u0000-\u001f\ud800-\udfff]/;

/** On one line, without spaces. */
export function jsonText(value: Value): string {
  const ordered = orderedForJson(value);
  if (ordered !== SPECIAL) return JSON.stringify(ordered);
  const text = exactText(value);
  // Asking for a character makes one piece of the many it was joined from.
  text.charCodeAt(0);
  return text;
}

function exactText(value: Value): string {
  if (typeof value === "string") return jsonString(value);
  if (typeof value === "number") return Number.isInteger(value) ? String(value) : floatText(value);
  if (typeof value === "boolean") return value ? "true" : "false";
  if (typeof value === "bigint") return String(value);
  return typeof value === "object" && value !== null ? partsText(value) : "null";
}

function partsText(value: Exclude<Value, null | boolean | number | bigint | string>): string {
  if (Array.isArray(value)) {
    if (value.length === 0) return "[]";
    let text = `[${exactText(value[0]!)}`;
    for (let index = 1; index < value.length; index++) text += `,${exactText(value[index]!)}`;
    return `${text}]`;
  }
  const special = specialText(value);
  if (special !== undefined) return special;
  let text = "";
  for (const key of sortedKeys(value as VrlObject)) {
    text += `${text === "" ? "{" : ","}${jsonString(key)}:${exactText((value as VrlObject)[key]!)}`;
  }
  return text === "" ? "{}" : `${text}}`;
}

/** Undefined for objects of data. */
function specialText(value: object): string | undefined {
  if (value instanceof Float) return floatText(value.value);
  if (value instanceof Timestamp) return `"${value.toString()}"`;
  if (value instanceof Uint8Array) return jsonString(lossyText(value));
  if (value instanceof Regex) return jsonString(value.source);
  return undefined;
}

export function jsonString(text: string): string {
  return escaped.test(text) ? JSON.stringify(text.toWellFormed()) : `"${text}"`;
}

/** The shortest digits that mean this float; JSON has no infinities. */
export function floatText(number: number): string {
  if (!Number.isFinite(number)) return "null";
  if (Number.isInteger(number)) {
    if (Object.is(number, -0)) return "-0.0";
    return Math.abs(number) < 1e16 ? `${number}.0` : number.toExponential();
  }
  const magnitude = Math.abs(number);
  return magnitude >= 1e-5 || magnitude < 1e-6 ? String(number) : number.toExponential();
}

/** The same over many lines, indented by two spaces. */
export function jsonTextPretty(value: Value, indent: string = ""): string {
  const inner = `${indent}  `;
  if (Array.isArray(value)) {
    if (value.length === 0) return "[]";
    return `[\n${value.map((each) => inner + jsonTextPretty(each, inner)).join(",\n")}\n${indent}]`;
  }
  if (typeof value !== "object" || value === null || specialText(value) !== undefined) return jsonText(value);
  const keys = sortedKeys(value as VrlObject);
  if (keys.length === 0) return "{}";
  const lines = keys.map(
    (key) => `${inner}${jsonString(key)}: ${jsonTextPretty((value as VrlObject)[key]!, inner)}`,
  );
  return `{\n${lines.join(",\n")}\n${indent}}`;
}
