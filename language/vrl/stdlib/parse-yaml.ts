import { Part } from "../checker/kind.ts";
import { Failure } from "../runtime/failure.ts";
import { bytesOf, textOf, type Text } from "../runtime/text.ts";
import type { Example, FunctionDefinition } from "./define.ts";
import { JSON_PARTS, jsonType } from "./json/json-type.ts";
import { parseYamlText } from "./yaml/parse.ts";

export const parseYaml: FunctionDefinition = {
  name: "parse_yaml",
  category: "Parse",
  usage:
    "Reads `value` as a YAML document. What it holds are the types that JSON has, too: a time in it stays a string until " +
    "`parse_timestamp` reads it.",
  parameters: [{ name: "value", kind: Part.bytes, description: "The YAML document." }],
  failures: ["`value` is no YAML document, or more than one."],
  returns: JSON_PARTS,
  notices: [
    "Strings that hold times stay strings; to have timestamps, hand them to " +
      "[`parse_timestamp`](#parse_timestamp).",
  ],
  isFresh: true,
  typeOf: jsonType,
  prepare: () => (value: Text) => {
    const text = typeof value === "string" ? value.toWellFormed() : textOf(bytesOf(value));
    if (typeof text !== "string") return new Failure("unable to parse yaml: invalid leading UTF-8 octet");
    const parsed = parseYamlText(text.startsWith("\ufeff") ? text.slice(1) : text);
    return parsed instanceof Failure ? new Failure(`unable to parse yaml: ${parsed.message}`) : parsed;
  },
};

export const examples: readonly Example[] = [
  {
    title: "Read a document",
    source: String.raw`parse_yaml!("name: api\nports: [80, 443]\ntls: true\n")`,
    result: '{"name": "api", "ports": [80, 443], "tls": true}',
  },
  {
    title: "Anchors",
    source: String.raw`parse_yaml!("a: &x {b: 1}\nc: *x")`,
    result: '{"a": {"b": 1}, "c": {"b": 1}}',
  },
];

export const tests: readonly Example[] = [
  { title: "Empty", source: 'parse_yaml!("")', result: "null" },
  {
    title: "JSON",
    source: `parse_yaml!(s'{"a": [1, 2.5, null, "x"]}')`,
    result: '{"a": [1, 2.5, null, "x"]}',
  },
  {
    title: "Numbers",
    source: 'parse_yaml!("[0x1f, 0o17, 0b11, +1, -2, 1e3, .5, 5., 0.0, -0]")',
    result: "[31, 15, 3, 1, -2, 1000.0, 0.5, 5.0, 0.0, 0]",
  },
  {
    title: "What is no number",
    source: 'parse_yaml!("[012, 1_000, 0x, 1e400, 2024-01-01]")',
    result: '["012", "1_000", "0x", "1e400", "2024-01-01"]',
  },
  {
    title: "What is no boolean",
    source: 'parse_yaml!("[yes, no, on, tRUE, True, FALSE]")',
    result: '["yes", "no", "on", "tRUE", true, false]',
  },
  {
    title: "Text over many lines",
    source: String.raw`parse_yaml!("a: |\n  x\n  y\nb: >-\n  x\n  y")`,
    result: String.raw`{"a": "x\ny\n", "b": "x y"}`,
  },
  {
    title: "Keys of all kinds",
    source: String.raw`parse_yaml!("1: a\ntrue: b\n~: c\n1.5: d")`,
    result: '{"1": "a", "true": "b", "~": "c", "1.5": "d"}',
  },
  {
    title: "The last of equal keys counts",
    source: String.raw`parse_yaml!("a: 1\na: 2")`,
    result: '{"a": 2}',
  },
  {
    title: "Merges are keys like others",
    source: String.raw`parse_yaml!("<<: {a: 1}\nb: 2")`,
    result: '{"<<": {"a": 1}, "b": 2}',
  },
  { title: "Tags", source: String.raw`parse_yaml!("[!!str 1, !!int \"5\"]")`, result: '["1", 5]' },
  {
    title: "More than one document",
    source: String.raw`parse_yaml!("--- 1\n--- 2")`,
    error:
      'function call error for "parse_yaml" at (0:27): unable to parse yaml: deserializing from YAML containing more ' +
      "than one document is not supported",
  },
  {
    title: "A tag of one's own",
    source: 'parse_yaml!("!mine 1")',
    error:
      'function call error for "parse_yaml" at (0:22): unable to parse yaml: invalid type: enum, expected any valid JSON value',
  },
  {
    title: "A list as a key",
    source: 'parse_yaml!("[a]: b")',
    error:
      'function call error for "parse_yaml" at (0:21): unable to parse yaml: invalid type: sequence, expected a string',
  },
  {
    title: "No number",
    source: String.raw`parse_yaml!("a: 1\nb: [1, .nan]")`,
    error:
      'function call error for "parse_yaml" at (0:33): unable to parse yaml: b[1]: invalid value: floating point `NaN`, ' +
      "expected any valid JSON value at line 2 column 8",
  },
  {
    title: "Two colons",
    source: 'parse_yaml!("a: b: c")',
    error:
      'function call error for "parse_yaml" at (0:22): unable to parse yaml: mapping values are not allowed in this ' +
      "context at line 1 column 5",
  },
];
