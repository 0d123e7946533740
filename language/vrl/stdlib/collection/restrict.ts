/** Types of arguments as the arrays or objects they are at run time. */
import { Collection, Kind, lengthMin, Part } from "../../checker/kind.ts";
import type { TypeDef } from "../../checker/type-def.ts";

/** What is known of it as an array; where it may be none, nothing. */
export function asArray(type: TypeDef): Collection<number> {
  return type.kind.array ?? Collection.any();
}

export function asObject(type: TypeDef): Collection<string> {
  return type.kind.object ?? Collection.any();
}

export function restrictToArray(type: TypeDef): TypeDef {
  return type.withKind(Kind.ofArray(asArray(type)));
}

export function restrictToObject(type: TypeDef): TypeDef {
  return type.withKind(Kind.ofObject(asObject(type)));
}

/** An array of the same elements and perhaps fewer, in any place. */
export function shuffled(array: Collection<number>, others: Kind = Kind.never): Kind {
  return Kind.arrayOf(array.reduced.or(others).without(Part.undefined));
}

/** Whether every array of this kind has the same length, and all its elements are known one by one. */
export function hasSureLength(array: Collection<number>): boolean {
  if (array.isOpen) return false;
  const length = array.known.size;
  return [...array.known].every(([index, kind]) => index < length && !kind.has(Part.undefined));
}

/** Whichever of an array and an object it may be, of any parts. */
export function sameCollection(kind: Kind): Kind {
  return new Kind(0, kind.array && Collection.any(), kind.object && Collection.any());
}

/** The length, where every array of this kind has the same. */
export function exactLength(array: Collection<number>): number | undefined {
  return array.isOpen ? undefined : lengthMin(array);
}
