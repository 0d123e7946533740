import { Collection, Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { Failure } from "../runtime/failure.ts";
import type { Integer } from "../runtime/integer.ts";
import { byteLength, bytesOf, textOf, type Text } from "../runtime/text.ts";
import type { Value } from "../runtime/value.ts";
import { shuffled } from "./collection/restrict.ts";
import type { Example, FunctionDefinition } from "./define.ts";

export const slice: FunctionDefinition = {
  name: "slice",
  category: "String",
  usage:
    "The bytes of a string, or the elements of an array, from `start` up to but without `end`. Both count from 0, or " +
    "from the end where they are negative.",
  parameters: [
    { name: "value", kind: Part.bytes | Part.array, description: "The string or array." },
    { name: "start", kind: Part.integer, description: "Where the slice begins." },
    {
      name: "end",
      kind: Part.integer,
      isOptional: true,
      description: "What comes right after the slice; the end where it is not given or lies beyond it.",
    },
  ],
  failures: ["`start` lies beyond the end or before the beginning.", "`end` lies before `start`."],
  returns: Part.bytes | Part.array,
  notices: [
    "Of a string, bytes are counted: a character of several bytes may be cut, and is then no text any more.",
  ],
  typeOf: (call) => {
    const type = call.type("value");
    if (type.kind.isOnly(Part.bytes) || type.kind.isOnly(Part.array)) return type.fallible;
    return TypeDef.of(new Kind(Part.bytes, Collection.any())).fallible;
  },
  sureKindOf: (call) => {
    const { kind } = call.type("value");
    const array = kind.array === undefined ? Kind.never : shuffled(kind.array);
    return kind.only(Part.bytes).or(array);
  },
  prepare: () => (value: Text | Value[], start: Integer, end: Integer | undefined) => {
    const length = Array.isArray(value) ? value.length : byteLength(value);
    const from = start < 0 ? Number(start) + length : Number(start);
    const to = end === undefined ? length : end < 0 ? Number(end) + length : Number(end);
    if (from < 0 || from > length) return new Failure(`"start" must be between "${-length}" and "${length}"`);
    if (to < from) return new Failure('"end" must be greater or equal to "start"');
    // Where there are as many bytes as units, each is one.
    if (Array.isArray(value) || value.length === length) return value.slice(from, to);
    return textOf(bytesOf(value).slice(from, to));
  },
};

export const examples: readonly Example[] = [
  { title: "Of a string", source: 'slice!("2024-02-29", 5, 7)', result: "s'02'" },
  { title: "From the end", source: 'slice!(["a", "b", "c"], start: -2)', result: '["b", "c"]' },
];

export const tests: readonly Example[] = [
  { title: "Nothing", source: '[slice!("abc", 3), slice!("", 0), slice!([], 0)]', result: '["", "", []]' },
  { title: "Beyond the end", source: 'slice!("abc", 1, 99)', result: "bc" },
  { title: "Both from the end", source: 'slice!("abcdef", -4, -1)', result: "cde" },
  {
    title: "Bytes of characters",
    source: '[slice!("äbc", 2), slice!("äbc", 0, 2), slice!("äbc", 0, 1)]',
    result: '["bc", "ä", "\uFFFD"]',
  },
  { title: "Elements stay as they are", source: "slice!([[1], {}, null], 1)", result: "[{}, null]" },
  {
    title: "A start beyond the end",
    source: 'slice!("abc", 4)',
    error: 'function call error for "slice" at (0:16): "start" must be between "-3" and "3"',
  },
  {
    title: "A start before the beginning",
    source: "slice!([1], -2)",
    error: 'function call error for "slice" at (0:15): "start" must be between "-1" and "1"',
  },
  {
    title: "An end before the start",
    source: 'slice!("abc", 2, 1)',
    error: 'function call error for "slice" at (0:19): "end" must be greater or equal to "start"',
  },
  {
    title: "Neither string nor array",
    source: "slice!(.n, 1)",
    input: '{"n": 12}',
    error: 'function call error for "slice" at (0:13): expected string or array, got integer',
  },
];
