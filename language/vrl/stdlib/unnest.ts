import { insertKind, kindAt } from "../checker/kind-paths.ts";
import { Collection, Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { detachAt, getAt, insertAt, removeAt, type Path } from "../runtime/path.ts";
import type { Failure } from "../runtime/failure.ts";
import type { Value } from "../runtime/value.ts";
import type { Example, FunctionDefinition } from "./define.ts";
import { mismatch } from "./type/mismatch.ts";

export const unnest: FunctionDefinition = {
  name: "unnest",
  category: "Object",
  usage:
    "Makes one object of each element of the array at `path`: all that is around the array, with the element in its " +
    "place. Where the result is assigned to `.`, each becomes an event of its own.",
  parameters: [{ name: "path", kind: Part.array, isPath: true, description: "The path of the array." }],
  failures: ["There is no array at `path`."],
  returns: Part.array,
  typeOf: (call) => {
    const path = call.argument("path")?.path;
    if (path === undefined) return TypeDef.of(Kind.anyArray());
    const { kind } = path.root;
    const { array } = kindAt(kind, path.segments);
    if (array === undefined) return TypeDef.of(Kind.never);
    const known = [...array.known].map(
      ([index, part]) => [index, insertKind(kind, path.segments, part)] as const,
    );
    const unknown = array.isOpen
      ? insertKind(kind, path.segments, array.unknownKind.without(Part.undefined))
      : Kind.undefined;
    return TypeDef.of(Kind.ofArray(Collection.of<number>(known, unknown)));
  },
  sureKindOf: () => Kind.anyArray(),
  prepare: () => unnested,
};

function unnested(root: Value, path: Path): Value[] | Failure {
  const elements = getAt(root, path);
  if (!Array.isArray(elements)) return mismatch("array", elements);
  if (path.length === 0) return elements;
  const around = detachAt(root, path);
  removeAt(around, path, true);
  return elements.map((element) => insertAt(detachAt(around, path), path, element));
}

export const examples: readonly Example[] = [
  {
    title: "An event for each entry",
    source: ". = unnest!(.entries)\n.",
    input: '{"host": "a", "entries": [{"n": 1}, {"n": 2}]}',
    result: '[{"host": "a", "entries": {"n": 1}}, {"host": "a", "entries": {"n": 2}}]',
  },
];

export const tests: readonly Example[] = [
  {
    title: "Deeper",
    source: "unnest!(.a.b)",
    input: '{"a": {"b": [1, 2], "c": 3}}',
    result: '[{"a": {"b": 1, "c": 3}}, {"a": {"b": 2, "c": 3}}]',
  },
  { title: "Nothing in it", source: "unnest!(.a)", input: '{"a": [], "b": 1}', result: "[]" },
  {
    title: "Of a variable",
    source: 'v = { "a": [true, null] }\nunnest(v.a)',
    result: '[{"a": true}, {"a": null}]',
  },
  {
    title: "The event stays as it is",
    source: "x = unnest!(.a)\n[length(x), .]",
    input: '{"a": [1]}',
    result: '[1, {"a": [1]}]',
  },
  {
    title: "In an array",
    source: "unnest!(.a[0])",
    input: '{"a": [[1, 2]]}',
    result: '[{"a": [1]}, {"a": [2]}]',
  },
  {
    title: "No array there",
    source: "unnest!(.a)",
    input: '{"a": "x"}',
    error: 'function call error for "unnest" at (0:11): expected array, got string',
  },
  {
    title: "Nothing there",
    source: "unnest!(.a)",
    error: 'function call error for "unnest" at (0:11): expected array, got null',
  },
];
