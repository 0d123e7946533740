import { Part } from "../checker/kind.ts";
import { Failure } from "../runtime/failure.ts";
import { bytesOf, type Text } from "../runtime/text.ts";
import { parseCborItem } from "./cbor/parse.ts";
import type { Example, FunctionDefinition } from "./define.ts";
import { JSON_PARTS, jsonType } from "./json/json-type.ts";

export const parseCbor: FunctionDefinition = {
  name: "parse_cbor",
  category: "Parse",
  usage: "Reads `value` as [CBOR](https://cbor.io).",
  parameters: [{ name: "value", kind: Part.bytes, description: "The CBOR data." }],
  failures: [
    "`value` is no CBOR, or holds what JSON has no like for: bytes, tags, or keys that are no strings.",
  ],
  returns: JSON_PARTS,
  notices: ["What comes after the first item is left out."],
  isFresh: true,
  typeOf: jsonType,
  prepare: () => (value: Text) => {
    const item = parseCborItem(bytesOf(value));
    return item instanceof Failure ? new Failure(`unable to parse cbor: ${item.message}`) : item;
  },
};

export const examples: readonly Example[] = [
  {
    title: "Read a map",
    source: 'parse_cbor!(decode_base16!("a2626f6bf562696483010219012c"))',
    result: '{"ok": true, "id": [1, 2, 300]}',
  },
];

export const tests: readonly Example[] = [
  {
    title: "Integers",
    source: 'parse_cbor!(decode_base16!("8320391388" + "1b7fffffffffffffff"))',
    result: "[-1, -5001, 9223372036854775807]",
  },
  {
    title: "Floats",
    source: 'parse_cbor!(decode_base16!("83f93e00fa3fc00000fb3ff199999999999a"))',
    result: "[1.5, 1.5, 1.1]",
  },
  {
    title: "Beyond 63 bits",
    source: 'encode_json(parse_cbor!(decode_base16!("1bffffffffffffffff")))',
    result: "s'1.8446744073709552e+19'",
  },
  {
    title: "Of unknown length",
    source: 'parse_cbor!(decode_base16!("bf61617f61626163ff61629f01ffff"))',
    result: '{"a": "bc", "b": [1]}',
  },
  { title: "Nothing", source: 'parse_cbor!(decode_base16!("82f6f7"))', result: "[null, null]" },
  { title: "More after it", source: 'parse_cbor!(decode_base16!("0102"))', result: "1" },
  {
    title: "Bytes",
    source: 'parse_cbor!(decode_base16!("4161"))',
    error:
      'function call error for "parse_cbor" at (0:35): unable to parse cbor: Semantic(None, "invalid type: byte array, expected any valid JSON value")',
  },
  {
    title: "A tag",
    source: 'parse_cbor!(decode_base16!("c11a514b67b0"))',
    error:
      'function call error for "parse_cbor" at (0:43): unable to parse cbor: Semantic(None, "invalid type: enum, expected any valid JSON value")',
  },
  {
    title: "A key that is no string",
    source: 'parse_cbor!(decode_base16!("a10102"))',
    error:
      'function call error for "parse_cbor" at (0:37): unable to parse cbor: Semantic(None, "invalid type: integer `1`, expected string")',
  },
  {
    title: "Cut off",
    source: 'parse_cbor!(decode_base16!("8201"))',
    error: 'function call error for "parse_cbor" at (0:35): unable to parse cbor: Io(EndOfFile(()))',
  },
  {
    title: "No number",
    source: 'parse_cbor!(decode_base16!("f97e00"))',
    error:
      'function call error for "parse_cbor" at (0:37): unable to parse cbor: Semantic(None, "invalid value: floating point `NaN`, expected any valid JSON value")',
  },
  {
    title: "Too large an integer",
    source: 'parse_cbor!(decode_base16!("c249010000000000000000"))',
    error:
      'function call error for "parse_cbor" at (0:53): unable to parse cbor: Semantic(None, "invalid type: integer `18446744073709551616` as u128, expected any valid JSON value")',
  },
];
