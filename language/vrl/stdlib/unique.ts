import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { identityOf } from "../runtime/equal.ts";
import type { Value } from "../runtime/value.ts";
import type { Example, FunctionDefinition } from "./define.ts";

export const unique: FunctionDefinition = {
  name: "unique",
  category: "Enumerate",
  usage: "The elements of `value`, each only where it occurs first.",
  parameters: [{ name: "value", kind: Part.array, description: "The array that may have equal elements." }],
  returns: Part.array,
  typeOf: () => TypeDef.of(Kind.anyArray()),
  prepare: () => (value: Value[]) => {
    const seen = new Set<string>();
    const kept: Value[] = [];
    for (const element of value) {
      // No other identity begins like that.
      const identity = typeof element === "string" ? `s${element}` : identityOf(element);
      if (seen.has(identity)) continue;
      seen.add(identity);
      kept.push(element);
    }
    return kept;
  },
};

export const examples: readonly Example[] = [
  { title: "Each host once", source: 'unique(["b", "a", "b", "c", "a"])', result: '["b", "a", "c"]' },
];

export const tests: readonly Example[] = [
  { title: "Nothing", source: "unique([])", result: "[]" },
  {
    title: "An integer is no float and no string",
    source: 'unique([1, 1.0, "1", 1, 1.0])',
    result: '[1, 1.0, "1"]',
  },
  {
    title: "Objects and arrays",
    source: 'unique([{ "a": 1, "b": 2 }, [1], { "b": 2, "a": 1 }, [1], [[1]]])',
    result: '[{"a": 1, "b": 2}, [1], [[1]]]',
  },
  {
    title: "Null, true and false",
    source: "unique([null, true, null, false, true])",
    result: "[null, true, false]",
  },
  {
    title: "Elements that look like several",
    source: 'unique([["a", "b"], ["a,b"], ["a\\",\\"b"]])',
    result: '[["a", "b"], ["a,b"], ["a\\",\\"b"]]',
  },
  {
    title: "Not an array",
    source: "unique!(.n)",
    input: '{"n": "aa"}',
    error: 'function call error for "unique" at (0:11): expected array, got string',
  },
];
