/** Single steps into values, for generated code. */
import { isObject } from "./kind-of.ts";
import type { Value } from "./value.ts";

/** What an object has at `key`; undefined for anything else. For keys that others have as properties, too. */
export function fieldOf(value: Value | undefined, key: string): Value | undefined {
  return isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}

/** What an array has at `index`, from the end where it is negative; undefined for anything else. */
export function elementAt(value: Value | undefined, index: number): Value | undefined {
  return Array.isArray(value) ? value.at(index) : undefined;
}

/** What is left when all of a value is removed. */
export function emptyOf(value: Value): Value {
  if (Array.isArray(value)) return [];
  return isObject(value) ? {} : null;
}
