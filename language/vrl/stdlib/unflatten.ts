import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { isObject } from "../runtime/kind-of.ts";
import { getKey, setKey, sortedKeys } from "../runtime/object.ts";
import { lossyText, type Text } from "../runtime/text.ts";
import type { Value, VrlObject } from "../runtime/value.ts";
import type { Example, FunctionDefinition } from "./define.ts";

export const unflatten: FunctionDefinition = {
  name: "unflatten",
  category: "Enumerate",
  usage:
    "Makes nested objects of an object whose keys are paths. Where one key is a path and also the beginning of " +
    "another, its value has no place and is dropped. Objects in arrays stay as they are.",
  parameters: [
    { name: "value", kind: Part.object, description: "The object to nest." },
    {
      name: "separator",
      kind: Part.bytes,
      isOptional: true,
      default: ".",
      description: "What stands between the keys of a path. Without a byte in it, nothing is cut.",
    },
    {
      name: "recursive",
      kind: Part.boolean,
      isOptional: true,
      default: true,
      description: "Whether objects that are values are nested, too.",
    },
  ],
  returns: Part.object,
  typeOf: () => TypeDef.of(Kind.anyObject()),
  prepare: () => (value: VrlObject, separator: Text, recursive: boolean) =>
    separator.length === 0 ? value : nested(value, lossyText(separator), recursive),
};

function nested(object: VrlObject, separator: string, recursive: boolean): VrlObject {
  const root: VrlObject = {};
  // Objects that paths made, as against those that were there as values.
  const branches = new Set<Value>([root]);
  for (const path of sortedKeys(object)) {
    const segments = path.split(separator);
    const last = segments.pop()!;
    let branch = root;
    for (const segment of segments) {
      let next = getKey(branch, segment);
      if (next === undefined || !branches.has(next)) {
        next = {};
        branches.add(next);
        setKey(branch, segment, next);
      }
      branch = next as VrlObject;
    }
    const present = getKey(branch, last);
    if (present !== undefined && branches.has(present)) continue;
    const value = object[path]!;
    setKey(branch, last, recursive && isObject(value) ? nested(value, separator, true) : value);
  }
  return root;
}

export const examples: readonly Example[] = [
  {
    title: "Nest dotted keys",
    source: 'unflatten({ "http.status": 404, "http.method": "GET", "ok": false })',
    result: '{"http": {"status": 404, "method": "GET"}, "ok": false}',
  },
  {
    title: "Another separator",
    source: 'unflatten({ "db__host": "a", "db__port": 5432 }, "__")',
    result: '{"db": {"host": "a", "port": 5432}}',
  },
];

export const tests: readonly Example[] = [
  { title: "A path that goes on", source: 'unflatten({ "a": 1, "a.b": 2 })', result: '{"a": {"b": 2}}' },
  {
    title: "An object that is a value has no place there either",
    source: 'unflatten({ "a": { "x": 1 }, "a.b": 2, "a.b.c": 3 })',
    result: '{"a": {"b": {"c": 3}}}',
  },
  {
    title: "Recursive",
    source: 'unflatten({ "a.b": { "c.d": 1 } })',
    result: '{"a": {"b": {"c": {"d": 1}}}}',
  },
  {
    title: "Not recursive",
    source: 'unflatten({ "a.b": { "c.d": 1 } }, recursive: false)',
    result: '{"a": {"b": {"c.d": 1}}}',
  },
  { title: "Empty keys", source: 'unflatten({ ".a.": 1 })', result: '{"": {"a": {"": 1}}}' },
  {
    title: "Objects in arrays stay",
    source: 'unflatten({ "a": [{ "b.c": 1 }] })',
    result: '{"a": [{"b.c": 1}]}',
  },
  {
    title: "Names that objects have of their own",
    source: 'unflatten({ "__proto__.constructor": 1 })',
    result: '{"__proto__": {"constructor": 1}}',
  },
  {
    title: "Not an object",
    source: "unflatten!(.n)",
    input: '{"n": []}',
    error: 'function call error for "unflatten" at (0:14): expected object, got array',
  },
];
