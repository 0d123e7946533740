/** Objects of a program's data: own properties only, whatever their names. */
import { compareStrings } from "./text.ts";
import type { Value, VrlObject } from "./value.ts";

/** Sets a property; `__proto__` is a name like any other. */
export function setKey(object: VrlObject, key: string, value: Value): void {
  if (key === "__proto__")
    Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
  else object[key] = value;
}

export function getKey(object: VrlObject, key: string): Value | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

/** In the order of their UTF-8 bytes, which is how VRL keeps them. */
export function sortedKeys(object: VrlObject): string[] {
  const keys = Object.keys(object);
  return keys.length < 2 ? keys : keys.sort(compareStrings);
}
