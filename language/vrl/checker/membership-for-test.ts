import { kindOf } from "../runtime/kind-of.ts";
import type { Value, VrlObject } from "../runtime/value.ts";
import { Part, type Collection, type Kind } from "./kind.ts";

/** Whether the value is of the kind, part by part; `undefined`: there is none. */
export function isOf(value: Value | undefined, kind: Kind): boolean {
  if (value === undefined) return kind.has(Part.undefined);
  const name = kindOf(value);
  if (name === "array")
    return kind.array !== undefined && partsAreOf(kind.array, (value as Value[]).entries());
  if (name === "object")
    return kind.object !== undefined && partsAreOf(kind.object, Object.entries(value as VrlObject));
  return kind.has(Part[name]);
}

function partsAreOf<K extends string | number>(
  collection: Collection<K>,
  entries: Iterable<[K, Value]>,
): boolean {
  const parts = new Map(entries);
  for (const [key, kind] of collection.known) if (!isOf(parts.get(key), kind)) return false;
  for (const [key, value] of parts) if (!isOf(value, collection.at(key))) return false;
  return true;
}
