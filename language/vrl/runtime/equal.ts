/** When values are equal, and the order of those that have one. */
import { integerToNumber } from "./integer.ts";
import { isFloat, isInteger, isObject, isText } from "./kind-of.ts";
import { numberOfFloat } from "./float.ts";
import { sortedKeys } from "./object.ts";
import { Regex } from "./regex.ts";
import { bytesOf, compareTexts, textsEqual } from "./text.ts";
import { compareTimestamps, Timestamp } from "./timestamp.ts";
import { Float, type Value } from "./value.ts";

/** Whether they are of the same kind and the same all through: 1 is not 1.0, but 0.0 is -0.0. */
export function valuesEqual(left: Value | undefined, right: Value | undefined): boolean {
  if (left === right) return true;
  if (typeof left !== "object" || typeof right !== "object" || left === null || right === null) {
    // A host's undefined is null.
    return (left ?? null) === (right ?? null);
  }
  if (Array.isArray(left)) {
    if (!Array.isArray(right) || left.length !== right.length) return false;
    for (let index = 0; index < left.length; index++) {
      if (!valuesEqual(left[index], right[index])) return false;
    }
    return true;
  }
  if (isObject(left)) {
    if (!isObject(right)) return false;
    const keys = Object.keys(left);
    if (keys.length !== Object.keys(right).length) return false;
    for (const key of keys) {
      if (!Object.hasOwn(right, key) || !valuesEqual(left[key], right[key])) return false;
    }
    return true;
  }
  if (left instanceof Float) return right instanceof Float && left.value === right.value;
  if (left instanceof Timestamp) return right instanceof Timestamp && compareTimestamps(left, right) === 0;
  if (left instanceof Regex) return right instanceof Regex && left.source === right.source;
  return right instanceof Uint8Array && textsEqual(left, right);
}

/** As `==` has it: integers and floats are compared as floats, everything else as `valuesEqual` does. */
export function looselyEqual(left: Value | undefined, right: Value | undefined): boolean {
  if (left === right) return true;
  const number = numberOf(left);
  return number === undefined ? valuesEqual(left, right) : number === numberOf(right);
}

/** Less than 0, 0 or more for two numbers, two strings or two timestamps; undefined: they have no order. */
export function compareValues(left: Value | undefined, right: Value | undefined): number | undefined {
  if (isInteger(left) && isInteger(right)) return left < right ? -1 : left > right ? 1 : 0;
  const [a, b] = [numberOf(left), numberOf(right)];
  if (a !== undefined && b !== undefined) return a < b ? -1 : a > b ? 1 : 0;
  if (isText(left) && isText(right)) return compareTexts(left, right);
  if (left instanceof Timestamp && right instanceof Timestamp) return compareTimestamps(left, right);
  return undefined;
}

/** The nearest float of an integer or float. */
function numberOf(value: Value | undefined): number | undefined {
  if (typeof value === "number") return value;
  if (isInteger(value)) return integerToNumber(value);
  return isFloat(value) ? numberOfFloat(value) : undefined;
}

/** A text that equal values share and others do not: for sets of values. */
export function identityOf(value: Value | undefined): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (value === null || value === undefined) return "null";
  if (Array.isArray(value)) return `[${value.map(identityOf).join()}]`;
  if (value instanceof Uint8Array) return `x${bytesOf(value).join(".")}`;
  if (value instanceof Regex) return `r${JSON.stringify(value.source)}`;
  if (value instanceof Timestamp) return `t${value.seconds}.${value.nanoseconds}`;
  // Adding 0 makes -0 of it 0.
  if (isFloat(value)) return `f${numberOfFloat(value) + 0}`;
  if (!isObject(value)) return String(value);
  return `{${sortedKeys(value)
    .map((key) => `${JSON.stringify(key)}:${identityOf(value[key])}`)
    .join()}}`;
}
