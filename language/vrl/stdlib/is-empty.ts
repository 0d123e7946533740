import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { isText } from "../runtime/kind-of.ts";
import type { Text } from "../runtime/text.ts";
import type { Value, VrlObject } from "../runtime/value.ts";
import type { Example, FunctionDefinition } from "./define.ts";

export const isEmpty: FunctionDefinition = {
  name: "is_empty",
  category: "Type",
  usage: "Whether `value` has no elements, no fields or no bytes.",
  parameters: [
    {
      name: "value",
      kind: Part.array | Part.object | Part.bytes,
      description: "The array, object or string to look at.",
    },
  ],
  returns: Part.boolean,
  typeOf: () => TypeDef.of(Kind.boolean),
  prepare: () => (value: Value[] | VrlObject | Text) =>
    Array.isArray(value) || isText(value) ? value.length === 0 : Object.keys(value).length === 0,
};

export const examples: readonly Example[] = [
  { title: "An array", source: "is_empty([])", result: "true" },
  { title: "A string", source: 'is_empty("a string")', result: "false" },
];

export const tests: readonly Example[] = [
  { title: "An object", source: '[is_empty({}), is_empty({ "": null })]', result: "[true, false]" },
  { title: "An empty string", source: 'is_empty("")', result: "true" },
  { title: "A blank", source: 'is_empty(" ")', result: "false" },
  { title: "The event", source: "is_empty(.)", result: "true" },
  {
    title: "Not to be measured",
    source: "is_empty!(.n)",
    input: '{"n": null}',
    error: 'function call error for "is_empty" at (0:13): expected string, array or object, got null',
  },
];
