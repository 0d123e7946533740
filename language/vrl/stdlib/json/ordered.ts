/** What the platform's own writer of JSON can be given, so that it writes what VRL would. */
import type { Value, VrlObject } from "../../runtime/value.ts";

/** Keys of an object as they came, and in order. */
interface Layout {
  readonly keys: readonly string[];
  /** Undefined: the platform would not order them so. */
  readonly ordered: readonly string[] | undefined;
  readonly isOrdered: boolean;
}

/** Events have the same keys over and over; strangers' must not fill the memory. */
const LAYOUTS_MAX = 1000;
/** Of objects that begin with the same key: each is compared. */
const LAYOUTS_PER_KEY_MAX = 8;

const layouts = new Map<string, Layout[]>();
let layoutCount = 0;

function layoutOf(keys: readonly string[]): Layout {
  const first = keys[0]!;
  let known = layouts.get(first);
  if (known !== undefined) {
    for (let index = 0; index < known.length; index++) {
      if (sameKeys(known[index]!.keys, keys)) return known[index]!;
    }
  }
  if (layoutCount >= LAYOUTS_MAX) {
    layouts.clear();
    layoutCount = 0;
    known = undefined;
  }
  if (known === undefined || known.length >= LAYOUTS_PER_KEY_MAX) layouts.set(first, (known = []));
  const layout = newLayout(keys);
  known.push(layout);
  layoutCount++;
  return layout;
}

function sameKeys(left: readonly string[], right: readonly string[]): boolean {
  if (left.length !== right.length) return false;
  for (let index = 0; index < left.length; index++) if (left[index] !== right[index]) return false;
  return true;
}

function newLayout(keys: readonly string[]): Layout {
  if (!keys.every(isPlainKey)) return { keys, ordered: undefined, isOrdered: false };
  const ordered = [...keys].sort();
  return { keys, ordered, isOrdered: sameKeys(keys, ordered) };
}

/** Not of digits, which objects put first, nor of characters that are ordered otherwise as bytes. */
function isPlainKey(key: string): boolean {
  return !/^\d+$|[\ud800-\uffff]/.test(key) && key !== "__proto__";
}

/** Something within is not written by the platform as it must be. */
export const SPECIAL: unique symbol = Symbol("special");

/** The same value with all keys in order, itself where they are; or `SPECIAL`. */
export function orderedForJson(value: Value): unknown {
  if (typeof value === "string") return value.isWellFormed() ? value : SPECIAL;
  if (typeof value === "number") return isPlainNumber(value) ? value : SPECIAL;
  if (value === null || typeof value === "boolean") return value;
  if (typeof value !== "object") return SPECIAL;
  if (Array.isArray(value)) return orderedArray(value);
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null ? orderedObject(value as VrlObject) : SPECIAL;
}

/** Between these the platform writes no exponent, and VRL does. */
function isPlainNumber(number: number): boolean {
  if (Number.isInteger(number)) return true;
  const magnitude = Math.abs(number);
  return magnitude >= 1e-5 || magnitude < 1e-6;
}

function orderedArray(array: readonly Value[]): unknown {
  let copy: unknown[] | undefined;
  for (let index = 0; index < array.length; index++) {
    const element = array[index]!;
    const ordered = orderedForJson(element);
    if (ordered === SPECIAL) return SPECIAL;
    if (ordered !== element) (copy ??= array.slice())[index] = ordered;
  }
  return copy ?? array;
}

function orderedObject(object: VrlObject): unknown {
  const keys = Object.keys(object);
  if (keys.length === 0) return object;
  const { ordered, isOrdered } = layoutOf(keys);
  if (ordered === undefined) return SPECIAL;
  const copy: Record<string, unknown> = {};
  let isSame = isOrdered;
  for (let index = 0; index < ordered.length; index++) {
    const key = ordered[index]!;
    const part = object[key]!;
    const orderedPart = orderedForJson(part);
    if (orderedPart === SPECIAL) return SPECIAL;
    if (orderedPart !== part) isSame = false;
    copy[key] = orderedPart;
  }
  return isSame ? object : copy;
}
