import { Collection, Kind, Part } from "../checker/kind.ts";
import { LayeredMap } from "../checker/layered-map.ts";
import { Failure } from "../runtime/failure.ts";
import { isObject } from "../runtime/kind-of.ts";
import { setKey, sortedKeys } from "../runtime/object.ts";
import type { Value, VrlObject } from "../runtime/value.ts";
import { sameCollection } from "./collection/restrict.ts";
import type { Example, FunctionDefinition, RunClosure } from "./define.ts";

export const mapValues: FunctionDefinition = {
  name: "map_values",
  category: "Enumerate",
  usage:
    "Replaces the values of `value`: each becomes what the closure makes of it. With `recursive`, an array or object " +
    "within is given to the closure as a whole first, and then, if it still is one, part by part. The closure sees " +
    "the variables around it and may change them; what it declares itself ends with it.",
  parameters: [
    {
      name: "value",
      kind: Part.array | Part.object,
      description: "The array or object whose values are replaced.",
    },
    {
      name: "recursive",
      kind: Part.boolean,
      isOptional: true,
      default: false,
      description: "Whether the values within arrays and objects are replaced, too.",
    },
  ],
  returns: Part.array | Part.object,
  closure: {
    parameter: "value",
    kind: Part.array | Part.object,
    variables: [{ of: "value", parameter: "value" }],
    yields: Kind.any,
    isIterator: true,
    example: "map_values([5, 50]) -> |value| { value + 1 }",
  },
  typeOf: (call) => {
    const type = call.type("value");
    const { scalars, array, object } = type.kind;
    const part = call.closure?.kind ?? Kind.any;
    return type.withKind(new Kind(scalars, array && replaced(array, part), object && replaced(object, part)));
  },
  sureKindOf: (call) => {
    const { kind } = call.type("value");
    if (call.constant("recursive") !== false) return sameCollection(kind);
    const part = call.closure?.kind ?? Kind.any;
    return new Kind(
      0,
      kind.array && sureParts(kind.array, part),
      kind.object && sureParts(kind.object, part),
    );
  },
  prepare: () => mapped,
};

/** Parts that are not known each by itself keep their kind. */
function replaced<K extends string | number>(parts: Collection<K>, kind: Kind): Collection<K> {
  return new Collection(
    LayeredMap.of([...parts.known.keys()].map((key) => [key, kind] as const)),
    parts.unknown,
  );
}

function sureParts<K extends string | number>(parts: Collection<K>, kind: Kind): Collection<K> {
  const known = [...parts.known].map(([key, before]) => {
    return [key, before.has(Part.undefined) ? kind.or(Kind.undefined) : kind] as const;
  });
  return Collection.of<K>(known, parts.isOpen ? kind : Kind.undefined);
}

function mapped(value: Value[] | VrlObject, recursive: boolean, closure: RunClosure): Value | Failure {
  return Array.isArray(value)
    ? mappedArray(value, recursive, closure)
    : mappedObject(value, recursive, closure);
}

function mappedArray(array: Value[], recursive: boolean, closure: RunClosure): Value[] | Failure {
  const result: Value[] = [];
  for (let index = 0; index < array.length; index++) {
    const part = mappedPart(array[index]!, recursive, closure);
    if (part instanceof Failure) return part;
    result.push(part);
  }
  return result;
}

function mappedObject(object: VrlObject, recursive: boolean, closure: RunClosure): VrlObject | Failure {
  const result: VrlObject = {};
  for (const key of sortedKeys(object)) {
    const part = mappedPart(object[key]!, recursive, closure);
    if (part instanceof Failure) return part;
    setKey(result, key, part);
  }
  return result;
}

function mappedPart(value: Value, recursive: boolean, closure: RunClosure): Value | Failure {
  const part = closure(value);
  // What the closure itself makes an array or object of is not gone into.
  if (!recursive || part instanceof Failure || !isCollection(value) || !isCollection(part)) return part;
  return mapped(part, true, closure);
}

function isCollection(value: Value): value is Value[] | VrlObject {
  return Array.isArray(value) || isObject(value);
}

export const examples: readonly Example[] = [
  {
    title: "Strings to integers",
    source: 'map_values({ "a": "1", "b": "22" }) -> |value| { parse_int!(value) }',
    result: '{"a": 1, "b": 22}',
  },
  {
    title: "All the way down",
    source:
      'map_values({ "a": "x", "b": ["y", { "c": "z" }] }, recursive: true) -> |value| { if is_string(value) { upcase!(value) } else { value } }',
    result: '{"a": "X", "b": ["Y", {"c": "Z"}]}',
  },
];

export const tests: readonly Example[] = [
  {
    title: "Only the first level",
    source: "map_values([1, [2]]) -> |value| { [value] }",
    result: "[[1], [[2]]]",
  },
  {
    title: "What becomes a scalar is not gone into",
    source:
      'map_values({ "a": [1], "b": 2 }, recursive: true) -> |value| { if is_array(value) { 0 } else { 9 } }',
    result: '{"a": 0, "b": 9}',
  },
  {
    title: "A changed array is gone into as it is then",
    source:
      "map_values([[1], 5], recursive: true) -> |value| { if is_array(value) { push(array!(value), 7) } else { int!(value) + 1 } }",
    result: "[[2, 8], 6]",
  },
  { title: "Empty", source: "map_values({}) -> |_value| { 1 }", result: "{}" },
];
