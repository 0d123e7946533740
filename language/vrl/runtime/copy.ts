import { isObject } from "./kind-of.ts";
import { setKey } from "./object.ts";
import type { Value, VrlObject } from "./value.ts";

/** A value that shares no array and no object with `value`. Scalars, bytes among them, never change and are shared. */
export function copyValue(value: Value | undefined): Value {
  if (typeof value !== "object" || value === null) return value ?? null;
  if (Array.isArray(value)) {
    const copy: Value[] = [];
    for (let index = 0; index < value.length; index++) copy.push(copyValue(value[index]));
    return copy;
  }
  if (!isObject(value)) return value;
  const copy: VrlObject = {};
  for (const key of Object.keys(value)) setKey(copy, key, copyValue(value[key]));
  return copy;
}

/** An object with the same parts. */
export function copyObject(object: VrlObject): VrlObject {
  const copy: VrlObject = {};
  for (const key of Object.keys(object)) setKey(copy, key, object[key]!);
  return copy;
}
