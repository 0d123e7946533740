import { Collection, Kind, Part } from "../checker/kind.ts";
import type { Value } from "../runtime/value.ts";
import { asArray, exactLength, hasSureLength, shuffled } from "./collection/restrict.ts";
import type { Example, FunctionDefinition } from "./define.ts";

export const append: FunctionDefinition = {
  name: "append",
  category: "Array",
  usage: "Puts the elements of `items` after those of `value`, in a new array.",
  parameters: [
    { name: "value", kind: Part.array, description: "The array whose elements come first." },
    { name: "items", kind: Part.array, description: "The array whose elements follow." },
  ],
  returns: Part.array,
  typeOf: (call) => {
    const items = asArray(call.type("items"));
    return call.type("value").infallible.withKind(Kind.ofArray(appended(asArray(call.type("value")), items)));
  },
  sureKindOf: (call) => {
    const [value, items] = [asArray(call.type("value")), asArray(call.type("items"))];
    return hasSureLength(value) ? Kind.ofArray(appended(value, items)) : shuffled(value, items.reduced);
  },
  prepare: () => (value: Value[], items: Value[]) => value.concat(items),
};

function appended(value: Collection<number>, items: Collection<number>): Collection<number> {
  const length = exactLength(value);
  if (length === undefined) return value.withUnknown(value.unknownKind.or(items.reduced));
  let both = value.withUnknown(items.unknownKind);
  for (const [index, kind] of items.known) both = both.with(index + length, kind);
  return both;
}

export const examples: readonly Example[] = [
  { title: "Join two arrays", source: 'append(["web", "db"], ["cache"])', result: '["web", "db", "cache"]' },
  {
    title: "Add defaults to the event's tags",
    source: 'append(array!(.tags), ["seen"])',
    input: '{"tags": ["new"]}',
    result: '["new", "seen"]',
  },
];

export const tests: readonly Example[] = [
  { title: "Nothing to append", source: "append([1, null], [])", result: "[1, null]" },
  { title: "To nothing", source: 'append([], [{ "a": [1.5] }])', result: '[{"a": [1.5]}]' },
  { title: "Arrays stay elements", source: "append([[1]], [[2], 3])", result: "[[1], [2], 3]" },
  {
    title: "The first array stays as it is",
    source: "a = [1]\nb = append(a, [2])\n[a, b]",
    result: "[[1], [1, 2]]",
  },
  {
    title: "Elements keep their types",
    source: 'upcase(append([1], ["x"])[1])',
    result: "X",
  },
  {
    title: "Not an array",
    source: "append!([1], .n)",
    input: '{"n": "2"}',
    error: 'function call error for "append" at (0:16): expected array, got string',
  },
];
