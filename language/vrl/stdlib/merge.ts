import { Collection, Kind, Part } from "../checker/kind.ts";
import { copyObject } from "../runtime/copy.ts";
import { isObject } from "../runtime/kind-of.ts";
import { getKey, setKey } from "../runtime/object.ts";
import type { VrlObject } from "../runtime/value.ts";
import { asObject, restrictToObject } from "./collection/restrict.ts";
import type { Example, FunctionDefinition } from "./define.ts";

export const merge: FunctionDefinition = {
  name: "merge",
  category: "Object",
  usage: "The fields of both objects in one.",
  parameters: [
    { name: "to", kind: Part.object, description: "The object whose fields give way." },
    { name: "from", kind: Part.object, description: "The object whose fields prevail." },
    {
      name: "deep",
      kind: Part.boolean,
      isOptional: true,
      default: false,
      description: "Whether fields that are objects in both are merged themselves.",
    },
  ],
  returns: Part.object,
  returnRules: [
    "Where both have a field, that of `from` is taken.",
    "With `deep`, where both fields are objects, they are merged in turn.",
  ],
  typeOf: (call) => {
    const to = restrictToObject(call.type("to"));
    const from = restrictToObject(call.type("from"));
    return to.or(from).withKind(to.kind.overwrittenBy(from.kind));
  },
  sureKindOf: (call) => {
    const [to, from] = [asObject(call.type("to")), asObject(call.type("from"))];
    const isDeep = call.constant("deep") !== false;
    const known = [...to.known.keys(), ...from.known.keys()].map((key) => {
      return [key, mergedKind(to.at(key), from.at(key), isDeep)] as const;
    });
    return Kind.ofObject(Collection.of<string>(known, mergedKind(to.unknownKind, from.unknownKind, isDeep)));
  },
  prepare: () => merged,
};

/** Of a field that each of the two may have or not. */
function mergedKind(to: Kind, from: Kind, isDeep: boolean): Kind {
  const kept = from.has(Part.undefined) ? to : Kind.never;
  const both = from.without(Part.undefined).or(kept);
  return isDeep && to.has(Part.object) && from.has(Part.object) ? both.or(Kind.anyObject()) : both;
}

function merged(to: VrlObject, from: VrlObject, deep: boolean): VrlObject {
  const result = copyObject(to);
  for (const key of Object.keys(from)) {
    const value = from[key]!;
    const present = deep ? getKey(result, key) : undefined;
    setKey(result, key, isObject(present) && isObject(value) ? merged(present, value, true) : value);
  }
  return result;
}

export const examples: readonly Example[] = [
  {
    title: "Defaults and settings",
    source: 'merge({ "retries": 3, "verbose": false }, { "verbose": true })',
    result: '{"retries": 3, "verbose": true}',
  },
  {
    title: "Objects within, too",
    source: 'merge({ "db": { "host": "a", "port": 1 } }, { "db": { "port": 2 } }, deep: true)',
    result: '{"db": {"host": "a", "port": 2}}',
  },
];

export const tests: readonly Example[] = [
  {
    title: "Objects within are replaced where it is not deep",
    source: 'merge({ "db": { "host": "a" } }, { "db": { "port": 2 } })',
    result: '{"db": {"port": 2}}',
  },
  { title: "With nothing", source: 'merge({}, { "a": null })', result: '{"a": null}' },
  {
    title: "An object for a scalar",
    source: 'merge({ "a": 1 }, { "a": { "b": 2 } }, true)',
    result: '{"a": {"b": 2}}',
  },
  {
    title: "A scalar for an object",
    source: 'merge({ "a": { "b": 2 } }, { "a": 1 }, true)',
    result: '{"a": 1}',
  },
  {
    title: "Both stay as they are",
    source: 'a = { "x": { "y": 1 } }\nb = merge(a, { "x": { "z": 2 } }, deep: true)\n[a, b]',
    result: '[{"x": {"y": 1}}, {"x": {"y": 1, "z": 2}}]',
  },
  {
    title: "Names that objects have of their own",
    source: 'merge({ "__proto__": 1 }, { "toString": 2 }, deep: true)',
    result: '{"__proto__": 1, "toString": 2}',
  },
  {
    title: "Not an object",
    source: "merge!({}, .n)",
    input: '{"n": "x"}',
    error: 'function call error for "merge" at (0:14): expected object, got string',
  },
];
