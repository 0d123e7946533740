import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { lossyText, type Text } from "../runtime/text.ts";
import { variantOf } from "./arguments/variant.ts";
import type { Example, FunctionDefinition } from "./define.ts";
import { jsonKindOf } from "./type/json-syntax.ts";

const variants = ["object", "array", "bool", "number", "string", "null"] as const;

export const isJson: FunctionDefinition = {
  name: "is_json",
  category: "Type",
  usage: "Whether the string is a JSON document, and with `variant` also, whether it is one of that kind.",
  parameters: [
    { name: "value", kind: Part.bytes, description: "The string that may be JSON." },
    {
      name: "variant",
      kind: Part.bytes,
      isOptional: true,
      description: "The only kind of document that counts.",
      variants: {
        object: "Only an object: `{…}`.",
        array: "Only an array: `[…]`.",
        string: "Only a string, in quotes.",
        number: "Only a number, whole or not.",
        bool: "Only `true` or `false`.",
        null: "Only `null`.",
      },
    },
  ],
  returns: Part.boolean,
  typeOf: () => TypeDef.of(Kind.boolean),
  prepare: (call) => {
    const variant = variantOf(call, "variant", variants);
    if (typeof variant === "object") return variant;
    if (variant === undefined) return (value: Text) => jsonKindOf(lossyText(value)) !== undefined;
    return (value: Text) => jsonKindOf(lossyText(value)) === variant;
  },
};

export const examples: readonly Example[] = [
  { title: "A document", source: 'is_json("[1, {\\"a\\": null}]")', result: "true" },
  { title: "Cut short", source: 'is_json("{\\"a\\": ")', result: "false" },
  { title: "Only objects", source: 'is_json("[]", variant: "object")', result: "false" },
];

export const tests: readonly Example[] = [
  { title: "Nothing", source: 'is_json("")', result: "false" },
  { title: "White space around", source: 'is_json(" \\n\\t\\r-1.5e+3 ", variant: "number")', result: "true" },
  {
    title: "Each kind",
    source:
      '[is_json("{}", "object"), is_json("[]", "array"), is_json("true", "bool"), is_json("0", "number"), is_json("\\"\\"", "string"), is_json("null", "null")]',
    result: "[true, true, true, true, true, true]",
  },
  {
    title: "Numbers that are none",
    source: '[is_json("01"), is_json("1."), is_json(".5"), is_json("+1"), is_json("1e"), is_json("NaN")]',
    result: "[false, false, false, false, false, false]",
  },
  { title: "Two documents", source: 'is_json("1 2")', result: "false" },
  {
    title: "A comma too many",
    source: '[is_json("[1,]"), is_json("{\\"a\\":1,}")]',
    result: "[false, false]",
  },
  { title: "A line break in a string", source: 'is_json("\\"a\\nb\\"")', result: "false" },
  { title: "Escapes", source: "is_json(s'\"\\u00e9\\ud800\\n\"')", result: "true" },
  { title: "A broken escape", source: "is_json(s'\"\\u00g9\"')", result: "false" },
  {
    title: "Bytes that are no text, in a string",
    source: 'is_json(decode_base16!("22ff22"))',
    result: "true",
  },
  {
    title: "Not a string",
    source: "is_json!(.n)",
    input: '{"n": 1}',
    error: 'function call error for "is_json" at (0:12): expected string, got integer',
  },
];
