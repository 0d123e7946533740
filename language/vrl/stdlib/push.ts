import { type Collection, Kind, Part } from "../checker/kind.ts";
import type { Value } from "../runtime/value.ts";
import { asArray, exactLength, hasSureLength, shuffled } from "./collection/restrict.ts";
import type { Example, FunctionDefinition } from "./define.ts";

export const push: FunctionDefinition = {
  name: "push",
  category: "Array",
  usage: "The elements of `value` and after them `item`, in a new array.",
  parameters: [
    { name: "value", kind: Part.array, description: "The array to lengthen." },
    { name: "item", kind: Part.all, description: "The element to add." },
  ],
  returns: Part.array,
  returnRules: ["`value` itself stays as it is."],
  typeOf: (call) => {
    const type = call.type("value");
    return type.infallible.withKind(Kind.ofArray(pushed(asArray(type), call.type("item").kind.read)));
  },
  sureKindOf: (call) => {
    const array = asArray(call.type("value"));
    const item = call.type("item").kind.read;
    return hasSureLength(array) ? Kind.ofArray(pushed(array, item)) : shuffled(array, item);
  },
  prepare: () => (value: Value[], item: Value) => [...value, item],
};

function pushed(array: Collection<number>, item: Kind): Collection<number> {
  const length = exactLength(array);
  return length === undefined ? array.withUnknown(array.unknownKind.or(item)) : array.with(length, item);
}

export const examples: readonly Example[] = [
  { title: "Add an element", source: 'push(["red"], "green")', result: '["red", "green"]' },
  {
    title: "Collect values of the event",
    source: ".hops = push(array(.hops) ?? [], .host)\n.hops",
    input: '{"host": "a1"}',
    result: '["a1"]',
  },
];

export const tests: readonly Example[] = [
  { title: "To nothing", source: "push([], 1.5)", result: "[1.5]" },
  { title: "An array becomes one element", source: "push([1], [2, 3])", result: "[1, [2, 3]]" },
  { title: "What is missing is null", source: "push([], .missing)", result: "[null]" },
  { title: "The array stays as it is", source: "a = [1]\nb = push(a, 2)\n[a, b]", result: "[[1], [1, 2]]" },
  { title: "The element keeps its type", source: 'downcase(push([1], "X")[1])', result: "x" },
  {
    title: "Not an array",
    source: "push!(.n, 1)",
    input: '{"n": null}',
    error: 'function call error for "push" at (0:12): expected array, got null',
  },
];
