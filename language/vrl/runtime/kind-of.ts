import { Regex } from "./regex.ts";
import { Timestamp } from "./timestamp.ts";
import { Float, type Value, type ValueKind, type VrlObject } from "./value.ts";

/** What a value is. `undefined`, which a host may have left in an object, counts as null. */
export function kindOf(value: Value | undefined): ValueKind {
  if (typeof value === "string") return "bytes";
  if (typeof value === "number") return Number.isInteger(value) ? "integer" : "float";
  if (typeof value === "boolean") return "boolean";
  if (typeof value === "bigint") return "integer";
  if (value === null || value === undefined) return "null";
  if (Array.isArray(value)) return "array";
  if (value instanceof Timestamp) return "timestamp";
  if (value instanceof Float) return "float";
  if (value instanceof Uint8Array) return "bytes";
  if (value instanceof Regex) return "regex";
  return "object";
}

export function isObject(value: Value | undefined): value is VrlObject {
  return (
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Float) &&
    !(value instanceof Timestamp) &&
    !(value instanceof Uint8Array) &&
    !(value instanceof Regex)
  );
}

export function isText(value: Value | undefined): value is string | Uint8Array {
  return typeof value === "string" || value instanceof Uint8Array;
}

export function isInteger(value: Value | undefined): value is number | bigint {
  return typeof value === "number" ? Number.isInteger(value) : typeof value === "bigint";
}

export function isFloat(value: Value | undefined): value is number | Float {
  return typeof value === "number" ? !Number.isInteger(value) : value instanceof Float;
}
