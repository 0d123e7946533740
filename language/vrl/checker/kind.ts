/**
 * Kinds: the set of what a value may be, as a union of scalars, one array and one object whose own parts have kinds.
 * VRL's progressive types; what a program does narrows or widens them path by path.
 */
import type { Value, VrlObject } from "../runtime/value.ts";
import { kindOf } from "../runtime/kind-of.ts";
import { compareStrings } from "../runtime/text.ts";
import { LayeredMap } from "./layered-map.ts";

/** The bits of a kind; `array` and `object` only where kinds are told without their parts. */
export const Part = {
  bytes: 1,
  integer: 2,
  float: 4,
  boolean: 8,
  timestamp: 16,
  regex: 32,
  null: 64,
  /** Not there. */
  undefined: 128,
  array: 256,
  object: 512,
  all: 1023,
} as const;

const SCALARS = Part.all & ~(Part.array | Part.object);

/** In the order in which messages name them. */
const names: readonly (readonly [part: number, name: string])[] = [
  [Part.bytes, "string"],
  [Part.integer, "integer"],
  [Part.float, "float"],
  [Part.boolean, "boolean"],
  [Part.timestamp, "timestamp"],
  [Part.regex, "regex"],
  [Part.null, "null"],
  [Part.undefined, "undefined"],
  [Part.array, "array"],
  [Part.object, "object"],
];

/** Immutable. */
export class Kind {
  /** Bits of `Part` without `array` and `object`. */
  readonly scalars: number;
  readonly array: Collection<number> | undefined;
  readonly object: Collection<string> | undefined;
  /** Kinds it is made of, written out as a tree. */
  readonly weight: number;
  /** Arrays and objects within each other. */
  readonly depth: number;

  constructor(scalars: number, array?: Collection<number>, object?: Collection<string>) {
    this.scalars = scalars;
    this.array = array;
    this.object = object;
    this.weight = 1 + (array?.weight ?? 0) + (object?.weight ?? 0);
    this.depth = Math.max(array?.depth ?? 0, object?.depth ?? 0);
  }

  /** Of an expression that never yields a value. */
  static readonly never: Kind = new Kind(0);
  static readonly bytes: Kind = new Kind(Part.bytes);
  static readonly integer: Kind = new Kind(Part.integer);
  static readonly float: Kind = new Kind(Part.float);
  static readonly boolean: Kind = new Kind(Part.boolean);
  static readonly timestamp: Kind = new Kind(Part.timestamp);
  static readonly regex: Kind = new Kind(Part.regex);
  static readonly null: Kind = new Kind(Part.null);
  static readonly undefined: Kind = new Kind(Part.undefined);

  /** Whatever a value can be, or nothing. */
  static get any(): Kind {
    return endlessKind(ENDLESS_ANY);
  }

  /** Whatever JSON can hold. */
  static get json(): Kind {
    const scalars = SCALARS & ~(Part.timestamp | Part.regex | Part.undefined);
    return new Kind(scalars, Collection.json(), Collection.json());
  }

  static anyArray(): Kind {
    return Kind.ofArray(Collection.any());
  }

  static anyObject(): Kind {
    return Kind.ofObject(Collection.any());
  }

  static ofArray(parts: Collection<number>): Kind {
    return new Kind(0, parts);
  }

  static ofObject(parts: Collection<string>): Kind {
    return new Kind(0, undefined, parts);
  }

  /** These keys and no others. */
  static object(fields: Readonly<Record<string, Kind>>): Kind {
    return Kind.ofObject(Collection.of<string>(fields));
  }

  /** Any number of elements of this kind. */
  static arrayOf(element: Kind): Kind {
    return Kind.ofArray(Collection.ofUnknown(element));
  }

  /** Of bits of `Part`; arrays and objects with any parts. */
  static ofParts(parts: number): Kind {
    return new Kind(
      parts & SCALARS,
      parts & Part.array ? Collection.any() : undefined,
      parts & Part.object ? Collection.any() : undefined,
    );
  }

  /** The exact kind of a value. */
  static ofValue(value: Value): Kind {
    const kind = kindOf(value);
    if (kind === "array")
      return Kind.ofArray(
        Collection.of((value as Value[]).map((each, index) => [index, Kind.ofValue(each)] as const)),
      );
    if (kind === "object")
      return Kind.ofObject(
        Collection.of(
          Object.entries(value as VrlObject).map(([key, each]) => [key, Kind.ofValue(each)] as const),
        ),
      );
    return Kind[kind];
  }

  /** All bits of `Part`. */
  get parts(): number {
    return (
      this.scalars |
      (this.array === undefined ? 0 : Part.array) |
      (this.object === undefined ? 0 : Part.object)
    );
  }

  /** Whether it may be one of these bits of `Part`. */
  has(parts: number): boolean {
    return (this.parts & parts) !== 0;
  }

  /** Whether it can be nothing but one of these bits of `Part`; never is nothing. */
  isOnly(parts: number): boolean {
    return this.parts !== 0 && (this.parts & ~parts) === 0;
  }

  get isNever(): boolean {
    return this.parts === 0;
  }

  /** What never yields a value counts as any, in messages, too. */
  get isAny(): boolean {
    return this.parts === Part.all || this.parts === 0;
  }

  /** Whether it may be whatever JSON can hold, or nothing. */
  get isJson(): boolean {
    return this.parts === (Part.all & ~(Part.timestamp | Part.regex));
  }

  /** Whether it is one kind alone, or none. */
  get isExact(): boolean {
    return (this.parts & (this.parts - 1)) === 0;
  }

  /** Whether something may be there. */
  get hasDefined(): boolean {
    return (this.parts & ~Part.undefined) !== 0;
  }

  or(other: Kind): Kind {
    return this.#merge(other, false);
  }

  /** Parts of arrays and objects are replaced by those of `other`. */
  overwrittenBy(other: Kind): Kind {
    return this.#merge(other, true);
  }

  #merge(other: Kind, overwrite: boolean): Kind {
    if (this === other) return this;
    const scalars = this.scalars | other.scalars;
    const array = mergeCollections(this.array, other.array, overwrite);
    const object = mergeCollections(this.object, other.object, overwrite);
    // A program's kinds grow seldom: most of them are kept.
    if (scalars === this.scalars && array === this.array && object === this.object) return this;
    return new Kind(scalars, array, object);
  }

  /** Less these bits of `Part`. */
  without(parts: number): Kind {
    if (!this.has(parts)) return this;
    return new Kind(
      this.scalars & ~parts,
      parts & Part.array ? undefined : this.array,
      parts & Part.object ? undefined : this.object,
    );
  }

  /** Only these bits of `Part`. */
  only(parts: number): Kind {
    return this.without(~parts);
  }

  /** What reading it gives: what is not there is null. */
  get read(): Kind {
    return this.has(Part.undefined) ? this.without(Part.undefined).or(Kind.null) : this;
  }

  /** Whether some value could be of both; never is of every kind. */
  intersects(other: Kind): boolean {
    return this.isNever || other.isNever || this.has(other.parts);
  }

  isSupersetOf(other: Kind): boolean {
    if ((other.parts & ~this.parts) !== 0) return false;
    if (other.array !== undefined && !this.array!.isSupersetOf(other.array)) return false;
    return other.object === undefined || this.object!.isSupersetOf(other.object);
  }

  equals(other: Kind): boolean {
    if (this === other) return true;
    if (this.parts !== other.parts) return false;
    if (this.array !== undefined && !this.array.equals(other.array!)) return false;
    return this.object === undefined || this.object.equals(other.object!);
  }

  /** As messages tell it: `any`, `string or null`, `{ a: integer }`, `[string, float]`. */
  toString(): string {
    if (this.isAny) return "any";
    if (this.isExact && this.object !== undefined) return objectText(this.object);
    if (this.isExact && this.array !== undefined) return arrayText(this.array);
    const told = names.filter(([part]) => this.has(part)).map(([, name]) => name);
    const last = told.pop()!;
    return told.length === 0 ? last : `${told.join(", ")} or ${last}`;
  }
}

function objectText(object: Collection<string>): string {
  if (object.isOpen || object.known.size === 0) return "object";
  const keys = [...object.known.keys()].sort(compareStrings);
  return `{ ${keys.map((key) => `${keyText(key)}: ${object.known.get(key)!.toString()}`).join(", ")} }`;
}

function keyText(key: string): string {
  return /^[0-9]*[a-zA-Z_@][0-9a-zA-Z_@]*$/.test(key) ? key : `"${key}"`;
}

function arrayText(array: Collection<number>): string {
  if (array.isOpen || array.known.size === 0) return "array";
  const indices = [...array.known.keys()].sort((left, right) => left - right);
  return `[${indices.map((index) => array.known.get(index)!.toString()).join(", ")}]`;
}

/** Whether a value of this kind is nothing but these bits of `Part`; never is. */
export function within(kind: Kind, parts: number): boolean {
  return (kind.parts & ~parts) === 0;
}

/**
 * Of the parts nothing else is said of: one kind; or, as kinds of any depth have no end, the parts of `Part` whose own
 * parts are of the same again.
 */
export type Unknown = { readonly exact: Kind } | { readonly endless: number };

export type Key = string | number;

const ENDLESS_ANY = Part.all & ~Part.undefined;
const ANY_PARTS: Unknown = { endless: ENDLESS_ANY };
const ENDLESS_JSON = ENDLESS_ANY & ~Part.timestamp & ~Part.regex;

const endlessKinds = new Map<number, Kind>();

/** A kind without end, or nothing. */
function endlessKind(parts: number): Kind {
  let kind = endlessKinds.get(parts);
  if (kind === undefined) {
    const unknown = { endless: parts };
    kind = new Kind(
      (parts & ~(Part.array | Part.object)) | Part.undefined,
      parts & Part.array ? new Collection<number>(LayeredMap.of(), unknown) : undefined,
      parts & Part.object ? new Collection<string>(LayeredMap.of(), unknown) : undefined,
    );
    endlessKinds.set(parts, kind);
  }
  return kind;
}

function unknownOf(kind: Kind): Unknown {
  if (kind.isAny) return { endless: ENDLESS_ANY };
  if (kind.isJson) return { endless: ENDLESS_JSON };
  return { exact: kind };
}

/**
 * What is known of an array's or object's parts: some by their index or key, the others by one kind for all.
 * Immutable; keys of objects are strings, of arrays indices from 0.
 */
export class Collection<K extends Key> {
  readonly known: LayeredMap<K, Kind>;
  readonly unknown: Unknown;
  readonly weight: number;
  readonly depth: number;
  #unknownKind: Kind | undefined;

  /** `size`: where it is known already. */
  constructor(known: LayeredMap<K, Kind>, unknown: Unknown, size: Size = sizeOf(known, unknown)) {
    this.known = known;
    this.unknown = unknown;
    this.weight = size.weight;
    this.depth = size.depth;
  }

  /** Exactly these parts, or also others of the kind `unknown`. */
  static of<K extends Key>(
    known: Iterable<readonly [K, Kind]> | Readonly<Record<string, Kind>>,
    unknown: Kind = Kind.undefined,
  ): Collection<K> {
    const entries =
      Symbol.iterator in known ? known : (Object.entries(known) as unknown as Iterable<[K, Kind]>);
    return new Collection(LayeredMap.of(entries), unknownOf(unknown));
  }

  static empty<K extends Key>(): Collection<K> {
    return Collection.of<K>([]);
  }

  static any<K extends Key>(): Collection<K> {
    return new Collection<K>(LayeredMap.of(), ANY_PARTS);
  }

  static json<K extends Key>(): Collection<K> {
    return new Collection<K>(LayeredMap.of(), { endless: ENDLESS_JSON });
  }

  static ofUnknown<K extends Key>(unknown: Kind): Collection<K> {
    return Collection.of<K>([], unknown);
  }

  /** The kind of a part that is not known; it may always be missing. */
  get unknownKind(): Kind {
    return (this.#unknownKind ??=
      "exact" in this.unknown ? this.unknown.exact.or(Kind.undefined) : endlessKind(this.unknown.endless));
  }

  /** Whether there may be parts beyond those known. */
  get isOpen(): boolean {
    return this.unknownKind.hasDefined;
  }

  get isAny(): boolean {
    return this.unknownKind.isAny && [...this.known.values()].every((kind) => kind.isAny);
  }

  get emptiness(): "always" | "maybe" | "never" {
    if (this.known.size > 0) return "never";
    return this.isOpen ? "maybe" : "always";
  }

  with(key: K, kind: Kind): Collection<K> {
    const before = this.known.get(key);
    if (before === kind) return this;
    const weight = this.weight + kind.weight - (before?.weight ?? 0);
    const depth = Math.max(this.depth, kind.depth + 1);
    return new Collection(this.known.with(key, kind), this.unknown, { weight, depth });
  }

  without(key: K): Collection<K> {
    const before = this.known.get(key);
    if (before === undefined) return this;
    const { weight, depth } = this;
    return new Collection(this.known.without(key), this.unknown, { weight: weight - before.weight, depth });
  }

  withUnknown(kind: Kind): Collection<K> {
    return new Collection(this.known, unknownOf(kind));
  }

  at(key: K): Kind {
    return this.known.get(key) ?? this.unknownKind;
  }

  /** The union of all parts that are there. */
  get reduced(): Kind {
    let kind = this.unknownKind.without(Part.undefined);
    for (const part of this.known.values()) kind = kind.or(part);
    return kind;
  }

  /** The same without knowing which part is of which kind. */
  get anonymous(): Collection<K> {
    let kind = this.unknownKind;
    for (const part of this.known.values()) kind = kind.or(part);
    return Collection.ofUnknown(kind);
  }

  /** Either this or `other`. */
  or(other: Collection<K>): Collection<K> {
    return this.#merge(other, false);
  }

  /** This with the parts of `other` put over it. */
  overwrittenBy(other: Collection<K>): Collection<K> {
    return this.#merge(other, true);
  }

  #merge(other: Collection<K>, overwrite: boolean): Collection<K> {
    if (this === other) return this;
    const unknown = mergeUnknown(this.unknown, other.unknown, overwrite);
    let merged: Collection<K> = unknown === this.unknown ? this : new Collection(this.known, unknown);
    for (const key of this.known.keysApart(other.known)) {
      const kind = this.#mergedPart(this.known.get(key), other, other.known.get(key), overwrite);
      if (kind !== undefined) merged = merged.with(key, kind);
    }
    return merged;
  }

  /** A part with the same part of another collection; undefined: neither is known by itself. */
  #mergedPart(
    ours: Kind | undefined,
    other: Collection<K>,
    theirs: Kind | undefined,
    overwrite: boolean,
  ): Kind | undefined {
    if (theirs !== undefined && (overwrite || ours === undefined))
      return overwrite ? theirs : theirs.or(this.unknownKind);
    if (ours === undefined) return undefined;
    if (!overwrite) return ours.or(theirs ?? other.unknownKind);
    // It may be one of those not known, which then is put over it.
    return other.isOpen ? other.unknownKind.without(Part.undefined).or(ours) : ours;
  }

  isSupersetOf(other: Collection<K>): boolean {
    if (!unknownIsSuperset(this.unknown, other.unknown)) return false;
    for (const [key, kind] of other.known) if (!this.at(key).isSupersetOf(kind)) return false;
    for (const [key, kind] of this.known) {
      if (!other.known.has(key) && !kind.isSupersetOf(other.unknownKind)) return false;
    }
    return true;
  }

  equals(other: Collection<K>): boolean {
    if (this === other) return true;
    if (!unknownEquals(this, other)) return false;
    for (const key of this.known.keysApart(other.known)) {
      if (!this.at(key).equals(other.at(key))) return false;
    }
    return true;
  }
}

interface Size {
  readonly weight: number;
  /** At least how deep it is, itself counted. */
  readonly depth: number;
}

function sizeOf<K extends Key>(known: LayeredMap<K, Kind>, unknown: Unknown): Size {
  let [weight, depth] = "exact" in unknown ? [unknown.exact.weight, unknown.exact.depth] : [0, 0];
  for (const kind of known.values()) {
    weight += kind.weight;
    depth = Math.max(depth, kind.depth);
  }
  return { weight, depth: depth + 1 };
}

function mergeCollections<K extends Key>(
  left: Collection<K> | undefined,
  right: Collection<K> | undefined,
  overwrite: boolean,
): Collection<K> | undefined {
  if (left === undefined || right === undefined) return left ?? right;
  return overwrite ? left.overwrittenBy(right) : left.or(right);
}

function mergeUnknown(left: Unknown, right: Unknown, overwrite: boolean): Unknown {
  if (left === right) return left;
  if ("exact" in left && "exact" in right) {
    const exact = overwrite ? left.exact.overwrittenBy(right.exact) : left.exact.or(right.exact);
    return exact === left.exact ? left : { exact };
  }
  if ("endless" in left && "endless" in right) {
    const endless = left.endless | right.endless;
    return endless === left.endless ? left : { endless };
  }
  return "endless" in left ? left : right;
}

function unknownEquals<K extends Key>(left: Collection<K>, right: Collection<K>): boolean {
  const [ours, theirs] = [left.unknown, right.unknown];
  // Kinds of any depth are never gone down into.
  if ("endless" in ours && "endless" in theirs) return ours.endless === theirs.endless;
  return left.unknownKind.equals(right.unknownKind);
}

function unknownIsSuperset(left: Unknown, right: Unknown): boolean {
  if ("endless" in left) {
    if (left.endless === ENDLESS_ANY) return true;
    if ("endless" in right) return (right.endless & ~left.endless) === 0;
    return endlessKind(left.endless).isSupersetOf(right.exact);
  }
  if ("endless" in right) return left.exact.isAny;
  return left.exact.without(Part.undefined).isSupersetOf(right.exact.without(Part.undefined));
}

/** The largest index that is known to be there; undefined: none. */
export function largestIndex(array: Collection<number>): number | undefined {
  let largest: number | undefined;
  for (const [index, kind] of array.known) {
    if (kind.hasDefined && index > (largest ?? -1)) largest = index;
  }
  return largest;
}

/** The length an array has at least. */
export function lengthMin(array: Collection<number>): number {
  return (largestIndex(array) ?? -1) + 1;
}
