/** Paths into values. */
import { copyObject } from "./copy.ts";
import { isObject } from "./kind-of.ts";
import { getKey, setKey } from "./object.ts";
import type { Value, VrlObject } from "./value.ts";

/** Keys of objects and indices of arrays; a negative index counts from the end. */
export type Segment = string | number;
export type Path = readonly Segment[];

/**
 * The largest index that is inserted at, and so the distance from the end of the farthest negative one, less one: an
 * array is filled with null up to it, and one event must not be made into gigabytes by a few digits.
 */
export const INDEX_MAX = 0xf_ffff;

/** Whether `insertAt` takes this path. */
export function isInsertable(path: Path): boolean {
  return path.every(
    (segment) => typeof segment === "string" || (segment <= INDEX_MAX && segment >= -INDEX_MAX - 1),
  );
}

/** What is there; undefined: nothing. */
export function getAt(root: Value | undefined, path: Path): Value | undefined {
  let value = root;
  for (let depth = 0; depth < path.length && value !== undefined; depth++)
    value = partOf(value, path[depth]!);
  return value;
}

/**
 * Puts `value` where the path leads and returns the root: the same one, changed, where it is an array or object as the
 * path's first segment wants it, else a new one. Whatever stands in the path's way is replaced by an array or object;
 * arrays grow at that end where the index lies beyond it, with null between. The path `isInsertable`.
 */
export function insertAt(root: Value | undefined, path: Path, value: Value): Value {
  if (path.length === 0) return value;
  const container = containerFor(root, path[0]!);
  let current = container;
  for (let depth = 0; depth < path.length - 1; depth++) {
    const part = partOf(current, path[depth]!);
    const next = containerFor(part, path[depth + 1]!);
    if (next !== part) setPart(current, path[depth]!, next);
    current = next;
  }
  setPart(current, path[path.length - 1]!, value);
  return container;
}

/**
 * Takes out what is there and returns it; undefined: nothing was. An array closes the gap. Where `compact` is true,
 * arrays and objects on the path that become empty go with it, all but the root. With an empty path the parts of an
 * array or object move into the one that is returned; a root that is neither stays what it is, for the caller to
 * replace by null.
 */
export function removeAt(root: Value | undefined, path: Path, compact: boolean): Value | undefined {
  if (path.length === 0) return takeParts(root);
  const parents: Value[] = [];
  let current = root;
  for (let depth = 0; depth < path.length - 1; depth++) {
    if (current === undefined) return undefined;
    parents.push(current);
    current = partOf(current, path[depth]!);
  }
  if (current === undefined) return undefined;
  const removed = removePart(current, path[path.length - 1]!);
  if (removed === undefined || !compact) return removed;
  for (let depth = parents.length - 1; depth >= 0 && isEmpty(current); depth--) {
    current = parents[depth]!;
    removePart(current, path[depth]!);
  }
  return removed;
}

/**
 * The same value, with the arrays and objects along the path copied: `insertAt` and `removeAt` with this path leave
 * `root` itself as it is then.
 */
export function detachAt(root: Value, path: Path): Value {
  const copy = shallowCopy(root);
  let current = copy;
  for (let depth = 0; depth < path.length - 1; depth++) {
    const part = partOf(current, path[depth]!);
    if (!Array.isArray(part) && !isObject(part)) break;
    const next = shallowCopy(part);
    setPart(current as Value[] | VrlObject, path[depth]!, next);
    current = next;
  }
  return copy;
}

function shallowCopy(value: Value): Value {
  if (Array.isArray(value)) return value.slice();
  return isObject(value) ? copyObject(value) : value;
}

function partOf(value: Value, segment: Segment): Value | undefined {
  if (typeof segment === "string") return isObject(value) ? getKey(value, segment) : undefined;
  return Array.isArray(value) ? value[segment < 0 ? segment + value.length : segment] : undefined;
}

function containerFor(value: Value | undefined, segment: Segment): Value[] | VrlObject {
  if (typeof segment === "string") return isObject(value) ? value : {};
  return Array.isArray(value) ? value : [];
}

/** The container is of the segment's kind. */
function setPart(container: Value[] | VrlObject, segment: Segment, value: Value): void {
  if (typeof segment === "string") setKey(container as VrlObject, segment, value);
  else setElement(container as Value[], segment, value);
}

function setElement(array: Value[], index: number, value: Value): void {
  if (index >= 0) {
    while (array.length < index) array.push(null);
    array[index] = value;
    return;
  }
  const missing = -index - array.length;
  if (missing > 0) {
    const { length } = array;
    for (let count = 0; count < missing; count++) array.push(null);
    array.copyWithin(missing, 0, length).fill(null, 0, missing);
  }
  array[array.length + index] = value;
}

function removePart(container: Value, segment: Segment): Value | undefined {
  const part = partOf(container, segment);
  if (part === undefined) return undefined;
  if (typeof segment === "string") delete (container as VrlObject)[segment];
  else (container as Value[]).splice(segment, 1);
  return part;
}

function isEmpty(container: Value): boolean {
  return Array.isArray(container) ? container.length === 0 : Object.keys(container as VrlObject).length === 0;
}

function takeParts(root: Value | undefined): Value | undefined {
  if (Array.isArray(root)) return root.splice(0);
  if (!isObject(root)) return root;
  const taken: VrlObject = {};
  for (const key of Object.keys(root)) {
    setKey(taken, key, root[key]!);
    delete root[key];
  }
  return taken;
}
