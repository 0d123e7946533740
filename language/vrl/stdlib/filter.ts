import { Kind, Part, Collection } from "../checker/kind.ts";
import type { TypeDef } from "../checker/type-def.ts";
import { Failure, yieldOf } from "../runtime/failure.ts";
import { setKey, sortedKeys } from "../runtime/object.ts";
import type { Value, VrlObject } from "../runtime/value.ts";
import type { Example, FunctionDefinition, RunClosure } from "./define.ts";

export const filter: FunctionDefinition = {
  name: "filter",
  category: "Enumerate",
  usage:
    "Keeps those elements or fields of `value` of which the closure is true. The closure gets the key of a field, or " +
    "the index of an element, and the value. It sees the variables around it and may change them; what it declares " +
    "itself ends with it. Collections within `value` are not gone into.",
  parameters: [
    { name: "value", kind: Part.array | Part.object, description: "The array or object to choose from." },
  ],
  returns: Part.array | Part.object,
  closure: {
    parameter: "value",
    kind: Part.array | Part.object,
    variables: [
      { of: "key", parameter: "value" },
      { of: "value", parameter: "value" },
    ],
    yields: Kind.boolean,
    isIterator: true,
    example: "filter([5, 50]) -> |_index, value| { value > 10 }",
  },
  typeOf: (call) => anyOfItsKind(call.type("value")),
  prepare: () => filtered,
};

/** Which parts are left is not known before it runs. */
function anyOfItsKind(type: TypeDef): TypeDef {
  const { scalars, array, object } = type.kind;
  return type.withKind(new Kind(scalars, array && Collection.any(), object && Collection.any()));
}

function filtered(value: Value[] | VrlObject, closure: RunClosure): Value | Failure {
  return Array.isArray(value) ? filteredArray(value, closure) : filteredObject(value, closure);
}

function filteredArray(array: Value[], closure: RunClosure): Value[] | Failure {
  const kept: Value[] = [];
  for (let index = 0; index < array.length; index++) {
    const verdict = closure(index, array[index]!);
    if (verdict instanceof Failure) return verdict;
    if (verdict === true) kept.push(array[index]!);
  }
  return kept;
}

function filteredObject(object: VrlObject, closure: RunClosure): VrlObject | Failure {
  const kept: VrlObject = {};
  for (const key of sortedKeys(object)) {
    const verdict = yieldOf(closure(key, object[key]!));
    if (verdict instanceof Failure) return verdict;
    if (verdict === true) setKey(kept, key, object[key]!);
  }
  return kept;
}

export const examples: readonly Example[] = [
  {
    title: "Numbers above a limit",
    source: "filter([3, 18, 7, 40]) -> |_index, number| { number > 10 }",
    result: "[18, 40]",
  },
  {
    title: "Without private fields",
    source: 'filter({ "name": "ada", "_id": 7 }) -> |key, _value| { !starts_with(key, "_") }',
    result: '{"name": "ada"}',
  },
];

export const tests: readonly Example[] = [
  { title: "Nothing is left", source: "filter([1, 2]) -> |_i, _v| { false }", result: "[]" },
  {
    title: "By index",
    source: 'filter(["a", "b", "c"]) -> |index, _| { mod(index, 2) == 0 }',
    result: '["a", "c"]',
  },
  { title: "An empty object", source: "filter({}) -> |_k, _v| { true }", result: "{}" },
  {
    title: "In the order of keys",
    source: 'seen = ""\nfilter({ "b": 1, "a": 2, "é": 3 }) -> |key, _v| { seen = seen + key; true }\nseen',
    result: "abé",
  },
];
