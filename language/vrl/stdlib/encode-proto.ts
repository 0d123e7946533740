import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { Failure } from "../runtime/failure.ts";
import { textOf } from "../runtime/text.ts";
import type { Value } from "../runtime/value.ts";
import type { Example, FunctionDefinition } from "./define.ts";
import { descriptorParameters, messageTypeOf } from "./protobuf/descriptor.ts";
import { writeMessage } from "./protobuf/write.ts";

export const encodeProto: FunctionDefinition = {
  name: "encode_proto",
  category: "Codec",
  usage: "Writes `value` as a message of [Protocol Buffers](https://protobuf.dev).",
  parameters: [
    { name: "value", kind: Part.all, description: "The message's fields by their names: an object." },
    ...descriptorParameters,
    {
      name: "allow_lossy_string_coercion",
      kind: Part.boolean,
      isOptional: true,
      default: true,
      description:
        "Whether booleans, numbers and timestamps may be written into fields of strings; the " +
        "[JSON mapping](https://protobuf.dev/programming-guides/json/) does not allow it.",
    },
  ],
  failures: [
    "A field's value does not fit its type.",
    "`desc_file` cannot be read.",
    "`message_type` is not in `desc_file`.",
  ],
  returns: Part.bytes,
  typeOf: () => TypeDef.of(Kind.bytes).fallible,
  prepare: (call) => {
    const type = messageTypeOf(call);
    if ("refused" in type) return type;
    return (value: Value, _file: Value, _type: Value, spellsStrings: boolean) => {
      const bytes = writeMessage(type, value, spellsStrings);
      return bytes instanceof Failure ? bytes : textOf(bytes);
    };
  },
};

export const examples: readonly Example[] = [
  {
    title: "Write a message",
    source:
      'encode_base16(encode_proto!({"id": 7, "customer": "Ada", "items": [{"name": "pen", "count": 2}]}, "shop.desc", "shop.Order"))',
    result: "s'080712034164611a070a0370656e1002'",
  },
];

function program(value: string, rest: string = ""): string {
  return `encode_base16(encode_proto!(${value}, "shop.desc", "shop.Order"${rest}))`;
}

export const tests: readonly Example[] = [
  { title: "Nothing", source: program("{}"), result: "s''" },
  {
    title: "What the type does not have is left out",
    source: program('{"other": 1, "customer": null}'),
    result: "s''",
  },
  { title: "By an enumeration's name", source: program('{"state": "paid"}'), result: "s'2001'" },
  {
    title: "Strings as numbers",
    source: program('{"id": "300", "offset": "-2", "total": "1.5"}'),
    result: "s'08ac0229000000000000f83f4803'",
  },
  { title: "Numbers as strings", source: program('{"customer": 1.0}'), result: "s'120131'" },
  { title: "A map", source: program('{"stock": {"5": 1.5}}'), result: "s'3a070805150000c03f'" },
  {
    title: "Numbers as floats and booleans",
    source: program('{"total": 2, "gift": 1}'),
    result: "s'2900000000000000404001'",
  },
  {
    title: "Strict",
    source: 'encode_proto!({"customer": 1}, "shop.desc", "shop.Order", allow_lossy_string_coercion: false)',
    error:
      'function call error for "encode_proto" at (0:93): Error converting customer field: Cannot encode `integer` into protobuf `string`',
  },
  {
    title: "A list where there is one",
    source: 'encode_proto!({"id": [1]}, "shop.desc", "shop.Order")',
    error:
      'function call error for "encode_proto" at (0:53): Error converting id field: Cannot encode array into a non-repeated protobuf field',
  },
  {
    title: "A name that the enumeration has not",
    source: 'encode_proto!({"state": "lost"}, "shop.desc", "shop.Order")',
    error:
      "function call error for \"encode_proto\" at (0:59): Error converting state field: Enum `shop.State` has no value that matches string 'lost'",
  },
  {
    title: "No number",
    source: 'encode_proto!({"items": [{"count": "many"}]}, "shop.desc", "shop.Order")',
    error:
      'function call error for "encode_proto" at (0:72): Error converting items field: Error converting count field: ' +
      "Can't convert 'many' to i32: invalid digit found in string",
  },
  {
    title: "A key that is no number",
    source: 'encode_proto!({"stock": {"five": 1}}, "shop.desc", "shop.Order")',
    error:
      "function call error for \"encode_proto\" at (0:64): Error converting stock field: Cannot parse map key 'five' as " +
      "i32: invalid digit found in string",
  },
  {
    title: "No object",
    source: 'encode_proto!("a", "shop.desc", "shop.Order")',
    error:
      'function call error for "encode_proto" at (0:45): ProtobufSerializer only supports serializing objects',
  },
];
