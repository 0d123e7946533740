import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { sortedKeys } from "../runtime/object.ts";
import type { Value, VrlObject } from "../runtime/value.ts";
import type { Example, FunctionDefinition } from "./define.ts";

export const toEntries: FunctionDefinition = {
  name: "to_entries",
  category: "Object",
  usage:
    "An array with an object for each field or element of `value`, in which `key` is its key or index and `value` its " +
    "value. [`from_entries`](#from_entries) makes an object of it again.",
  parameters: [
    { name: "value", kind: Part.array | Part.object, description: "The array or object to take apart." },
  ],
  returns: Part.array,
  returnRules: ["It is as long as `value`; fields come in the order of their keys."],
  typeOf: () => TypeDef.of(Kind.anyArray()),
  prepare: () => (collection: Value[] | VrlObject) => {
    if (Array.isArray(collection)) return collection.map((value, key) => ({ key, value }));
    return sortedKeys(collection).map((key) => ({ key, value: collection[key]! }));
  },
};

export const examples: readonly Example[] = [
  {
    title: "Of an object",
    source: 'to_entries({ "b": 2, "a": 1 })',
    result: '[{"key": "a", "value": 1}, {"key": "b", "value": 2}]',
  },
  { title: "Of an array", source: 'to_entries(["x"])', result: '[{"key": 0, "value": "x"}]' },
];

export const tests: readonly Example[] = [
  { title: "Nothing", source: "to_entries({})", result: "[]" },
  {
    title: "Nested",
    source: 'to_entries({ "a": { "b": [] } })',
    result: '[{"key": "a", "value": {"b": []}}]',
  },
  {
    title: "And back",
    source: 'from_entries(to_entries({ "x": 1, "": null }))',
    result: '{"": null, "x": 1}',
  },
  {
    title: "Not a collection",
    source: "to_entries!(.n)",
    input: '{"n": 1}',
    error: 'function call error for "to_entries" at (0:15): expected array or object, got integer',
  },
];
