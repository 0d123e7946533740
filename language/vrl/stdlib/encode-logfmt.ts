import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import type { Value, VrlObject } from "../runtime/value.ts";
import type { Example, FunctionDefinition } from "./define.ts";
import { fieldsOrdering, writeKeyValues } from "./encode-key-value.ts";

const LOGFMT = { separator: "=", delimiter: " ", flattensBooleans: true } as const;

export const encodeLogfmt: FunctionDefinition = {
  name: "encode_logfmt",
  category: "Codec",
  usage:
    "Writes the fields of `value` as [logfmt](https://brandur.org/logfmt). A field that is `true` is its key alone, " +
    "one that is `false` is left out.",
  parameters: [{ name: "value", kind: Part.object, description: "The object to write." }, fieldsOrdering],
  failures: ["`fields_ordering` holds an element that is no string."],
  returns: Part.bytes,
  notices: ["Only a call with `fields_ordering` can fail."],
  typeOf: (call) => TypeDef.of(Kind.bytes).maybeFallible(call.argument("fields_ordering") !== undefined),
  prepare: () => (value: VrlObject, order: Value[]) => writeKeyValues(value, order, LOGFMT),
};

export const examples: readonly Example[] = [
  {
    title: "Write an event",
    source: 'encode_logfmt({"lvl": "warn", "msg": "disk almost full", "retry": true})',
    result: `s'lvl=warn msg="disk almost full" retry'`,
  },
  {
    title: "The time first",
    source: 'encode_logfmt!({"lvl": "warn", "ts": "12:01"}, ["ts"])',
    result: "ts=12:01 lvl=warn",
  },
];

export const tests: readonly Example[] = [
  { title: "False is nothing", source: 'encode_logfmt({"a": false, "b": 1})', result: "b=1" },
  { title: "Empty", source: "encode_logfmt({})", result: "s''" },
  {
    title: "Nested",
    source: 'encode_logfmt({"a": {"b": true, "c": [1, 2]}})',
    result: "a.b a.c.0=1 a.c.1=2",
  },
  {
    title: "A name asked for that is not there",
    source: 'encode_logfmt!({"a": 1}, ["z", "a"])',
    result: "a=1",
  },
  {
    title: "Only strings name fields",
    source: 'encode_logfmt!({"a": 1}, [null])',
    error:
      'function call error for "encode_logfmt" at (0:32): invalid field value type at index 0: expected string, got null',
  },
];
