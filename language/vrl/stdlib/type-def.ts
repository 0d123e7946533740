import { Collection, Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { setKey } from "../runtime/object.ts";
import type { VrlObject } from "../runtime/value.ts";
import type { Example, FunctionDefinition } from "./define.ts";

export const typeDef: FunctionDefinition = {
  name: "type_def",
  category: "Type",
  usage:
    "What the compiler knows of the type of an expression, for those who look for the reason of a type error. What it " +
    "looks like may change at any time.",
  parameters: [
    {
      name: "value",
      kind: Part.all,
      isTypeOnly: true,
      description: "The expression; it is not evaluated.",
    },
  ],
  returns: Part.all,
  typeOf: () => TypeDef.of(Kind.any),
  prepare: (call) => {
    const { kind, isFallible } = call.type("value");
    const description = describe(canonical(kind), true);
    if (isFallible) description["fallible"] = true;
    return () => description;
  },
};

const scalars = {
  bytes: Part.bytes,
  integer: Part.integer,
  float: Part.float,
  boolean: Part.boolean,
  timestamp: Part.timestamp,
  regex: Part.regex,
  null: Part.null,
  undefined: Part.undefined,
};

function describe(kind: Kind, showsUnknown: boolean): VrlObject {
  if (kind.isNever) return { never: true };
  if (kind.isAny) return { any: true };
  if (kind.isJson) return { json: true };
  const description: VrlObject = {};
  for (const [name, part] of Object.entries(scalars)) if (kind.has(part)) description[name] = true;
  if (kind.object !== undefined) describeParts(description, "object", kind.object, showsUnknown);
  if (kind.array !== undefined) describeParts(description, "array", kind.array, showsUnknown);
  return description;
}

function describeParts<K extends string | number>(
  into: VrlObject,
  name: string,
  parts: Collection<K>,
  showsUnknown: boolean,
): void {
  const known: VrlObject = {};
  for (const [key, kind] of parts.known) setKey(known, String(key), describe(kind, showsUnknown));
  into[name] = known;
  // Where kinds are the same at any depth, one level of it tells.
  if (showsUnknown && parts.isOpen)
    into[`${name}_unknown_infinite`] = describe(parts.unknownKind, "exact" in parts.unknown);
}

/** Without the parts that are no more than any part. */
function canonical(kind: Kind): Kind {
  return new Kind(
    kind.scalars,
    kind.array && canonicalParts(kind.array),
    kind.object && canonicalParts(kind.object),
  );
}

function canonicalParts<K extends string | number>(parts: Collection<K>): Collection<K> {
  const { unknownKind } = parts;
  const known = [...parts.known].filter(([, kind]) => !kind.equals(unknownKind));
  return Collection.of<K>(known, unknownKind);
}

export const examples: readonly Example[] = [
  {
    title: "Of a literal",
    source: 'type_def([1, "a"])',
    result: '{"array": {"0": {"integer": true}, "1": {"bytes": true}}}',
  },
];

export const tests: readonly Example[] = [
  { title: "Of a field of the event", source: "type_def(.a)", result: '{"any": true}' },
  { title: "Of null", source: "type_def(null)", result: '{"null": true}' },
  {
    title: "Of either",
    source: "x = if random_bool() { 1 } else { 1.5 }\ntype_def(x)",
    result: '{"integer": true, "float": true}',
  },
  {
    title: "Of an object",
    source: 'type_def({ "a": { "b": true } })',
    result: '{"object": {"a": {"object": {"b": {"boolean": true}}}}}',
  },
  {
    title: "Of keys",
    source: "type_def(keys({}))",
    result: '{"array": {}, "array_unknown_infinite": {"bytes": true, "undefined": true}}',
  },
];
