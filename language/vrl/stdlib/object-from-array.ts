import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { Failure } from "../runtime/failure.ts";
import { isText } from "../runtime/kind-of.ts";
import { setKey } from "../runtime/object.ts";
import { lossyText } from "../runtime/text.ts";
import type { Value, VrlObject } from "../runtime/value.ts";
import type { Example, FunctionDefinition } from "./define.ts";
import { mismatch } from "./type/mismatch.ts";

export const objectFromArray: FunctionDefinition = {
  name: "object_from_array",
  category: "Object",
  usage:
    "Makes an object of an array of pairs of key and value, or of an array of values and one of keys. What has null " +
    "for a key is left out; a pair without a value has null.",
  parameters: [
    { name: "values", kind: Part.array, description: "The values; without `keys`, pairs of key and value." },
    {
      name: "keys",
      kind: Part.array,
      isOptional: true,
      description: "The keys, in the order of the values.",
    },
  ],
  failures: [
    "`keys` is not given, and an element of `values` is no array or an empty one.",
    "A key is neither a string nor null.",
  ],
  returns: Part.object,
  typeOf: () => TypeDef.of(Kind.anyObject()),
  prepare: () => (values: Value[], keys: Value[] | undefined) =>
    keys === undefined ? fromPairs(values) : fromTwo(keys, values),
};

function fromPairs(pairs: Value[]): VrlObject | Failure {
  const object: VrlObject = {};
  for (const pair of pairs) {
    if (!Array.isArray(pair)) return mismatch("array", pair);
    if (pair.length === 0) return new Failure("array value too short");
    if (!put(object, pair[0]!, pair[1] ?? null)) return new Failure(BAD_KEY);
  }
  return object;
}

function fromTwo(keys: Value[], values: Value[]): VrlObject | Failure {
  const object: VrlObject = {};
  const length = Math.min(keys.length, values.length);
  for (let index = 0; index < length; index++) {
    if (!put(object, keys[index]!, values[index]!)) return new Failure(BAD_KEY);
  }
  return object;
}

const BAD_KEY = "object keys must be strings";

/** False: the key cannot be one. */
function put(object: VrlObject, key: Value, value: Value): boolean {
  if (isText(key)) setKey(object, lossyText(key), value);
  return isText(key) || key === null;
}

export const examples: readonly Example[] = [
  {
    title: "Pairs",
    source: 'object_from_array([["host", "a1"], ["port", 8080]])',
    result: '{"host": "a1", "port": 8080}',
  },
  {
    title: "A row and its header",
    source: 'object_from_array(values: ["ada", 36], keys: ["name", "age"])',
    result: '{"age": 36, "name": "ada"}',
  },
];

export const tests: readonly Example[] = [
  { title: "Nothing", source: "object_from_array([])", result: "{}" },
  {
    title: "A pair without value, and one with more than that",
    source: 'object_from_array([["a"], ["b", 1, 2]])',
    result: '{"a": null, "b": 1}',
  },
  {
    title: "Null for a key",
    source: 'object_from_array([1, 2, 3], ["a", null, "c"])',
    result: '{"a": 1, "c": 3}',
  },
  { title: "The shorter array ends it", source: 'object_from_array([1, 2], ["a"])', result: '{"a": 1}' },
  {
    title: "Of two values for a key the last",
    source: 'object_from_array([["a", 1], ["a", 2]])',
    result: '{"a": 2}',
  },
  {
    title: "A key that is a number",
    source: "object_from_array([[1, 2]])",
    error: 'function call error for "object_from_array" at (0:27): object keys must be strings',
  },
  {
    title: "An empty pair",
    source: "object_from_array([[]])",
    error: 'function call error for "object_from_array" at (0:23): array value too short',
  },
  {
    title: "An element that is no pair",
    source: 'object_from_array(["ab"])',
    error: 'function call error for "object_from_array" at (0:25): expected array, got string',
  },
];
