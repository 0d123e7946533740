import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { isObject, kindOf } from "../runtime/kind-of.ts";
import { setKey } from "../runtime/object.ts";
import type { Value, VrlObject } from "../runtime/value.ts";
import type { Example, FunctionDefinition } from "./define.ts";

export const tagTypesExternally: FunctionDefinition = {
  name: "tag_types_externally",
  category: "Type",
  usage:
    "Puts every scalar in `value`, at any depth, into an object whose only key is the name of its type. Null stays as " +
    "it is.",
  parameters: [{ name: "value", kind: Part.all, description: "What is tagged." }],
  returns: Part.object | Part.array | Part.null,
  isFresh: true,
  typeOf: (call) => {
    const { kind } = call.type("value");
    if (kind.isOnly(Part.array)) return TypeDef.of(Kind.anyArray());
    return TypeDef.of(kind.isOnly(Part.null) ? Kind.null : Kind.anyObject());
  },
  sureKindOf: (call) => {
    const { kind } = call.type("value");
    const isOther = kind.has(Part.all & ~Part.array & ~Part.null & ~Part.undefined);
    const isNull = kind.has(Part.null | Part.undefined);
    return Kind.ofParts(
      (kind.has(Part.array) ? Part.array : 0) | (isOther ? Part.object : 0) | (isNull ? Part.null : 0),
    );
  },
  prepare: () => tagged,
};

function tagged(value: Value): Value {
  if (value === null || value === undefined) return null;
  if (Array.isArray(value)) return value.map(tagged);
  if (isObject(value)) {
    const result: VrlObject = {};
    for (const key of Object.keys(value)) setKey(result, key, tagged(value[key]!));
    return result;
  }
  const kind = kindOf(value);
  return { [kind === "bytes" ? "string" : kind]: value };
}

export const examples: readonly Example[] = [
  {
    title: "An object",
    source: 'tag_types_externally({ "status": 200, "path": "/" })',
    result: '{"status": {"integer": 200}, "path": {"string": "/"}}',
  },
];

export const tests: readonly Example[] = [
  {
    title: "Nested",
    source: 'tag_types_externally([[1.5], { "a": [true] }])',
    result: '[[{"float": 1.5}], {"a": [{"boolean": true}]}]',
  },
  { title: "Null", source: "tag_types_externally([null, []])", result: "[null, []]" },
  { title: "A scalar", source: 'tag_types_externally("a")', result: '{"string": "a"}' },
  {
    title: "A timestamp",
    source: "tag_types_externally(t'2024-02-29T12:00:00Z').timestamp",
    result: "t'2024-02-29T12:00:00Z'",
  },
  { title: "A regex", source: "tag_types_externally(r'a+').regex", result: "r'a+'" },
];
