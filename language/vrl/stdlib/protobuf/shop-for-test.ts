/** A file of descriptors, as `protoc -o` writes it, for examples and tests. */
import { fromJson, toBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";

const optional = (name: string, number: number, type: string, typeName?: string) => ({
  name,
  number,
  type,
  label: "LABEL_OPTIONAL",
  ...(typeName === undefined ? {} : { typeName }),
});

const repeated = (name: string, number: number, type: string, typeName?: string) => ({
  ...optional(name, number, type, typeName),
  label: "LABEL_REPEATED",
});

export function shopDescriptors(): Uint8Array {
  const file = {
    name: "shop.proto",
    package: "shop",
    syntax: "proto3",
    enumType: [
      {
        name: "State",
        value: [
          { name: "OPEN", number: 0 },
          { name: "PAID", number: 1 },
        ],
      },
    ],
    messageType: [
      {
        name: "Order",
        field: [
          optional("id", 1, "TYPE_UINT64"),
          optional("customer", 2, "TYPE_STRING"),
          repeated("items", 3, "TYPE_MESSAGE", ".shop.Item"),
          optional("state", 4, "TYPE_ENUM", ".shop.State"),
          optional("total", 5, "TYPE_DOUBLE"),
          optional("signature", 6, "TYPE_BYTES"),
          repeated("stock", 7, "TYPE_MESSAGE", ".shop.Order.StockEntry"),
          optional("gift", 8, "TYPE_BOOL"),
          optional("offset", 9, "TYPE_SINT32"),
        ],
        nestedType: [
          {
            name: "StockEntry",
            options: { mapEntry: true },
            field: [optional("key", 1, "TYPE_INT32"), optional("value", 2, "TYPE_FLOAT")],
          },
        ],
      },
      { name: "Item", field: [optional("name", 1, "TYPE_STRING"), optional("count", 2, "TYPE_INT32")] },
    ],
  };
  return toBinary(FileDescriptorSetSchema, fromJson(FileDescriptorSetSchema, { file: [file] }));
}
