import { Part } from "../checker/kind.ts";
import type { Value } from "../runtime/value.ts";
import { asArray, restrictToArray, shuffled } from "./collection/restrict.ts";
import type { Example, FunctionDefinition } from "./define.ts";

export const pop: FunctionDefinition = {
  name: "pop",
  category: "Array",
  usage: "All elements of `value` but the last, in a new array.",
  parameters: [{ name: "value", kind: Part.array, description: "The array to shorten." }],
  returns: Part.array,
  returnRules: ["`value` itself stays as it is.", "An empty array stays empty."],
  typeOf: (call) => {
    const value = call.type("value");
    return restrictToArray(value.kind.isOnly(Part.array) ? value : value.fallible);
  },
  sureKindOf: (call) => shuffled(asArray(call.type("value"))),
  prepare: () => (value: Value[]) => value.slice(0, -1),
};

export const examples: readonly Example[] = [
  { title: "Drop the last element", source: 'pop(["a", "b", "c"])', result: '["a", "b"]' },
];

export const tests: readonly Example[] = [
  { title: "Empty", source: "pop([])", result: "[]" },
  { title: "One element", source: "pop([null])", result: "[]" },
  { title: "The array stays as it is", source: "a = [1, 2]\nb = pop(a)\n[a, b]", result: "[[1, 2], [1]]" },
  { title: "Twice", source: "pop(pop([[1], { }, 3.5]))", result: "[[1]]" },
  {
    title: "Not an array",
    source: "pop!(.n)",
    input: '{"n": {"a": 1}}',
    error: 'function call error for "pop" at (0:8): expected array, got { a: integer }',
  },
];
