import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { Failure } from "../runtime/failure.ts";
import { isObject, isText } from "../runtime/kind-of.ts";
import { getKey, setKey } from "../runtime/object.ts";
import { lossyText } from "../runtime/text.ts";
import type { Value, VrlObject } from "../runtime/value.ts";
import type { Example, FunctionDefinition } from "./define.ts";
import { mismatch } from "./type/mismatch.ts";

export const fromEntries: FunctionDefinition = {
  name: "from_entries",
  category: "Object",
  usage:
    "Makes an object of an array of objects, each with a key and a value. The key is the first of `key`, `Key`, `name` " +
    "and `Name` that is neither null nor false; the value is `value` or else `Value`, or null where there is none.",
  parameters: [{ name: "value", kind: Part.array, description: "The objects with keys and values." }],
  failures: ["An element is not an object.", "A key is missing or not a string."],
  returns: Part.object,
  typeOf: () => TypeDef.of(Kind.anyObject()),
  prepare: () => (entries: Value[]) => {
    const object: VrlObject = {};
    for (const entry of entries) {
      if (!isObject(entry)) return mismatch("object", entry);
      const key = keyOf(entry);
      if (!isText(key)) return new Failure("object keys must be strings");
      setKey(object, lossyText(key), getKey(entry, "value") ?? valueOf(entry));
    }
    return object;
  },
};

function keyOf(entry: VrlObject): Value | undefined {
  for (const name of ["key", "Key", "name", "Name"]) {
    const key = getKey(entry, name) ?? false;
    if (key !== false) return key;
  }
  return undefined;
}

/** A `value` of null is one. */
function valueOf(entry: VrlObject): Value {
  return Object.hasOwn(entry, "value") ? null : (getKey(entry, "Value") ?? null);
}

export const examples: readonly Example[] = [
  {
    title: "Tags of a cloud's API",
    source: 'from_entries([{ "Key": "env", "Value": "prod" }, { "Key": "team", "Value": "db" }])',
    result: '{"env": "prod", "team": "db"}',
  },
];

export const tests: readonly Example[] = [
  { title: "Nothing", source: "from_entries([])", result: "{}" },
  {
    title: "The first name that says something",
    source: 'from_entries([{ "key": null, "Key": false, "name": "n", "Name": "N", "value": 1 }])',
    result: '{"n": 1}',
  },
  {
    title: "No value",
    source: 'from_entries([{ "key": "a" }, { "key": "b", "value": null, "Value": 2 }])',
    result: '{"a": null, "b": null}',
  },
  {
    title: "The last of two",
    source: 'from_entries([{ "key": "a", "value": 1 }, { "key": "a", "value": 2 }])',
    result: '{"a": 2}',
  },
  {
    title: "No key",
    source: 'from_entries([{ "value": 1 }])',
    error: 'function call error for "from_entries" at (0:30): object keys must be strings',
  },
  {
    title: "An element that is no object",
    source: "from_entries([[1]])",
    error: 'function call error for "from_entries" at (0:19): expected object, got [integer]',
  },
];
