import { Collection, Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { lossyText, type Text } from "../runtime/text.ts";
import type { Example, FunctionDefinition } from "./define.ts";
import { parseHash } from "./ruby/hash.ts";

export const parseRubyHash: FunctionDefinition = {
  name: "parse_ruby_hash",
  category: "Parse",
  usage: "Reads `value` as a hash the way Ruby prints it.",
  parameters: [{ name: "value", kind: Part.bytes, description: "The hash." }],
  failures: ["`value` is no Ruby hash."],
  returns: Part.object,
  notices: [
    "Numbers are floats, and symbols are strings. Strings that hold times stay strings; to have timestamps, hand them " +
      "to [`parse_timestamp`](#parse_timestamp).",
  ],
  isFresh: true,
  typeOf: () => {
    const parts = Part.null | Part.bytes | Part.float | Part.boolean | Part.array | Part.object;
    return TypeDef.of(Kind.ofObject(Collection.ofUnknown(Kind.ofParts(parts)))).fallible;
  },
  prepare: () => (value: Text) => parseHash(lossyText(value)),
};

export const examples: readonly Example[] = [
  {
    title: "Read a hash",
    source: `parse_ruby_hash!(s'{ :status => 200, "path" => "/items", tags: [:a, nil], ok: true }')`,
    result: '{"status": 200.0, "path": "/items", "tags": ["a", null], "ok": true}',
  },
];

export const tests: readonly Example[] = [
  { title: "Empty", source: 'parse_ruby_hash!("{}")', result: "{}" },
  {
    title: "Nested",
    source: `parse_ruby_hash!(s'{a: {b: [1, [2.5]]}, "c d" => {}}')`,
    result: '{"a": {"b": [1.0, [2.5]]}, "c d": {}}',
  },
  {
    title: "Numbers as keys",
    source: "parse_ruby_hash!(s'{1 => -2, :\"a b\" => +.5}')",
    result: '{"1": -2.0, "a b": 0.5}',
  },
  {
    title: "Escapes stay",
    source: String.raw`parse_ruby_hash!(s'{a: "b\"c\\d\ne"}')`,
    result: String.raw`{"a": "b\\\"c\\\\d\\ne"}`,
  },
  {
    title: "Names that objects have already",
    source: "encode_json(parse_ruby_hash!(s'{__proto__: 1}'))",
    result: `s'{"__proto__":1.0}'`,
  },
  {
    title: "No value",
    source: "parse_ruby_hash!(s'{a => }')",
    error:
      "function call error for \"parse_ruby_hash\" at (0:28): 0: at line 1:\n{a => }\n ^\nexpected '}', found a\n\n" +
      "1: at line 1, in map:\n{a => }\n^\n\n",
  },
  {
    title: "No arrow",
    source: "parse_ruby_hash!(s'{a}')",
    error:
      'function call error for "parse_ruby_hash" at (0:24): 0: at line 1, in Tag:\n{a}\n  ^\n\n' +
      "1: at line 1, in Alt:\n{a}\n  ^\n\n2: at line 1, in map:\n{a}\n^\n\n",
  },
  {
    title: "A string that does not end",
    source: `parse_ruby_hash!(s'{a: "b')`,
    error:
      'function call error for "parse_ruby_hash" at (0:27): 0: at line 1:\n{a: "b\n      ^\nexpected \'"\', got end of input\n\n' +
      '1: at line 1, in string:\n{a: "b\n    ^\n\n2: at line 1, in bytes:\n{a: "b\n    ^\n\n3: at line 1, in map:\n{a: "b\n^\n\n',
  },
  {
    title: "Empty text",
    source: 'parse_ruby_hash!("")',
    error:
      "function call error for \"parse_ruby_hash\" at (0:20): 0: expected '{', got empty input\n\n1: in map, got empty input\n\n",
  },
  {
    title: "More after it",
    source: 'parse_ruby_hash!("{} {}")',
    error: 'function call error for "parse_ruby_hash" at (0:25): could not parse whole line successfully',
  },
];
