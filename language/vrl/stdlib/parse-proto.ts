import { Part } from "../checker/kind.ts";
import { bytesOf, type Text } from "../runtime/text.ts";
import type { Example, FunctionDefinition } from "./define.ts";
import { JSON_PARTS, jsonType } from "./json/json-type.ts";
import { descriptorParameters, messageTypeOf } from "./protobuf/descriptor.ts";
import { readMessage } from "./protobuf/read.ts";

export const parseProto: FunctionDefinition = {
  name: "parse_proto",
  category: "Parse",
  usage: "Reads `value` as a message of [Protocol Buffers](https://protobuf.dev).",
  parameters: [{ name: "value", kind: Part.bytes, description: "The message." }, ...descriptorParameters],
  failures: [
    "`value` is no message of this type.",
    "`desc_file` cannot be read.",
    "`message_type` is not in `desc_file`.",
  ],
  returns: JSON_PARTS & Part.object,
  notices: ["Fields that are not set are left out. Values of enumerations are their names."],
  isFresh: true,
  typeOf: jsonType,
  prepare: (call) => {
    const type = messageTypeOf(call);
    return "refused" in type ? type : (value: Text) => readMessage(type, bytesOf(value));
  },
};

export const examples: readonly Example[] = [
  {
    title: "Read a message",
    source: 'parse_proto!(decode_base16!("080712034164611a070a0370656e1002"), "shop.desc", "shop.Order")',
    result: '{"id": 7, "customer": "Ada", "items": [{"name": "pen", "count": 2}]}',
  },
];

export const tests: readonly Example[] = [
  { title: "Nothing is set", source: 'parse_proto!("", "shop.desc", "shop.Order")', result: "{}" },
  {
    title: "Enumerations, floats, bytes",
    source: 'parse_proto!(decode_base16!("200129000000000000004032026869"), "shop.desc", "shop.Order")',
    result: '{"state": "PAID", "total": 2.0, "signature": "hi"}',
  },
  {
    title: "A map",
    source: 'parse_proto!(decode_base16!("3a07080515" + "0000c03f"), "shop.desc", "shop.Order")',
    result: '{"stock": {"5": 1.5}}',
  },
  {
    title: "Negative",
    source: 'parse_proto!(decode_base16!("4803"), "shop.desc", "shop.Order").offset',
    result: "-2",
  },
  {
    title: "Beyond 63 bits",
    source: 'parse_proto!(decode_base16!("08ffffffffffffffffff01"), "shop.desc", "shop.Order").id',
    result: "-1",
  },
  {
    title: "A value that the enumeration has not",
    source: 'parse_proto!(decode_base16!("2009"), "shop.desc", "shop.Order")',
    error: `function call error for "parse_proto" at (0:63): The number 9 cannot be in 'State'`,
  },
  {
    title: "Cut off",
    source: 'parse_proto(decode_base16!("1205"), "shop.desc", "shop.Order") ?? "none"',
    result: "none",
  },
];
