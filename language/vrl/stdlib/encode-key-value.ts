import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { Failure } from "../runtime/failure.ts";
import { lossyText, type Text } from "../runtime/text.ts";
import type { Value, VrlObject } from "../runtime/value.ts";
import type { Example, FunctionDefinition, Parameter } from "./define.ts";
import { keyValueText, type KeyValueFormat } from "./key-value/write.ts";
import { mismatch } from "./type/mismatch.ts";

export const fieldsOrdering: Parameter = {
  name: "fields_ordering",
  kind: Part.array,
  isOptional: true,
  default: [],
  description: "The keys to write first, in this order. The others follow in order of their names.",
};

/** Fails where `order` holds what is no string. */
export function writeKeyValues(value: VrlObject, order: Value[], format: KeyValueFormat): string | Failure {
  const keys: string[] = [];
  for (const [index, key] of order.entries()) {
    if (typeof key !== "string" && !(key instanceof Uint8Array))
      return new Failure(`invalid field value type at index ${index}: ${mismatch("string", key).message}`);
    keys.push(lossyText(key));
  }
  return keyValueText(value, keys, format);
}

export const encodeKeyValue: FunctionDefinition = {
  name: "encode_key_value",
  category: "Codec",
  usage:
    "Writes the fields of `value` as `key=value` with delimiters of your choice; those by default make " +
    "[logfmt](https://brandur.org/logfmt). Keys of nested objects and indices of arrays are joined by dots.",
  parameters: [
    { name: "value", kind: Part.object, description: "The object to write." },
    fieldsOrdering,
    {
      name: "key_value_delimiter",
      kind: Part.bytes,
      isOptional: true,
      default: "=",
      description: "What comes between a key and its value.",
    },
    {
      name: "field_delimiter",
      kind: Part.bytes,
      isOptional: true,
      default: " ",
      description: "What comes between fields.",
    },
    {
      name: "flatten_boolean",
      kind: Part.boolean,
      isOptional: true,
      default: false,
      description:
        "Whether a field that is `true` is written as its key alone, and one that is `false` not at all.",
    },
  ],
  failures: ["`fields_ordering` holds an element that is no string."],
  returns: Part.bytes,
  notices: ["Only a call with `fields_ordering` can fail."],
  typeOf: (call) => TypeDef.of(Kind.bytes).maybeFallible(call.argument("fields_ordering") !== undefined),
  prepare:
    () => (value: VrlObject, order: Value[], separator: Text, delimiter: Text, flattensBooleans: boolean) =>
      writeKeyValues(value, order, {
        separator: lossyText(separator),
        delimiter: lossyText(delimiter),
        flattensBooleans,
      }),
};

export const examples: readonly Example[] = [
  {
    title: "Write an event",
    source: 'encode_key_value({"msg": "cache filled", "level": "info", "size": 512})',
    result: `s'level=info msg="cache filled" size=512'`,
  },
  {
    title: "Some fields first",
    source: 'encode_key_value!({"a": 1, "b": 2, "ts": "12:01"}, fields_ordering: ["ts", "b"])',
    result: "ts=12:01 b=2 a=1",
  },
  {
    title: "Other delimiters",
    source:
      'encode_key_value({"host": "db1", "role": "primary"}, key_value_delimiter: ":", field_delimiter: ",")',
    result: "host:db1,role:primary",
  },
];

export const tests: readonly Example[] = [
  {
    title: "What is nested gets dots",
    source: 'encode_key_value({"a": {"b": [true, null, {"c": 1.0}]}, "d": {}})',
    result: "a.b.0=true a.b.1=null a.b.2.c=1",
  },
  {
    title: "Booleans alone",
    source: 'encode_key_value({"a": true, "b": false, "c": 1}, flatten_boolean: true)',
    result: "a c=1",
  },
  {
    title: "Booleans in the order asked for",
    source: 'encode_key_value!({"a": true, "b": false, "c": 1}, ["c", "b", "a"], flatten_boolean: true)',
    result: "c=1 a",
  },
  {
    title: "Quotes and escapes",
    source: String.raw`encode_key_value({"a b": "c\"d", "e": "f\\g", "h": "i=j", "k": "l\nm"})`,
    result: String.raw`s'"a b"="c\"d" e=f\\g h="i=j" k="l\\nm"'`,
  },
  { title: "Empty", source: "encode_key_value({})", result: "s''" },
  {
    title: "A timestamp",
    source: "encode_key_value({\"t\": t'2024-02-29T12:00:00Z'})",
    result: "t=2024-02-29T12:00:00Z",
  },
  {
    title: "Small and large numbers",
    source: 'encode_key_value({"a": 0.0000001, "b": 9223372036854775807})',
    result: "a=0.0000001 b=9223372036854775807",
  },
  {
    title: "Only strings name fields",
    source: 'encode_key_value!({"a": 1}, fields_ordering: ["a", 2])',
    error:
      'function call error for "encode_key_value" at (0:54): invalid field value type at index 1: expected string, got integer',
  },
  {
    title: "Only objects",
    source: "encode_key_value!(.a)",
    input: '{"a": "b"}',
    error: 'function call error for "encode_key_value" at (0:21): expected object, got string',
  },
];
