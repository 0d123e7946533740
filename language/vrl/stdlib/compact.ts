import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { isObject, isText } from "../runtime/kind-of.ts";
import { setKey } from "../runtime/object.ts";
import type { Value, VrlObject } from "../runtime/value.ts";
import { sameCollection } from "./collection/restrict.ts";
import type { Example, FunctionDefinition, Parameter } from "./define.ts";
import { isNullishValue } from "./type/nullish.ts";

interface Options {
  readonly recursive: boolean;
  readonly null: boolean;
  readonly string: boolean;
  readonly object: boolean;
  readonly array: boolean;
  readonly nullish: boolean;
}

export const compact: FunctionDefinition = {
  name: "compact",
  category: "Enumerate",
  usage:
    "Leaves out the empty elements or fields of `value`. What counts as empty is up to the other arguments.",
  parameters: [
    { name: "value", kind: Part.array | Part.object, description: "The array or object to compact." },
    flag("recursive", "Whether arrays and objects within are compacted first.", true),
    flag("null", "Whether null is empty.", true),
    flag("string", "Whether a string of no bytes is empty.", true),
    flag("object", "Whether an object without fields is empty.", true),
    flag("array", "Whether an array without elements is empty.", true),
    flag("nullish", "Whether everything is empty that [`is_nullish`](#is_nullish) is true of.", false),
  ],
  returns: Part.array | Part.object,
  returnRules: ["An array gives an array, an object an object."],
  typeOf: (call) =>
    TypeDef.of(call.type("value").kind.isOnly(Part.array) ? Kind.anyArray() : Kind.anyObject()),
  sureKindOf: (call) => sameCollection(call.type("value").kind),
  prepare:
    () =>
    (
      value: Value[] | VrlObject,
      recursive: boolean,
      isNull: boolean,
      string: boolean,
      object: boolean,
      array: boolean,
      nullish: boolean,
    ) =>
      compacted(value, { recursive, null: isNull, string, object, array, nullish }),
};

function flag(name: string, description: string, ifNotGiven: boolean): Parameter {
  return { name, kind: Part.boolean, isOptional: true, default: ifNotGiven, description };
}

function compacted(value: Value[] | VrlObject, options: Options): Value[] | VrlObject {
  if (Array.isArray(value)) {
    const kept: Value[] = [];
    for (const element of value) {
      const part = compactedPart(element, options);
      if (!isEmpty(part, options)) kept.push(part);
    }
    return kept;
  }
  const kept: VrlObject = {};
  for (const key of Object.keys(value)) {
    const part = compactedPart(value[key]!, options);
    if (!isEmpty(part, options)) setKey(kept, key, part);
  }
  return kept;
}

function compactedPart(value: Value, options: Options): Value {
  return options.recursive && (Array.isArray(value) || isObject(value)) ? compacted(value, options) : value;
}

function isEmpty(value: Value | undefined, options: Options): boolean {
  if (options.nullish && isNullishValue(value)) return true;
  if (isText(value)) return options.string && value.length === 0;
  if (value === null || value === undefined) return options.null;
  if (Array.isArray(value)) return options.array && value.length === 0;
  return options.object && isObject(value) && Object.keys(value).length === 0;
}

export const examples: readonly Example[] = [
  {
    title: "Drop what says nothing",
    source: 'compact({ "user": "ada", "note": "", "tags": [null], "meta": { "x": null } })',
    result: '{"user": "ada"}',
  },
  {
    title: "Dashes and blanks, too",
    source: 'compact(["GET", "-", "  ", 200], nullish: true)',
    result: '["GET", 200]',
  },
];

export const tests: readonly Example[] = [
  { title: "Zero and false are not empty", source: "compact([0, false, 0.0])", result: "[0, false, 0.0]" },
  {
    title: "Not recursive",
    source: 'compact([[""], { "a": null }, []], recursive: false)',
    result: '[[""], {"a": null}]',
  },
  { title: "Null stays", source: "compact([null, 1], null: false)", result: "[null, 1]" },
  { title: "Strings stay", source: 'compact({ "a": "" }, string: false)', result: '{"a": ""}' },
  { title: "Objects stay", source: 'compact([{ "a": null }], object: false)', result: "[{}]" },
  { title: "Arrays stay", source: "compact([[null]], array: false)", result: "[[]]" },
  { title: "Empty all through", source: 'compact([[[""]], { "a": [] }])', result: "[]" },
  {
    title: "Not a collection",
    source: "compact!(.n)",
    input: '{"n": "x"}',
    error: 'function call error for "compact" at (0:12): expected array or object, got string',
  },
];
