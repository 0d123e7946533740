import { Collection, Kind, Part } from "../checker/kind.ts";
import type { Example, FunctionDefinition } from "./define.ts";
import { guard } from "./type/guard.ts";

export const array: FunctionDefinition = guard({
  name: "array",
  kindName: "array",
  article: "an",
  part: Part.array,
  kindOf: (argument) => Kind.ofArray(argument.array ?? Collection.any()),
  isOfKind: Array.isArray,
});

export const examples: readonly Example[] = [
  {
    title: "A field that should be one",
    source: 'push(array!(.tags), "new")',
    input: '{"tags": ["old"]}',
    result: '["old", "new"]',
  },
];

export const tests: readonly Example[] = [
  { title: "Known elements stay known", source: 'upcase(array(["a"])[0])', result: "A" },
  { title: "Empty", source: "array([])", result: "[]" },
  { title: "In its place", source: "array(.n) ?? []", input: '{"n": {"a": 1}}', result: "[]" },
  {
    title: "An object",
    source: "array!(.n)",
    input: '{"n": {"a": 1}}',
    error: 'function call error for "array" at (0:10): expected array, got { a: integer }',
  },
  {
    title: "Nothing",
    source: "array!(.n)",
    error: 'function call error for "array" at (0:10): expected array, got null',
  },
];
