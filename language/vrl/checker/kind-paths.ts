/**
 * What reading, writing and removing at a path does to a kind. The rules are the language's own: where an array's length
 * is not known a negative index may mean several elements, and all of them are taken.
 */
import type { Path, Segment } from "../runtime/path.ts";
import { LayeredMap } from "./layered-map.ts";
import { Collection, Kind, largestIndex, lengthMin, Part } from "./kind.ts";

/** Elements of one array that are known by index; above, all are of one kind. Bounds memory, not what programs do. */
const KNOWN_INDICES_MAX = 4096;

/** Lengths an array of unknown length is taken to have where a negative index may lengthen it. */
const SHIFTS_MAX = 256;

/** The kind of what is at `path`, `undefined` among it where nothing may be there. */
export function kindAt(kind: Kind, path: Path): Kind {
  let current = kind;
  for (const segment of path) {
    if (current.isNever) return current;
    current = typeof segment === "string" ? fieldAt(current, segment) : elementAt(current, segment);
  }
  return current;
}

function fieldAt(kind: Kind, key: string): Kind {
  if (kind.object === undefined) return Kind.undefined;
  const field = kind.object.at(key);
  return kind.isExact ? field : field.or(Kind.undefined);
}

function elementAt(kind: Kind, index: number): Kind {
  const { array } = kind;
  if (array === undefined) return Kind.undefined;
  let position = index;
  if (index < 0) {
    let length = 0;
    for (const known of array.known.keys()) length = Math.max(length, known + 1);
    if (array.isOpen) return elementFromEnd(kind, array, length, index);
    position = length + index;
    if (position < 0) return Kind.undefined;
  }
  const element = array.at(position);
  return kind.isExact ? element : element.or(Kind.undefined);
}

/** Of an array that may be longer than the `length` known: any known element it may reach, or one that is not known. */
function elementFromEnd(kind: Kind, array: Collection<number>, length: number, index: number): Kind {
  const first = length + index;
  let element = array.unknownKind;
  if (kind.isExact && first >= 0) element = element.without(Part.undefined);
  for (const [known, part] of array.known) if (known >= first) element = element.or(part);
  return element;
}

/** The kind after a value of kind `value` was written at `path`; what is not there is written as null. */
export function insertKind(kind: Kind, path: Path, value: Kind): Kind {
  return setKind(kind, path, 0, value.read);
}

function setKind(kind: Kind, path: Path, from: number, value: Kind): Kind {
  // What never yields a value is never written.
  if (value.isNever) return kind;
  const segment = path[from];
  // What stays the same stays the same object: states are compared by that.
  if (segment === undefined) return value.equals(kind) ? kind : value;
  if (typeof segment === "string") {
    const object = kind.object ?? Collection.empty<string>();
    const after = object.with(segment, setKind(object.at(segment), path, from + 1, value));
    return after === kind.object && kind.isExact ? kind : Kind.ofObject(after);
  }
  const array = kind.array ?? Collection.empty<number>();
  return Kind.ofArray(setElement(array, segment, path, from + 1, value));
}

function setElement(
  array: Collection<number>,
  index: number,
  path: Path,
  from: number,
  value: Kind,
): Collection<number> {
  if (Math.abs(index) > (index < 0 && array.isOpen ? SHIFTS_MAX : KNOWN_INDICES_MAX))
    return setAnywhere(array, path, from, value);
  if (index < 0 && array.isOpen) return setFromEnd(array, -index, path, from, value);
  const known = new Map(array.known);
  let position = index;
  if (index < 0) {
    const length = lengthMin(array);
    for (let hole = length; hole < -index; hole++) known.set(hole, Kind.null);
    position = index + Math.max(-index, length);
  }
  const previous = known.get(position);
  if (previous === undefined) {
    const hole = array.unknownKind.without(Part.undefined).or(Kind.null);
    for (let each = 0; each < position; each++) if (!known.has(each)) known.set(each, hole);
  }
  known.set(position, setKind(previous ?? array.unknownKind, path, from, value));
  return new Collection(LayeredMap.of(known), array.unknown);
}

/** The element at `fromEnd` (from 1) of an array whose length is not known: each it may be may have been written. */
function setFromEnd(
  array: Collection<number>,
  fromEnd: number,
  path: Path,
  from: number,
  value: Kind,
): Collection<number> {
  const length = lengthMin(array);
  let merged = array;
  // A shorter array is lengthened at its front, which moves what it holds.
  for (let shift = 1; shift <= fromEnd - length; shift++) merged = merged.or(shifted(array, shift));
  const known = new Map(merged.known);
  for (let index = 0; index < fromEnd; index++)
    known.set(index, (known.get(index) ?? array.unknownKind).without(Part.undefined));
  const first = Math.max(length - fromEnd, 0);
  for (const [index, kind] of known)
    if (index >= first) known.set(index, kind.or(setKind(kind, path, from, value)));
  const unknown = array.unknownKind;
  return Collection.of(known, unknown.or(setKind(unknown, path, from, value)));
}

function shifted(array: Collection<number>, by: number): Collection<number> {
  const known = new Map<number, Kind>();
  for (let hole = 1; hole < by; hole++) known.set(hole, Kind.null);
  for (const [index, kind] of array.known) known.set(index + by, kind);
  return new Collection(LayeredMap.of(known), array.unknown);
}

function setAnywhere(array: Collection<number>, path: Path, from: number, value: Kind): Collection<number> {
  const element = array.reduced.or(Kind.null);
  return Collection.ofUnknown(element.or(setKind(element, path, from, value)));
}

/**
 * The kind after what is at `path` was removed; with `compact` also what holds it, where that becomes empty, and so on
 * up. Of the elements behind a removed one the language's types move the next only.
 */
export function removeKind(kind: Kind, path: Path, compact: boolean): Kind {
  if (path.length > 0) return removeAt(kind, path, 0, compact).kind;
  if (kind.isNever) return Kind.ofObject(Collection.empty()).or(Kind.ofArray(Collection.empty()));
  return new Kind(
    kind.scalars === 0 ? 0 : Part.null,
    kind.array && Collection.empty(),
    kind.object && Collection.empty(),
  );
}

/** Whether what holds a part is to lose it. */
type Loss = "always" | "maybe" | "never";

interface Removal {
  readonly kind: Kind;
  readonly loss: Loss;
}

function removeAt(kind: Kind, path: Path, from: number, compact: boolean): Removal {
  if (kind.isNever) return { kind, loss: "never" };
  const segment = path[from];
  if (segment === undefined) {
    const loss = !kind.hasDefined ? "never" : kind.has(Part.undefined) ? "maybe" : "always";
    return { kind, loss };
  }
  if (typeof segment === "string") {
    const { object } = kind;
    if (object === undefined) return { kind, loss: "never" };
    const after = removePart(kind, object, segment, path, from, compact);
    return { kind: new Kind(kind.scalars, kind.array, after.collection), loss: after.loss };
  }
  const { array } = kind;
  if (array === undefined) return { kind, loss: "never" };
  let position = segment;
  if (segment < 0) {
    if (array.isOpen) return removeFromEnd(kind, array, -segment, path, from, compact);
    position = lengthMin(array) + segment;
    if (position < 0) return { kind, loss: "never" };
  }
  const after = removePart(kind, array, position, path, from, compact);
  return { kind: new Kind(kind.scalars, after.collection, kind.object), loss: after.loss };
}

interface PartRemoval<K extends Segment> {
  readonly collection: Collection<K>;
  readonly loss: Loss;
}

function removePart<K extends Segment>(
  kind: Kind,
  collection: Collection<K>,
  key: K,
  path: Path,
  from: number,
  compact: boolean,
): PartRemoval<K> {
  const part = collection.known.get(key);
  if (part === undefined)
    return lose(
      collection,
      key,
      removeAt(kindAt(kind, path.slice(from)), path, from + 1, compact).loss,
      compact,
    );
  const inner = removeAt(part, path, from + 1, compact);
  return lose(collection.with(key, inner.kind), key, inner.loss, compact);
}

function lose<K extends Segment>(
  collection: Collection<K>,
  key: K,
  loss: Loss,
  compact: boolean,
): PartRemoval<K> {
  if (loss === "never") return { collection, loss };
  const less = withoutPart(collection, key);
  const after = loss === "always" ? less : less.or(collection);
  return { collection: after, loss: compact ? after.emptiness : "never" };
}

function withoutPart<K extends Segment>(collection: Collection<K>, key: K): Collection<K> {
  const less = collection.without(key);
  if (typeof key !== "number") return less;
  const following = (key + 1) as K;
  const next = collection.known.get(following);
  return next === undefined ? less : less.without(following).with(key, next);
}

function removeFromEnd(
  kind: Kind,
  array: Collection<number>,
  fromEnd: number,
  path: Path,
  from: number,
  compact: boolean,
): Removal {
  let merged = array;
  const largest = largestIndex(array);
  if (largest !== undefined) {
    for (let index = Math.max(largest + 1 - fromEnd, 0); index <= largest; index++) {
      const part = array.known.get(index);
      if (part === undefined) continue;
      const inner = removeAt(part, path, from + 1, compact);
      merged = merged.or(lose(array.with(index, inner.kind), index, inner.loss, compact).collection);
    }
  }
  const loss = lengthMin(merged) <= 1 ? "maybe" : "never";
  return { kind: new Kind(kind.scalars, merged, kind.object), loss };
}
