import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import type { Failure } from "../runtime/failure.ts";
import type { Value } from "../runtime/value.ts";
import type { Example, FunctionDefinition } from "./define.ts";
import { mismatch } from "./type/mismatch.ts";

export const zip: FunctionDefinition = {
  name: "zip",
  category: "Array",
  usage:
    "Goes through several arrays at the same time and gives an array of arrays: their first elements, their second " +
    "ones and so on, up to the end of the shortest. With one argument, that is an array of the arrays to go through.",
  parameters: [
    { name: "array_0", kind: Part.array, description: "The first array; alone, an array of all arrays." },
    { name: "array_1", kind: Part.array, isOptional: true, description: "The second array." },
  ],
  failures: ["`array_0` is the only argument and has elements that are not arrays."],
  returns: Part.array,
  typeOf: () => TypeDef.of(Kind.anyArray()),
  prepare: () => (first: Value[], second: Value[] | undefined) =>
    second === undefined ? zipAll(first) : zipTwo(first, second),
};

function zipTwo(first: Value[], second: Value[]): Value[] {
  const zipped: Value[] = [];
  const length = Math.min(first.length, second.length);
  for (let index = 0; index < length; index++) zipped.push([first[index]!, second[index]!]);
  return zipped;
}

function zipAll(arrays: Value[]): Value[] | Failure {
  let length = Infinity;
  for (const array of arrays) {
    if (!Array.isArray(array)) return mismatch("array", array);
    length = Math.min(length, array.length);
  }
  // Of no arrays at all there would be no end of empty rows.
  if (arrays.length === 0) return [];
  const zipped: Value[] = [];
  for (let index = 0; index < length; index++) zipped.push(arrays.map((array) => (array as Value[])[index]!));
  return zipped;
}

export const examples: readonly Example[] = [
  {
    title: "Names and values",
    source: 'zip(["cpu", "ram"], [0.5, 0.75])',
    result: '[["cpu", 0.5], ["ram", 0.75]]',
  },
  {
    title: "Several arrays in one",
    source: 'zip([[1, 2], ["a", "b"], [true, false]])',
    result: '[[1, "a", true], [2, "b", false]]',
  },
];

export const tests: readonly Example[] = [
  { title: "The shorter one ends it", source: "zip([1, 2, 3], [4])", result: "[[1, 4]]" },
  { title: "One of nothing", source: "zip([1], [])", result: "[]" },
  { title: "One array within", source: "zip([[1, 2]])", result: "[[1], [2]]" },
  { title: "The shortest of three", source: "zip([[1, 2], [3], [4, 5]])", result: "[[1, 3, 4]]" },
  {
    title: "An element that is no array",
    source: "zip([[1], 2])",
    error: 'function call error for "zip" at (0:13): expected array, got integer',
  },
  {
    title: "Not an array",
    source: "zip!(.a, [1])",
    input: '{"a": 1.5}',
    error: 'function call error for "zip" at (0:13): expected array, got float',
  },
];
