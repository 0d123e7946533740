import { Collection, Kind, Part } from "../../checker/kind.ts";
import { TypeDef } from "../../checker/type-def.ts";

/** The type of a value that was changed somewhere: an array or object as before, of any parts. */
export function changedType(before: TypeDef): TypeDef {
  const isArray = before.kind.isOnly(Part.array);
  const isObject = before.kind.isOnly(Part.object);
  const kind = new Kind(0, isArray ? Collection.any() : undefined, isObject ? Collection.any() : undefined);
  return TypeDef.of(kind).fallible;
}
