import { Collection, Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { lossyText, type Text } from "../runtime/text.ts";
import type { Example, FunctionDefinition } from "./define.ts";
import { parseKeyValues } from "./key-value/parse.ts";
import { knownVariantOf } from "./arguments/variant.ts";

const whitespaces = {
  lenient: "Space around the separator is left out.",
  strict: "Space counts like any other character.",
} as const;

/** What fields like `key=value` make. */
export function keyValueType(): TypeDef {
  const value = Kind.boolean.or(Kind.bytes).or(Kind.arrayOf(Kind.bytes));
  return TypeDef.of(Kind.ofObject(Collection.ofUnknown(value))).fallible;
}

export const parseKeyValue: FunctionDefinition = {
  name: "parse_key_value",
  category: "Parse",
  usage:
    "Reads `value` as fields like `key=value`, which is also known as [logfmt](https://brandur.org/logfmt). Keys and " +
    'values may be in `"` or `\'`; `\\` before a `"` takes its meaning away.',
  parameters: [
    { name: "value", kind: Part.bytes, description: "The text to read." },
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
      name: "whitespace",
      kind: Part.bytes,
      isOptional: true,
      default: "lenient",
      variants: whitespaces,
      description: "What space around `key_value_delimiter` means.",
    },
    {
      name: "accept_standalone_key",
      kind: Part.boolean,
      isOptional: true,
      default: true,
      description: "Whether a key may come without a value; it is `true` then.",
    },
  ],
  failures: ["`value` is no text of keys and values."],
  returns: Part.object,
  notices: [
    "Values are strings, or arrays of strings where a key comes more than once. Convert them to what you need by " +
      "functions such as `to_int`.",
  ],
  isFresh: true,
  typeOf: keyValueType,
  prepare: (call) => {
    const whitespace = knownVariantOf(call, "whitespace", ["strict", "lenient"]);
    if (typeof whitespace !== "string") return whitespace;
    const isStrict = whitespace === "strict";
    return (value: Text, separator: Text, delimiter: Text, _whitespace: Text, takesLoneKeys: boolean) =>
      parseKeyValues(lossyText(value), {
        separator: lossyText(separator),
        delimiter: lossyText(delimiter),
        isStrict,
        takesLoneKeys,
      });
  },
};

export const examples: readonly Example[] = [
  {
    title: "Read a line of fields",
    source: "parse_key_value!(.message)",
    input: String.raw`{"message": "level=info msg=\"cache filled\" size=512 forced"}`,
    result: '{"level": "info", "msg": "cache filled", "size": "512", "forced": true}',
  },
  {
    title: "Other delimiters",
    source: `parse_key_value!("host: db1, role: primary", key_value_delimiter: ":", field_delimiter: ",")`,
    result: '{"host": "db1", "role": "primary"}',
  },
  {
    title: "A key more than once",
    source: 'parse_key_value!("tag=a tag=b id=7")',
    result: '{"id": "7", "tag": ["a", "b"]}',
  },
];

export const tests: readonly Example[] = [
  {
    title: "Strict: a value may be empty",
    source: 'parse_key_value!("a= b=1", whitespace: "strict")',
    result: '{"a": "", "b": "1"}',
  },
  {
    title: "Lenient: what follows the space is the value",
    source: 'parse_key_value!("a= b=1")',
    result: '{"a": "b=1"}',
  },
  {
    title: "Space before the separator",
    source: 'parse_key_value!("a =1   b= 2")',
    result: '{"a": "1", "b": "2"}',
  },
  {
    title: "Quotes and escapes",
    source: String.raw`parse_key_value!("\"a b\"=\"c \\\"d\\\" \\n\\\\\" e='f g'")`,
    result: String.raw`{"a b": "c \"d\" \n\\", "e": "f g"}`,
  },
  {
    title: "A quote within",
    source: String.raw`parse_key_value!("a=5\" b=6")`,
    result: String.raw`{"a": "5\"", "b": "6"}`,
  },
  { title: "A separator may be in a lone key", source: 'parse_key_value!("=1")', result: '{"=1": true}' },
  { title: "Lone keys", source: 'parse_key_value!("a b c")', result: '{"a": true, "b": true, "c": true}' },
  { title: "A value wins over a lone key", source: 'parse_key_value!("a a=1 a")', result: '{"a": "1"}' },
  {
    title: "Names that objects have already",
    source: 'encode_json(parse_key_value!("__proto__=1 constructor=2"))',
    result: `s'{"__proto__":"1","constructor":"2"}'`,
  },
  {
    title: "Delimiters of many characters",
    source: 'parse_key_value!("a -> 1 ;; b -> 2", key_value_delimiter: "->", field_delimiter: ";;")',
    result: '{"a": "1", "b": "2"}',
  },
  {
    title: "No lone keys",
    source: 'parse_key_value!("nothing here", accept_standalone_key: false)',
    error:
      'function call error for "parse_key_value" at (0:62): 0: at line 1, in Tag:\nnothing here\n            ^\n\n' +
      "1: at line 1, in ManyMN:\nnothing here\n            ^\n\n",
  },
  {
    title: "No key",
    source: 'parse_key_value!("  =1", accept_standalone_key: false)',
    error: 'function call error for "parse_key_value" at (0:54): 0: at line 1, in Verify:\n  =1\n  ^\n\n',
  },
  {
    title: "Empty",
    source: 'parse_key_value!("")',
    error: 'function call error for "parse_key_value" at (0:20): 0: in Verify, got empty input\n\n',
  },
  {
    title: "Only strings",
    source: "parse_key_value!(.a)",
    input: '{"a": {}}',
    error: 'function call error for "parse_key_value" at (0:20): expected string, got object',
  },
];
