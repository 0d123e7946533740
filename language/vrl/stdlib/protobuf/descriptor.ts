/** Message types from the files that `protoc -o` writes. */
import { createFileRegistry, fromBinary, type DescMessage } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { isText } from "../../runtime/kind-of.ts";
import { lossyText } from "../../runtime/text.ts";
import type { CallRefusal, Parameter, PrepareView } from "../define.ts";
import { Part } from "../../checker/kind.ts";

export const descriptorParameters: readonly Parameter[] = [
  {
    name: "desc_file",
    kind: Part.bytes,
    description:
      "The path of a file of descriptors, which `protoc -o <path> …` writes. It has to be a literal.",
  },
  {
    name: "message_type",
    kind: Part.bytes,
    description: "The message type's full name. It has to be a literal.",
  },
];

/** Both are read once, before the program runs. */
export function messageTypeOf(call: PrepareView): DescMessage | CallRefusal {
  const file = call.constant("desc_file");
  if (!isText(file)) return { refused: "literal", name: "desc_file" };
  const type = call.constant("message_type");
  if (!isText(type)) return { refused: "literal", name: "message_type" };
  const path = lossyText(file);
  const refusal = (name: string, value: string, error: string): CallRefusal => ({
    refused: "argument",
    name,
    value,
    error,
  });
  let bytes: Uint8Array | undefined;
  try {
    bytes = call.host.readFile?.(path);
  } catch {
    bytes = undefined;
  }
  if (bytes === undefined) return refusal("desc_file", path, "Failed to open protobuf desc file");
  let message: DescMessage | undefined;
  try {
    message = createFileRegistry(fromBinary(FileDescriptorSetSchema, bytes)).getMessage(lossyText(type));
  } catch {
    return refusal("desc_file", path, "Failed to parse protobuf desc file");
  }
  return message ?? refusal("message_type", lossyText(type), "The message type could not be found");
}
