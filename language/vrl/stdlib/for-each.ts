import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { Failure, yieldOf } from "../runtime/failure.ts";
import { sortedKeys } from "../runtime/object.ts";
import type { Value, VrlObject } from "../runtime/value.ts";
import type { Example, FunctionDefinition, RunClosure } from "./define.ts";

export const forEach: FunctionDefinition = {
  name: "for_each",
  category: "Enumerate",
  usage:
    "Runs the closure for every element or field of `value`, with the index or key and the value. The closure sees " +
    "the variables around it and may change them; what it declares itself ends with it. Collections within `value` " +
    "are not gone into.",
  parameters: [
    { name: "value", kind: Part.array | Part.object, description: "The array or object to go through." },
  ],
  returns: Part.null,
  closure: {
    parameter: "value",
    kind: Part.array | Part.object,
    variables: [
      { of: "key", parameter: "value" },
      { of: "value", parameter: "value" },
    ],
    yields: Kind.any,
    isIterator: true,
    example: "for_each([5, 50]) -> |index, value| { log(index + value) }",
  },
  typeOf: () => TypeDef.of(Kind.null),
  prepare: () => (value: Value[] | VrlObject, closure: RunClosure) => {
    if (Array.isArray(value)) {
      for (let index = 0; index < value.length; index++) {
        const outcome = closure(index, value[index]!);
        if (outcome instanceof Failure) return outcome;
      }
    } else {
      for (const key of sortedKeys(value)) {
        const outcome = yieldOf(closure(key, value[key]!));
        if (outcome instanceof Failure) return outcome;
      }
    }
    return null;
  },
};

export const examples: readonly Example[] = [
  {
    title: "Add up",
    source: "sum = 0\nfor_each([2, 3, 5]) -> |_index, number| { sum = sum + number }\nsum",
    result: "10",
  },
  {
    title: "Turn fields into lines",
    source:
      'lines = []\nfor_each({ "b": 2, "a": 1 }) -> |key, value| { lines = push(lines, key + "=" + to_string(value)) }\nlines',
    result: '["a=1", "b=2"]',
  },
];

export const tests: readonly Example[] = [
  { title: "It yields null", source: "for_each([1]) -> |_i, v| { v }", result: "null" },
  { title: "Nothing to do", source: "n = 0\nfor_each([]) -> |_i, _v| { n = n + 1 }\nn", result: "0" },
  {
    title: "Keys in the order of their bytes",
    source:
      'order = ""\nfor_each({ "ﬀ": 1, "😀": 2, "Z": 3, "a": 4 }) -> |key, _v| { order = order + key }\norder',
    result: "Zaﬀ😀",
  },
  {
    title: "What the closure sets in the event",
    source: 'for_each({ "x": 1, "y": 2 }) -> |key, value| { . = set!(., [key], value * 10) }\n.',
    result: '{"x": 10, "y": 20}',
  },
  {
    title: "A failure within ends it",
    source: "for_each(array!(.list)) -> |_i, v| { int!(v) }",
    input: '{"list": [1, "two"]}',
    error:
      'function call error for "for_each" at (0:46): function call error for "int" at (37:44): expected integer, got string',
  },
];
