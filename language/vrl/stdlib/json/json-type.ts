import { Collection, Kind } from "../../checker/kind.ts";
import { TypeDef } from "../../checker/type-def.ts";
import { Part } from "../../checker/kind.ts";

const SCALARS = Part.bytes | Part.integer | Part.float | Part.boolean | Part.null;

/** Bits of `Part` of what a JSON document can be. */
export const JSON_PARTS: number = SCALARS | Part.array | Part.object;

/** The type of a call that reads a document whose shape nobody knows before. */
export function jsonType(): TypeDef {
  const inner = Kind.ofParts(JSON_PARTS);
  const kind = Kind.ofParts(SCALARS)
    .or(Kind.ofArray(Collection.ofUnknown(inner)))
    .or(Kind.ofObject(Collection.ofUnknown(inner)));
  return TypeDef.of(kind).fallible;
}
