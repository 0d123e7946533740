import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { isText } from "../runtime/kind-of.ts";
import { byteLength, type Text } from "../runtime/text.ts";
import type { Value, VrlObject } from "../runtime/value.ts";
import type { Example, FunctionDefinition } from "./define.ts";

export const length: FunctionDefinition = {
  name: "length",
  category: "Enumerate",
  usage: "How many elements, fields or bytes `value` has. For characters, see [`strlen`](#strlen).",
  parameters: [
    {
      name: "value",
      kind: Part.array | Part.object | Part.bytes,
      description: "The array, object or string to measure.",
    },
  ],
  returns: Part.integer,
  returnRules: ["Of an object the fields of the first level count.", "Of a string its bytes count."],
  typeOf: () => TypeDef.of(Kind.integer),
  prepare: () => (value: Value[] | VrlObject | Text) => {
    if (isText(value)) return byteLength(value);
    return Array.isArray(value) ? value.length : Object.keys(value).length;
  },
};

export const examples: readonly Example[] = [
  { title: "Of an array", source: 'length(["a", [1, 2]])', result: "2" },
  { title: "Of an object", source: 'length({ "a": { "b": 1, "c": 2 } })', result: "1" },
  { title: "Of a string, in bytes", source: 'length("naïve")', result: "6" },
];

export const tests: readonly Example[] = [
  { title: "Empty", source: 'length([]) + length({}) + length("")', result: "0" },
  { title: "Four bytes in one character", source: 'length("🦀")', result: "4" },
  { title: "Bytes that are no text", source: 'length(decode_base16!("ff00fe"))', result: "3" },
  {
    title: "Not to be measured",
    source: "length!(.n)",
    input: '{"n": 12}',
    error: 'function call error for "length" at (0:11): expected string, array or object, got integer',
  },
];
