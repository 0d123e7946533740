import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import type { Value } from "../runtime/value.ts";
import type { Example, FunctionDefinition } from "./define.ts";
import { jsonText, jsonTextPretty } from "./json/write.ts";

export const encodeJson: FunctionDefinition = {
  name: "encode_json",
  category: "Codec",
  usage: "Writes `value` as JSON, the keys of objects in order.",
  parameters: [
    { name: "value", kind: Part.all, description: "What to write." },
    {
      name: "pretty",
      kind: Part.boolean,
      isOptional: true,
      default: false,
      description: "Whether to write it over many lines, indented by two spaces.",
    },
  ],
  returns: Part.bytes,
  typeOf: () => TypeDef.of(Kind.bytes),
  prepare: (call) => {
    if (call.constant("pretty") === false) return jsonText;
    return (value: Value, isPretty: boolean) => (isPretty ? jsonTextPretty(value) : jsonText(value));
  },
};

export const examples: readonly Example[] = [
  {
    title: "Write an event",
    source: 'encode_json({"user": "ada", "ids": [1, 2.5], "active": true})',
    result: `s'{"active":true,"ids":[1,2.5],"user":"ada"}'`,
  },
  {
    title: "For people to read",
    source: 'encode_json({"b": [], "a": {"c": null}}, pretty: true)',
    result: String.raw`"{\n  \"a\": {\n    \"c\": null\n  },\n  \"b\": []\n}"`,
  },
];

export const tests: readonly Example[] = [
  {
    title: "Floats show that they are",
    source: "encode_json([1.0, 0.1, 100000.0])",
    result: "s'[1.0,0.1,100000.0]'",
  },
  {
    title: "Large and small floats",
    source: 'encode_json(parse_json!("[1e16, -1.5e300, 0.00000125, 0.00001, 1234567890123456.0]"))',
    result: "s'[1e+16,-1.5e+300,1.25e-6,0.00001,1234567890123456.0]'",
  },
  { title: "Large integers", source: "encode_json(9223372036854775807)", result: "s'9223372036854775807'" },
  {
    title: "A timestamp",
    source: "encode_json(t'2024-02-29T12:00:00.5Z')",
    result: `s'"2024-02-29T12:00:00.500Z"'`,
  },
  {
    title: "A regular expression",
    source: String.raw`encode_json(r'^\d+$')`,
    result: String.raw`s'"^\\d+$"'`,
  },
  {
    title: "Escapes",
    source: String.raw`encode_json("\"\\\n\t\u{1}é😀")`,
    result: String.raw`s'"\"\\\n\t\u0001é😀"'`,
  },
  { title: "Bytes that are not UTF-8", source: 'encode_json(decode_base16!("61ff"))', result: `s'"a�"'` },
  { title: "Empty", source: "encode_json([{}, []], pretty: true)", result: String.raw`"[\n  {},\n  []\n]"` },
  { title: "Null", source: "encode_json(null)", result: "s'null'" },
  {
    title: "Keys by their bytes",
    source: 'encode_json({"～": 1, "😀": 2, "a": 3, "B": 4})',
    result: `s'{"B":4,"a":3,"～":1,"😀":2}'`,
  },
];
