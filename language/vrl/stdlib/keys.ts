import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { sortedKeys } from "../runtime/object.ts";
import type { Example, FunctionDefinition } from "./define.ts";

export const keys: FunctionDefinition = {
  name: "keys",
  category: "Enumerate",
  usage: "The keys of `value`, sorted by their bytes.",
  parameters: [{ name: "value", kind: Part.object, description: "The object whose keys are wanted." }],
  returns: Part.array,
  isFresh: true,
  typeOf: () => TypeDef.of(Kind.arrayOf(Kind.bytes)),
  prepare: () => sortedKeys,
};

export const examples: readonly Example[] = [
  {
    title: "The keys of an object",
    source: 'keys({ "status": 200, "method": "GET" })',
    result: '["method", "status"]',
  },
];

export const tests: readonly Example[] = [
  { title: "No keys", source: "keys({})", result: "[]" },
  {
    title: "Numbers are sorted as strings",
    source: 'keys({ "10": 1, "9": 2, "1": 3 })',
    result: '["1", "10", "9"]',
  },
  { title: "Only the first level", source: 'keys({ "a": { "b": 1 } })', result: '["a"]' },
  {
    title: "Names that objects have of their own",
    source: 'keys({ "constructor": 1, "__proto__": 2 })',
    result: '["__proto__", "constructor"]',
  },
  { title: "Of the event", source: "keys(.)", input: '{"z": 1, "": 2}', result: '["", "z"]' },
  {
    title: "Not an object",
    source: "keys!(.n)",
    input: '{"n": [1]}',
    error: 'function call error for "keys" at (0:9): expected object, got [integer]',
  },
];
