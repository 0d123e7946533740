import { Kind, Part } from "../checker/kind.ts";
import { Failure } from "../runtime/failure.ts";
import { isObject } from "../runtime/kind-of.ts";
import { detachAt, removeAt } from "../runtime/path.ts";
import type { Value } from "../runtime/value.ts";
import { sameCollection } from "./collection/restrict.ts";
import type { Example, FunctionDefinition } from "./define.ts";
import { changedType } from "./path/changed.ts";
import { segmentsOf } from "./path/segments.ts";

export const remove: FunctionDefinition = {
  name: "remove",
  category: "Path",
  usage:
    "`value` without what a path leads to that is known only when the program runs. Where it is known before, use " +
    "[`del`](#del), which also yields what it removes.",
  parameters: [
    {
      name: "value",
      kind: Part.array | Part.object,
      description: "What is removed from.",
      isUnchecked: true,
    },
    { name: "path", kind: Part.array, description: "Keys, and indices that may count from the end." },
    {
      name: "compact",
      kind: Part.boolean,
      isOptional: true,
      default: false,
      description: "Whether the objects and arrays around it that become empty are removed, too.",
    },
  ],
  failures: ["A part of `path` is neither a string nor an integer."],
  returns: Part.array | Part.object,
  returnRules: ["`value` itself stays as it is."],
  typeOf: (call) => changedType(call.type("value")),
  sureKindOf: (call) => {
    const { kind } = call.type("value");
    return kind.isOnly(Part.array | Part.object) ? sameCollection(kind) : Kind.any;
  },
  prepare: () => (value: Value, path: Value[], isCompact: boolean) => {
    const segments = segmentsOf(path);
    if (segments instanceof Failure) return segments;
    if (segments.length === 0) return emptied(value);
    const left = detachAt(value, segments);
    removeAt(left, segments, isCompact);
    return left;
  },
};

function emptied(value: Value): Value {
  if (Array.isArray(value)) return [];
  return isObject(value) ? {} : null;
}

export const examples: readonly Example[] = [
  {
    title: "A field that the event names",
    source: "remove!(.data, [.secret])",
    input: '{"data": {"user": "ada", "token": "x"}, "secret": "token"}',
    result: '{"user": "ada"}',
  },
  { title: "An element", source: "remove!([7, 8, 9], [1])", result: "[7, 9]" },
];

export const tests: readonly Example[] = [
  { title: "Nothing there", source: 'remove!({ "a": [1] }, ["a", 1])', result: '{"a": [1]}' },
  {
    title: "Empty objects are left",
    source: 'remove!({ "a": { "b": [1] } }, ["a", "b", -1])',
    result: '{"a": {"b": []}}',
  },
  { title: "Compact", source: 'remove!({ "a": { "b": [1] } }, ["a", "b", -1], true)', result: "{}" },
  { title: "Everything", source: '[remove!({ "a": 1 }, []), remove!([1], [])]', result: "[{}, []]" },
  {
    title: "The value stays as it is",
    source: 'v = { "a": { "b": 1, "c": 2 } }\nw = remove!(v, ["a", "b"])\n[v, w]',
    result: '[{"a": {"b": 1, "c": 2}}, {"a": {"c": 2}}]',
  },
  {
    title: "A part that is no segment",
    source: "remove!([1], [null])",
    error:
      'function call error for "remove" at (0:20): path segment must be either string or integer, not null',
  },
];
