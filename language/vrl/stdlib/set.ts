import { Kind, Part } from "../checker/kind.ts";
import { Failure } from "../runtime/failure.ts";
import { detachAt, INDEX_MAX, insertAt, isInsertable } from "../runtime/path.ts";
import type { Value } from "../runtime/value.ts";
import type { Example, FunctionDefinition } from "./define.ts";
import { changedType } from "./path/changed.ts";
import { segmentsOf } from "./path/segments.ts";
import { mismatch } from "./type/mismatch.ts";

export const set: FunctionDefinition = {
  name: "set",
  category: "Path",
  usage:
    "`value` with `data` put where a path leads that is known only when the program runs. Arrays and objects on the " +
    'way are made where they are missing. Where the path is known before, assign: `.user.roles[0] = "admin"`.',
  parameters: [
    { name: "value", kind: Part.array | Part.object, description: "What is changed.", isUnchecked: true },
    {
      name: "path",
      kind: Part.array,
      description: "Keys, and indices that may count from the end.",
      isUnchecked: true,
    },
    { name: "data", kind: Part.all, description: "What is put there." },
  ],
  failures: [
    "A part of `path` is neither a string nor an integer.",
    `An index is above ${INDEX_MAX} or below ${-INDEX_MAX - 1}.`,
  ],
  returns: Part.array | Part.object,
  returnRules: ["`value` itself stays as it is."],
  typeOf: (call) => changedType(call.type("value")),
  sureKindOf: () => Kind.any,
  prepare: () => (value: Value, path: Value, data: Value) => {
    if (!Array.isArray(path)) return mismatch("string or array", path);
    const segments = segmentsOf(path);
    if (segments instanceof Failure) return segments;
    if (!isInsertable(segments)) return new Failure(OUT_OF_RANGE);
    return insertAt(detachAt(value, segments), segments, data);
  },
};

const OUT_OF_RANGE = `path index must be between "${-INDEX_MAX - 1}" and "${INDEX_MAX}"`;

export const examples: readonly Example[] = [
  {
    title: "A field that the event names",
    source: "set!({}, [.key], .value)",
    input: '{"key": "color", "value": "red"}',
    result: '{"color": "red"}',
  },
  {
    title: "What is missing on the way",
    source: 'set!({ "a": 1 }, ["b", 1, "c"], true)',
    result: '{"a": 1, "b": [null, {"c": true}]}',
  },
];

export const tests: readonly Example[] = [
  { title: "From the end", source: "set!([1, 2, 3], [-1], 0)", result: "[1, 2, 0]" },
  { title: "Before the start", source: "set!([1], [-3], 0)", result: "[0, null, 1]" },
  { title: "A scalar gives way", source: 'set!({ "a": 5 }, ["a", "b"], 6)', result: '{"a": {"b": 6}}' },
  { title: "An empty path", source: 'set!({ "a": 5 }, [], [1])', result: "[1]" },
  {
    title: "Names that objects have of their own",
    source: 'set!({}, ["__proto__", "x"], 1)',
    result: '{"__proto__": {"x": 1}}',
  },
  {
    title: "The value stays as it is",
    source: 'v = { "a": { "b": 1 } }\nw = set!(v, ["a", "c"], 2)\n[v, w]',
    result: '[{"a": {"b": 1}}, {"a": {"b": 1, "c": 2}}]',
  },
  {
    title: "An index that would fill memory",
    source: "set!([], [9000000000], 1)",
    error: 'function call error for "set" at (0:25): path index must be between "-1048576" and "1048575"',
  },
  {
    title: "Not a path",
    source: "set!({}, .n, 1)",
    input: '{"n": 3}',
    error: 'function call error for "set" at (0:15): expected string or array, got integer',
  },
];
