import { Collection, Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { Failure } from "../runtime/failure.ts";
import { isText } from "../runtime/kind-of.ts";
import { setKey } from "../runtime/object.ts";
import { lossyText } from "../runtime/text.ts";
import type { Value, VrlObject } from "../runtime/value.ts";
import { debugValue } from "./conversion/debug.ts";
import type { Example, FunctionDefinition } from "./define.ts";

export const tally: FunctionDefinition = {
  name: "tally",
  category: "Enumerate",
  usage: "Counts how often each string occurs in `value`, and gives an object of the counts.",
  parameters: [{ name: "value", kind: Part.array, description: "The strings to count." }],
  failures: ["An element is not a string."],
  returns: Part.object,
  isFresh: true,
  typeOf: () => TypeDef.of(Kind.ofObject(Collection.ofUnknown(Kind.integer))).fallible,
  prepare: () => (value: Value[]) => {
    const counts = new Map<string, number>();
    for (const element of value) {
      if (!isText(element)) return new Failure(`all values must be strings, found: ${debugValue(element)}`);
      const text = lossyText(element);
      counts.set(text, (counts.get(text) ?? 0) + 1);
    }
    const result: VrlObject = {};
    for (const [text, count] of counts) setKey(result, text, count);
    return result;
  },
};

export const examples: readonly Example[] = [
  {
    title: "How often each method occurs",
    source: 'tally!(["GET", "POST", "GET"])',
    result: '{"GET": 2, "POST": 1}',
  },
];

export const tests: readonly Example[] = [
  { title: "Nothing", source: "tally!([])", result: "{}" },
  {
    title: "Upper case is not lower case",
    source: 'tally!(["a", "A", ""])',
    result: '{"": 1, "A": 1, "a": 1}',
  },
  {
    title: "A name that objects have of their own",
    source: 'tally!(["__proto__", "__proto__"])',
    result: '{"__proto__": 2}',
  },
  {
    title: "A number",
    source: 'tally!(["a", 1.5])',
    error: 'function call error for "tally" at (0:18): all values must be strings, found: Float(1.5)',
  },
  {
    title: "An object",
    source: 'tally!([{ "k": ["v\\"", null, true] }])',
    error:
      'function call error for "tally" at (0:38): all values must be strings, found: Object({KeyString("k"): Array([Bytes(b"v\\""), Null, Boolean(true)])})',
  },
];
