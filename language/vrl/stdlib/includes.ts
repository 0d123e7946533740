import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { valuesEqual } from "../runtime/equal.ts";
import type { Value } from "../runtime/value.ts";
import type { Example, FunctionDefinition } from "./define.ts";

export const includes: FunctionDefinition = {
  name: "includes",
  category: "Enumerate",
  usage: "Whether an element of `value` equals `item`, in its type, too: 1 is not 1.0.",
  parameters: [
    { name: "value", kind: Part.array, description: "The array to look through." },
    { name: "item", kind: Part.all, description: "What to look for." },
  ],
  returns: Part.boolean,
  typeOf: () => TypeDef.of(Kind.boolean),
  prepare: () => (value: Value[], item: Value) => {
    for (let index = 0; index < value.length; index++) if (valuesEqual(value[index], item)) return true;
    return false;
  },
};

export const examples: readonly Example[] = [
  { title: "A known level", source: 'includes(["debug", "info"], "info")', result: "true" },
  { title: "An unknown port", source: "includes([80, 443], 8080)", result: "false" },
];

export const tests: readonly Example[] = [
  { title: "Nothing in nothing", source: "includes([], null)", result: "false" },
  { title: "An array", source: "includes([[1, 2], [3]], [3])", result: "true" },
  { title: "An object", source: 'includes([{ "a": 1, "b": [2] }], { "b": [2], "a": 1 })', result: "true" },
  { title: "An integer is no float", source: "includes([1, 2], 1.0)", result: "false" },
  { title: "Upper case is not lower case", source: 'includes(["A"], "a")', result: "false" },
  {
    title: "Not an array",
    source: 'includes!(.n, "a")',
    input: '{"n": "abc"}',
    error: 'function call error for "includes" at (0:18): expected array, got string',
  },
];
