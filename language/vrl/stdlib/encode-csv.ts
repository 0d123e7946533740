import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { Failure } from "../runtime/failure.ts";
import { isText } from "../runtime/kind-of.ts";
import { bytesOf, type Text } from "../runtime/text.ts";
import type { Value } from "../runtime/value.ts";
import { rowText } from "./csv/row.ts";
import type { Example, FunctionDefinition } from "./define.ts";
import { mismatch } from "./type/mismatch.ts";

export const encodeCsv: FunctionDefinition = {
  name: "encode_csv",
  category: "Codec",
  usage: "Writes `value`, an array of strings, as one row of comma-separated values.",
  parameters: [
    { name: "value", kind: Part.all, description: "The fields: an array of strings." },
    {
      name: "delimiter",
      kind: Part.bytes,
      isOptional: true,
      default: ",",
      description: "What comes between fields: one byte.",
    },
  ],
  failures: ["`delimiter` is not one byte.", "`value` is not an array of strings."],
  returns: Part.bytes,
  typeOf: () => TypeDef.of(Kind.bytes).fallible,
  prepare: () => (value: Value, delimiter: Text) => {
    if (!Array.isArray(value)) return mismatch("array", value);
    const fields: Text[] = [];
    for (const field of value) {
      if (!isText(field)) return mismatch("string", field);
      fields.push(field);
    }
    if (fields.length === 0) return "";
    const bytes = bytesOf(delimiter);
    return bytes.length === 1
      ? rowText(fields, bytes[0]!)
      : new Failure("delimiter must be a single character");
  },
};

export const examples: readonly Example[] = [
  {
    title: "Write a row",
    source: 'encode_csv!(["7", "Ada", "London, UK"])',
    result: `s'7,Ada,"London, UK"'`,
  },
  {
    title: "Another delimiter",
    source: String.raw`encode_csv!(["a", "b"], delimiter: "\t")`,
    result: String.raw`"a\tb"`,
  },
];

export const tests: readonly Example[] = [
  { title: "None", source: "encode_csv!([])", result: "s''" },
  { title: "One that is empty", source: 'encode_csv!([""])', result: `s'""'` },
  { title: "Empty ones", source: 'encode_csv!(["", ""])', result: "," },
  { title: "Quotes", source: String.raw`encode_csv!(["a\"b"])`, result: `s'"a""b"'` },
  { title: "Line breaks", source: String.raw`encode_csv!(["a\nb", "c"])`, result: String.raw`"\"a\nb\",c"` },
  {
    title: "Only strings",
    source: 'encode_csv!(["a", 1])',
    error: 'function call error for "encode_csv" at (0:21): expected string, got integer',
  },
  {
    title: "Only arrays",
    source: 'encode_csv!("a")',
    error: 'function call error for "encode_csv" at (0:16): expected array, got string',
  },
  {
    title: "A delimiter of two characters",
    source: 'encode_csv!(["a"], ";;")',
    error: 'function call error for "encode_csv" at (0:24): delimiter must be a single character',
  },
];
