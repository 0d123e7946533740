import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { sortedKeys } from "../runtime/object.ts";
import type { VrlObject } from "../runtime/value.ts";
import { asObject } from "./collection/restrict.ts";
import type { Example, FunctionDefinition } from "./define.ts";

export const values: FunctionDefinition = {
  name: "values",
  category: "Enumerate",
  usage: "The values of the fields of `value`, in the order of their keys.",
  parameters: [{ name: "value", kind: Part.object, description: "The object whose values are wanted." }],
  returns: Part.array,
  typeOf: (call) => TypeDef.of(Kind.arrayOf(asObject(call.type("value")).reduced)),
  prepare: () => (value: VrlObject) => sortedKeys(value).map((key) => value[key]!),
};

export const examples: readonly Example[] = [
  {
    title: "The values of an object",
    source: 'values({ "status": 200, "method": "GET" })',
    result: '["GET", 200]',
  },
];

export const tests: readonly Example[] = [
  { title: "No values", source: "values({})", result: "[]" },
  {
    title: "Only the first level",
    source: 'values({ "a": { "b": 1 }, "c": [2] })',
    result: '[{"b": 1}, [2]]',
  },
  { title: "Equal values", source: 'values({ "a": null, "b": null })', result: "[null, null]" },
  {
    title: "Their types are known",
    source: 'map_values(values({ "a": "x", "b": "y" })) -> |text| { upcase(text) }',
    result: '["X", "Y"]',
  },
  {
    title: "Not an object",
    source: "values!(.n)",
    input: '{"n": true}',
    error: 'function call error for "values" at (0:11): expected object, got boolean',
  },
];
