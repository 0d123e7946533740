import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { valuesEqual } from "../runtime/equal.ts";
import type { Value } from "../runtime/value.ts";
import type { Example, FunctionDefinition } from "./define.ts";

export const tallyValue: FunctionDefinition = {
  name: "tally_value",
  category: "Enumerate",
  usage: "Counts the elements of `array` that equal `value`.",
  parameters: [
    { name: "array", kind: Part.array, description: "The array to look through." },
    { name: "value", kind: Part.all, description: "The value to count." },
  ],
  returns: Part.integer,
  typeOf: () => TypeDef.of(Kind.integer),
  prepare: () => (array: Value[], value: Value) => {
    let count = 0;
    for (let index = 0; index < array.length; index++) if (valuesEqual(array[index], value)) count++;
    return count;
  },
};

export const examples: readonly Example[] = [
  { title: "How many failed", source: 'tally_value(["ok", "failed", "failed"], "failed")', result: "2" },
];

export const tests: readonly Example[] = [
  { title: "Nothing", source: "tally_value([], 1)", result: "0" },
  { title: "An integer is no float", source: "tally_value([1, 1.0, 1], 1)", result: "2" },
  { title: "Null", source: "tally_value([null, 0, null], null)", result: "2" },
  { title: "Objects", source: 'tally_value([{ "a": 1 }, { "a": 2 }], { "a": 2 })', result: "1" },
  {
    title: "Not an array",
    source: "tally_value!(.n, 1)",
    input: '{"n": 1}',
    error: 'function call error for "tally_value" at (0:19): expected array, got integer',
  },
];
