import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { Failure } from "../runtime/failure.ts";
import { bytesOf, type Text } from "../runtime/text.ts";
import { firstRow } from "./csv/row.ts";
import type { Example, FunctionDefinition } from "./define.ts";

export const parseCsv: FunctionDefinition = {
  name: "parse_csv",
  category: "Parse",
  usage: "Reads one row of comma-separated values. Of more rows only the first is read.",
  parameters: [
    { name: "value", kind: Part.bytes, description: "The row." },
    {
      name: "delimiter",
      kind: Part.bytes,
      isOptional: true,
      default: ",",
      description: "What comes between fields: one byte.",
    },
  ],
  failures: ["`delimiter` is not one byte.", "`value` is no row of comma-separated values."],
  returns: Part.array,
  notices: ["All fields are strings. Convert them to what you need by functions such as `to_int`."],
  isFresh: true,
  typeOf: () => TypeDef.of(Kind.arrayOf(Kind.bytes)).fallible,
  prepare: () => (value: Text, delimiter: Text) => {
    const bytes = bytesOf(delimiter);
    return bytes.length === 1
      ? firstRow(value, bytes[0]!)
      : new Failure("delimiter must be a single character");
  },
};

export const examples: readonly Example[] = [
  {
    title: "Read a row",
    source: `parse_csv!(s'7,Ada,"London, UK"')`,
    result: '["7", "Ada", "London, UK"]',
  },
  {
    title: "Another delimiter",
    source: 'parse_csv!("7;Ada;UK", delimiter: ";")',
    result: '["7", "Ada", "UK"]',
  },
];

export const tests: readonly Example[] = [
  { title: "Only the first row", source: String.raw`parse_csv!("a,b\nc,d")`, result: '["a", "b"]' },
  { title: "Empty lines before it", source: String.raw`parse_csv!("\r\n\na,b")`, result: '["a", "b"]' },
  { title: "Empty fields", source: 'parse_csv!(",a,")', result: '["", "a", ""]' },
  { title: "Empty", source: 'parse_csv!("")', result: "[]" },
  { title: "Quotes in quotes", source: `parse_csv!(s'"a ""b""",""')`, result: String.raw`["a \"b\"", ""]` },
  { title: "Quotes within a field", source: `parse_csv!(s'a"b,c')`, result: String.raw`["a\"b", "c"]` },
  { title: "More after a closing quote", source: `parse_csv!(s'"a"b,c')`, result: '["ab", "c"]' },
  {
    title: "A line break in quotes",
    source: String.raw`parse_csv!("\"a\nb\",c")`,
    result: String.raw`["a\nb", "c"]`,
  },
  { title: "A quote that never closes", source: `parse_csv!(s'"a,b')`, result: '["a,b"]' },
  { title: "Unicode", source: 'parse_csv!("日本,é")', result: '["日本", "é"]' },
  {
    title: "Bytes that are not UTF-8 stay",
    source: 'encode_base16(string!(parse_csv!(decode_base16!("61ff2c62"))[0]))',
    result: "61ff",
  },
  {
    title: "A delimiter of two characters",
    source: 'parse_csv!("a,b", ", ")',
    error: 'function call error for "parse_csv" at (0:23): delimiter must be a single character',
  },
  {
    title: "A delimiter of two bytes",
    source: 'parse_csv!("a,b", "é")',
    error: 'function call error for "parse_csv" at (0:23): delimiter must be a single character',
  },
];
