import { Part } from "../checker/kind.ts";
import { Failure } from "../runtime/failure.ts";
import type { Integer } from "../runtime/integer.ts";
import { lossyText, type Text } from "../runtime/text.ts";
import type { Value } from "../runtime/value.ts";
import type { Example, FunctionDefinition } from "./define.ts";
import { JSON_PARTS, jsonType } from "./json/json-type.ts";
import { parseJsonLayers, parseJsonText } from "./json/parse.ts";
import { JsonReader, latin1Of } from "./json/reader.ts";

/** As deep as documents may nest, so that more would mean nothing. */
const LAYERS_MAX = 128;

export const parseJson: FunctionDefinition = {
  name: "parse_json",
  category: "Parse",
  usage:
    "Reads `value` as a JSON document. What it holds are JSON's own types: a time in it stays a string until " +
    "`parse_timestamp` reads it.",
  parameters: [
    { name: "value", kind: Part.bytes, description: "The JSON document." },
    {
      name: "max_depth",
      kind: Part.integer,
      isOptional: true,
      description:
        "How many layers of arrays and objects to read, from 1 to 128. What is deeper stays as it is written, " +
        "as a string.",
    },
    {
      name: "lossy",
      kind: Part.boolean,
      isOptional: true,
      default: true,
      description:
        "Whether bytes that are not UTF-8 are replaced by `�` (U+FFFD); if not, the document is refused for them.",
    },
  ],
  failures: ["`value` is not a JSON document."],
  returns: JSON_PARTS,
  notices: [
    "Strings that hold times stay strings; to have timestamps, hand them to " +
      "[`parse_timestamp`](#parse_timestamp).",
  ],
  isFresh: true,
  typeOf: jsonType,
  prepare: (call) => {
    if (call.argument("max_depth") === undefined) return parseWhole;
    return parseLayers;
  },
};

function parseWhole(value: Text, _depth: undefined, isLossy: boolean): Value | Failure {
  if (typeof value !== "string" && !isLossy)
    return asFailure(
      new JsonReader(latin1Of(withoutBom(value)), "bytes").document(),
      "unable to parse json: ",
    );
  return asFailure(parseJsonText(withoutBoms(textFrom(value), isLossy)), "unable to parse json: ");
}

function parseLayers(value: Text, depth: Integer, isLossy: boolean): Value | Failure {
  if (depth < 0 || depth > 255) return new Failure("out of range integral type conversion attempted");
  if (depth < 1 || depth > LAYERS_MAX)
    return new Failure(`max_depth value should be greater than 0 and less than 128, got ${depth}`);
  const skimmed = typeof value === "string" || isLossy ? textFrom(value) : latin1Of(value);
  const isBytes = typeof value !== "string" && !isLossy;
  const ends = new JsonReader(skimmed, isBytes ? "bytes" : "characters").skimDocument();
  if (ends instanceof Failure) return asFailure(ends, "unable to read json: ");
  const layers = parseJsonLayers(skimmed.slice(ends[0], ends[1]), Number(depth));
  return asFailure(layers, "unable to parse json with max depth: ");
}

function textFrom(value: Text): string {
  const text = lossyText(value);
  return text.isWellFormed() ? text : text.toWellFormed();
}

/** All marks before a text, but one before bytes: so does VRL. */
function withoutBoms(text: string, isLossy: boolean): string {
  if (text.charCodeAt(0) !== 0xfe_ff) return text;
  return isLossy ? text.replace(/^\ufeff+/, "") : text.slice(1);
}

function withoutBom(bytes: Uint8Array): Uint8Array {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes;
}

function asFailure(value: Value | Failure, prefix: string): Value | Failure {
  return value instanceof Failure ? new Failure(prefix + value.message) : value;
}

export const examples: readonly Example[] = [
  {
    title: "Read an event",
    source: "parse_json!(.message)",
    input: String.raw`{"message": "{\"level\": \"warn\", \"status\": 503, \"took\": 1.25}"}`,
    result: '{"level": "warn", "status": 503, "took": 1.25}',
  },
  { title: "Any JSON will do", source: 'parse_json!("[1, null, true]")', result: "[1, null, true]" },
  {
    title: "Leave deeper layers as they are",
    source: `parse_json!(s'{"user": {"name": "Ada", "roles": ["admin"]}, "ok": true}', max_depth: 1)`,
    result: String.raw`{"user": "{\"name\": \"Ada\", \"roles\": [\"admin\"]}", "ok": true}`,
  },
  {
    title: "What is no JSON",
    source: 'parse_json!("{ status: 200 }")',
    error:
      'function call error for "parse_json" at (0:30): unable to parse json: key must be a string at line 1 column 3',
  },
];

export const tests: readonly Example[] = [
  { title: "A string", source: `parse_json!(s'"plain"')`, result: "plain" },
  { title: "Null", source: 'parse_json!(" null ")', result: "null" },
  {
    title: "Floats without fraction stay floats",
    source: 'parse_json!("[1.0, -0.0, 2e2]")',
    result: "[1.0, -0.0, 200.0]",
  },
  { title: "Minus zero is a float", source: 'parse_json!("-0")', result: "-0.0" },
  {
    title: "Integers of 64 bits",
    source: 'parse_json!("[9223372036854775807, -9223372036854775808, 9007199254740993]")',
    result: "[9223372036854775807, -9223372036854775808, 9007199254740993]",
  },
  {
    title: "Beyond 64 bits they are floats",
    source: 'encode_json(parse_json!("[18446744073709551616, 9223372036854775808]"))',
    result: "s'[1.8446744073709552e+19,9.223372036854776e+18]'",
  },
  {
    title: "Long fractions",
    source: 'parse_json!("[0.30000000000000004]")',
    result: "[0.30000000000000004]",
  },
  {
    title: "Escapes",
    source: String.raw`parse_json!(s'"a\n\u00e9\ud83d\ude00\/"')`,
    result: String.raw`"a\né😀/"`,
  },
  { title: "The last of equal keys counts", source: `parse_json!(s'{"a": 1, "a": 2}')`, result: '{"a": 2}' },
  {
    title: "Keys that objects have already",
    source: `encode_json(parse_json!(s'{"__proto__": 1, "constructor": {"toString": 2}}'))`,
    result: `s'{"__proto__":1,"constructor":{"toString":2}}'`,
  },
  {
    title: "Cut off",
    source: `parse_json!(s'{"a": "b')`,
    error:
      'function call error for "parse_json" at (0:24): unable to parse json: EOF while parsing a string at line 1 column 8',
  },
  {
    title: "Columns count bytes",
    source: `parse_json!(s'{"ü": }')`,
    error:
      'function call error for "parse_json" at (0:24): unable to parse json: expected value at line 1 column 8',
  },
  {
    title: "More than one",
    source: `parse_json!("1 2")`,
    error:
      'function call error for "parse_json" at (0:18): unable to parse json: trailing characters at line 1 column 3',
  },
  {
    title: "Empty",
    source: `parse_json!("")`,
    error:
      'function call error for "parse_json" at (0:15): unable to parse json: EOF while parsing a value at line 1 column 0',
  },
  {
    title: "A mark of the byte order is no part of it",
    source: String.raw`parse_json!("\u{feff}[]")`,
    result: "[]",
  },
  {
    title: "Bytes that are not UTF-8 are replaced",
    source: `parse_json!(decode_base16!("22f522"))`,
    result: "�",
  },
  {
    title: "Or refused",
    source: `parse_json!(decode_base16!("22f522"), lossy: false)`,
    error:
      'function call error for "parse_json" at (0:51): unable to parse json: invalid unicode code point at line 1 column 3',
  },
  {
    title: "Two layers",
    source: `parse_json!(s'[{"a": [ 1 ]}, 2.0]', max_depth: 2)`,
    result: `[{"a": "[ 1 ]"}, 2.0]`,
  },
  {
    title: "No layer",
    source: `parse_json!("{}", max_depth: 0)`,
    error:
      'function call error for "parse_json" at (0:31): max_depth value should be greater than 0 and less than 128, got 0',
  },
  {
    title: "Faults are found at all depths",
    source: `parse_json!("[[1,]]", max_depth: 1)`,
    error:
      'function call error for "parse_json" at (0:35): unable to read json: expected value at line 1 column 5',
  },
  {
    title: "Only strings",
    source: "parse_json!(.a)",
    input: '{"a": [1]}',
    error: 'function call error for "parse_json" at (0:15): expected string, got [integer]',
  },
];
