import { Kind, Part } from "../checker/kind.ts";
import { Failure } from "../runtime/failure.ts";
import { isObject } from "../runtime/kind-of.ts";
import { setKey, sortedKeys } from "../runtime/object.ts";
import { lossyText, type Text } from "../runtime/text.ts";
import type { Value, VrlObject } from "../runtime/value.ts";
import type { Example, FunctionDefinition, RunClosure } from "./define.ts";

export const mapKeys: FunctionDefinition = {
  name: "map_keys",
  category: "Enumerate",
  usage:
    "Renames the keys of `value`: each becomes what the closure makes of it. With `recursive`, the keys of objects " +
    "within follow, also of those in arrays; an object's own key always comes before the keys in it. The closure sees " +
    "the variables around it and may change them; what it declares itself ends with it.",
  parameters: [
    {
      name: "value",
      kind: Part.object,
      description: "The object whose keys are renamed.",
      isUnchecked: true,
    },
    {
      name: "recursive",
      kind: Part.boolean,
      isOptional: true,
      default: false,
      description: "Whether objects within are renamed, too.",
    },
  ],
  returns: Part.object,
  closure: {
    parameter: "value",
    kind: Part.object,
    variables: [{ of: "kind", kind: Kind.bytes }],
    yields: Kind.bytes,
    isIterator: true,
    example: 'map_keys({ "Host": "a" }) -> |key| { downcase(key) }',
  },
  typeOf: (call) => call.type("value"),
  sureKindOf: () => Kind.anyObject(),
  prepare: () => renamed,
};

/** Where two keys become the same, the field whose key came later has it. */
function renamed(object: VrlObject, recursive: boolean, closure: RunClosure): VrlObject | Failure {
  const result: VrlObject = {};
  for (const key of sortedKeys(object)) {
    const name = closure(key);
    if (name instanceof Failure) return name;
    const value = recursive ? renamedWithin(object[key]!, closure) : object[key]!;
    if (value instanceof Failure) return value;
    setKey(result, lossyText(name as Text), value);
  }
  return result;
}

function renamedWithin(value: Value, closure: RunClosure): Value | Failure {
  if (isObject(value)) return renamed(value, true, closure);
  if (!Array.isArray(value)) return value;
  const elements: Value[] = [];
  for (const each of value) {
    const element = renamedWithin(each, closure);
    if (element instanceof Failure) return element;
    elements.push(element);
  }
  return elements;
}

export const examples: readonly Example[] = [
  {
    title: "Snake case",
    source: 'map_keys({ "userId": 7, "userName": "ada" }) -> |key| { snakecase(key) }',
    result: '{"user_id": 7, "user_name": "ada"}',
  },
  {
    title: "All the way down",
    source: 'map_keys({ "a": { "b": [{ "c": 1 }] } }, recursive: true) -> |key| { upcase(key) }',
    result: '{"A": {"B": [{"C": 1}]}}',
  },
];

export const tests: readonly Example[] = [
  {
    title: "Only the first level",
    source: 'map_keys({ "a": { "b": 1 } }) -> |key| { key + "!" }',
    result: '{"a!": {"b": 1}}',
  },
  { title: "Two become one", source: 'map_keys({ "x": 1, "y": 2 }) -> |_key| { "z" }', result: '{"z": 2}' },
  { title: "Empty", source: 'map_keys({}) -> |_key| { "z" }', result: "{}" },
  {
    title: "A key before those in it",
    source:
      'order = []\nmap_keys({ "b": 1, "a": { "c": [[{ "d": 2 }]] } }, recursive: true) -> |key| { order = push(order, key); key }\norder',
    result: '["a", "c", "d", "b"]',
  },
];
