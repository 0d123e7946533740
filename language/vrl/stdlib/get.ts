import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { Failure } from "../runtime/failure.ts";
import { getAt } from "../runtime/path.ts";
import type { Value } from "../runtime/value.ts";
import type { Example, FunctionDefinition } from "./define.ts";
import { segmentsOf } from "./path/segments.ts";

export const get: FunctionDefinition = {
  name: "get",
  category: "Path",
  usage:
    "Reads from `value` by a path that is known only when the program runs. Where it is known before, write it: " +
    "`.user.roles[0]`.",
  parameters: [
    { name: "value", kind: Part.array | Part.object, description: "What is read from.", isUnchecked: true },
    { name: "path", kind: Part.array, description: "Keys, and indices that may count from the end." },
  ],
  failures: ["A part of `path` is neither a string nor an integer."],
  returns: Part.all,
  returnRules: ["Null where the path leads to nothing."],
  typeOf: () => TypeDef.of(Kind.any).fallible,
  prepare: () => (value: Value, path: Value[]) => {
    const segments = segmentsOf(path);
    return segments instanceof Failure ? segments : (getAt(value, segments) ?? null);
  },
};

export const examples: readonly Example[] = [
  {
    title: "A field that the event names",
    source: "get!(.prices, [.currency])",
    input: '{"prices": {"EUR": 12, "USD": 13}, "currency": "EUR"}',
    result: "12",
  },
  { title: "The last element", source: "get!([4, 5, 6], [-1])", result: "6" },
];

export const tests: readonly Example[] = [
  { title: "An empty path", source: 'get!({ "a": 1 }, [])', result: '{"a": 1}' },
  { title: "Mixed", source: 'get!({ "a": [{ "b": true }] }, ["a", 0, "b"])', result: "true" },
  { title: "Nothing there", source: 'get!({ "a": 1 }, ["a", "b", 9])', result: "null" },
  {
    title: "An index of an object, a key of an array",
    source: '[get!({ "0": 1 }, [0]), get!([1], ["0"])]',
    result: "[null, null]",
  },
  { title: "A scalar has no parts", source: 'get!(.n, ["a"])', input: '{"n": 1}', result: "null" },
  {
    title: "A part that is no segment",
    source: "get!([1], [1.5])",
    error:
      'function call error for "get" at (0:16): path segment must be either string or integer, not float',
  },
  {
    title: "Not a path",
    source: "get!([1], .n)",
    input: '{"n": "a.b"}',
    error: 'function call error for "get" at (0:13): expected array, got string',
  },
];
