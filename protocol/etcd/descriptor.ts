import { list, type Message, message, nestedList, oneScalar, scalar } from "./message.ts";

/** The parts of google/protobuf/descriptor.proto that describe what is here. */

/** Numbers of FieldDescriptorProto.Type. */
export const FieldType = {
  int64: 3,
  uint64: 4,
  bool: 8,
  text: 9,
  message: 11,
  bytes: 12,
  uint32: 13,
  enum: 14,
} as const;
export const FieldLabel = { optional: 1, repeated: 3 } as const;

export interface FieldDescriptor {
  readonly name: string;
  readonly number: number;
  /** One of FieldLabel. */
  readonly label: number;
  /** One of FieldType. */
  readonly type: number;
  /** With a dot before it; empty for scalars. */
  readonly typeName: string;
  /** Among the message's unions. */
  readonly oneofIndex: number | undefined;
}

const FieldDescriptor: Message<FieldDescriptor> = message<FieldDescriptor>({
  name: scalar(1, "text"),
  number: scalar(3, "uint32"),
  label: scalar(4, "uint32"),
  type: scalar(5, "uint32"),
  typeName: scalar(6, "text"),
  oneofIndex: oneScalar(9, "uint32", "oneofIndex"),
});

export interface EnumValueDescriptor {
  readonly name: string;
  readonly number: number | undefined;
}

const EnumValueDescriptor: Message<EnumValueDescriptor> = message<EnumValueDescriptor>({
  name: scalar(1, "text"),
  number: oneScalar(2, "uint32", "number"),
});

export interface EnumDescriptor {
  readonly name: string;
  readonly values: readonly EnumValueDescriptor[];
}

const EnumDescriptor: Message<EnumDescriptor> = message<EnumDescriptor>({
  name: scalar(1, "text"),
  values: nestedList(2, () => EnumValueDescriptor),
});

interface OneofDescriptor {
  readonly name: string;
}

const OneofDescriptor: Message<OneofDescriptor> = message<OneofDescriptor>({ name: scalar(1, "text") });

export interface MessageDescriptor {
  readonly name: string;
  readonly fields: readonly FieldDescriptor[];
  readonly enums: readonly EnumDescriptor[];
  readonly oneofs: readonly OneofDescriptor[];
}

const MessageDescriptor: Message<MessageDescriptor> = message<MessageDescriptor>({
  name: scalar(1, "text"),
  fields: nestedList(2, () => FieldDescriptor),
  enums: nestedList(4, () => EnumDescriptor),
  oneofs: nestedList(8, () => OneofDescriptor),
});

export interface MethodDescriptor {
  readonly name: string;
  readonly inputType: string;
  readonly outputType: string;
  readonly clientStreaming: boolean;
  readonly serverStreaming: boolean;
}

const MethodDescriptor: Message<MethodDescriptor> = message<MethodDescriptor>({
  name: scalar(1, "text"),
  inputType: scalar(2, "text"),
  outputType: scalar(3, "text"),
  clientStreaming: scalar(5, "bool"),
  serverStreaming: scalar(6, "bool"),
});

export interface ServiceDescriptor {
  readonly name: string;
  readonly methods: readonly MethodDescriptor[];
}

const ServiceDescriptor: Message<ServiceDescriptor> = message<ServiceDescriptor>({
  name: scalar(1, "text"),
  methods: nestedList(2, () => MethodDescriptor),
});

export interface FileDescriptor {
  readonly name: string;
  readonly package: string;
  readonly dependencies: readonly string[];
  readonly messages: readonly MessageDescriptor[];
  readonly enums: readonly EnumDescriptor[];
  readonly services: readonly ServiceDescriptor[];
  readonly syntax: string;
}

export const FileDescriptor: Message<FileDescriptor> = message<FileDescriptor>({
  name: scalar(1, "text"),
  package: scalar(2, "text"),
  dependencies: list(3, "text"),
  messages: nestedList(4, () => MessageDescriptor),
  enums: nestedList(5, () => EnumDescriptor),
  services: nestedList(6, () => ServiceDescriptor),
  syntax: scalar(12, "text"),
});
