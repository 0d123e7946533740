import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { isObject, isText } from "../runtime/kind-of.ts";
import { setKey, sortedKeys } from "../runtime/object.ts";
import { lossyText, type Text } from "../runtime/text.ts";
import type { Value, VrlObject } from "../runtime/value.ts";
import { sameCollection } from "./collection/restrict.ts";
import type { CallRefusal, Example, FunctionDefinition, PrepareView } from "./define.ts";

export const flatten: FunctionDefinition = {
  name: "flatten",
  category: "Enumerate",
  usage:
    "Brings `value` to a single level. Of an array, the elements of all arrays within take their place; of an object, " +
    "the fields of all objects within, named by their whole path. Objects in arrays and arrays in objects stay as " +
    "they are.",
  parameters: [
    { name: "value", kind: Part.array | Part.object, description: "The array or object to flatten." },
    {
      name: "separator",
      kind: Part.bytes,
      isOptional: true,
      default: ".",
      description: "What stands between the keys of a path.",
    },
    {
      name: "except",
      kind: Part.array,
      isOptional: true,
      default: [],
      description: "Keys of objects that stay as they are, wherever they occur: an array of literal strings.",
    },
  ],
  returns: Part.array | Part.object,
  returnRules: ["An array gives an array, an object an object."],
  typeOf: (call) =>
    TypeDef.of(call.type("value").kind.isOnly(Part.array) ? Kind.anyArray() : Kind.anyObject()),
  sureKindOf: (call) => sameCollection(call.type("value").kind),
  prepare: (call) => {
    const except = exceptionsOf(call);
    if (!(except instanceof Set)) return except;
    return (value: Value[] | VrlObject, separator: Text) => {
      if (Array.isArray(value)) return flattenedArray(value, []);
      return flattenedObject(value, "", { separator: lossyText(separator), except }, {});
    };
  },
};

function exceptionsOf(call: PrepareView): Set<string> | CallRefusal {
  const except = new Set<string>();
  const argument = call.argument("except");
  if (argument === undefined) return except;
  if (argument.elements === undefined) return { refused: "array", name: "except" };
  for (const { constant } of argument.elements) {
    if (constant === undefined) return { refused: "static", name: "except" };
    if (!isText(constant))
      return { refused: "argument", name: "except", value: constant, error: "expected a string value" };
    except.add(lossyText(constant));
  }
  return except;
}

function flattenedArray(array: Value[], into: Value[]): Value[] {
  for (const element of array) {
    if (Array.isArray(element)) flattenedArray(element, into);
    else into.push(element);
  }
  return into;
}

interface Options {
  readonly separator: string;
  readonly except: ReadonlySet<string>;
}

/** In the order of keys: where two paths give the same name, the later one has it. */
function flattenedObject(object: VrlObject, prefix: string, options: Options, into: VrlObject): VrlObject {
  for (const key of sortedKeys(object)) {
    const value = object[key]!;
    if (isObject(value) && !options.except.has(key))
      flattenedObject(value, prefix + key + options.separator, options, into);
    else setKey(into, prefix + key, value);
  }
  return into;
}

export const examples: readonly Example[] = [
  {
    title: "Nested objects",
    source: 'flatten({ "http": { "status": 404, "request": { "method": "GET" } } })',
    result: '{"http.status": 404, "http.request.method": "GET"}',
  },
  { title: "Nested arrays", source: "flatten([1, [2, [3]], []])", result: "[1, 2, 3]" },
  {
    title: "Leave labels alone",
    source: 'flatten({ "pod": { "name": "p1", "labels": { "app": "x" } } }, "_", except: ["labels"])',
    result: '{"pod_name": "p1", "pod_labels": {"app": "x"}}',
  },
];

export const tests: readonly Example[] = [
  { title: "Empty objects vanish", source: 'flatten({ "a": { "b": {} }, "c": 1 })', result: '{"c": 1}' },
  { title: "Arrays in objects stay", source: 'flatten({ "a": { "b": [[1]] } })', result: '{"a.b": [[1]]}' },
  {
    title: "Objects in arrays stay",
    source: 'flatten([[{ "a": { "b": 1 } }]])',
    result: '[{"a": {"b": 1}}]',
  },
  {
    title: "Of two of the same name the one with the greater key",
    source: 'flatten({ "a": { "b": 1 }, "a.b": 2 })',
    result: '{"a.b": 2}',
  },
  {
    title: "An exception within",
    source: 'flatten({ "a": { "k": { "b": 1 } } }, except: ["k"])',
    result: '{"a.k": {"b": 1}}',
  },
  { title: "No separator", source: 'flatten({ "a": { "b": 1 } }, "")', result: '{"ab": 1}' },
  {
    title: "Not a collection",
    source: "flatten!(.n)",
    input: '{"n": null}',
    error: 'function call error for "flatten" at (0:12): expected array or object, got null',
  },
];
