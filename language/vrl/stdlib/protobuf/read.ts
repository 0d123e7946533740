/** Protocol Buffers' messages as values. */
import { fromBinary, ScalarType, type DescEnum, type DescField, type DescMessage } from "@bufbuild/protobuf";
import { reflect, type ReflectMessage } from "@bufbuild/protobuf/reflect";
import { Failure } from "../../runtime/failure.ts";
import { floatOf } from "../../runtime/float.ts";
import { wrap } from "../../runtime/integer.ts";
import { setKey } from "../../runtime/object.ts";
import { textOf } from "../../runtime/text.ts";
import type { Value, VrlObject } from "../../runtime/value.ts";

export function readMessage(type: DescMessage, bytes: Uint8Array): VrlObject | Failure {
  try {
    return messageObject(reflect(type, fromBinary(type, bytes)));
  } catch (error) {
    if (error instanceof Unreadable) return new Failure(error.message);
    return new Failure(`Error parsing protobuf: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Ends the walk over a message; such messages are few. */
class Unreadable extends Error {}

function messageObject(message: ReflectMessage): VrlObject {
  const object: VrlObject = {};
  for (const field of message.fields) {
    if (message.isSet(field)) setKey(object, field.name, fieldValue(message, field));
  }
  return object;
}

function fieldValue(message: ReflectMessage, field: DescField): Value {
  if (field.fieldKind === "list") {
    const { listKind } = field;
    const list = message.get(field);
    return [...list].map((each) =>
      partValue(each, listKind === "scalar" ? field.scalar : undefined, field.enum),
    );
  }
  if (field.fieldKind === "map") {
    const object: VrlObject = {};
    for (const [key, each] of message.get(field))
      setKey(
        object,
        String(key),
        partValue(each, field.mapKind === "scalar" ? field.scalar : undefined, field.enum),
      );
    return object;
  }
  const value: unknown = message.get(field);
  return partValue(value, field.fieldKind === "scalar" ? field.scalar : undefined, field.enum);
}

/** A message, a number of an enumeration, or a scalar. */
function partValue(value: unknown, scalar: ScalarType | undefined, enumeration: DescEnum | undefined): Value {
  if (enumeration !== undefined) return enumName(enumeration, value as number);
  if (scalar === undefined) return messageObject(value as ReflectMessage);
  if (value instanceof Uint8Array) return textOf(value);
  if (typeof value === "string" && isLong(scalar)) return wrap(BigInt(value));
  if (typeof value === "bigint") return wrap(value);
  if (typeof value !== "number") return value as string | boolean;
  if (scalar !== ScalarType.DOUBLE && scalar !== ScalarType.FLOAT) return value;
  if (Number.isNaN(value))
    throw new Unreadable(
      scalar === ScalarType.FLOAT ? "Float number cannot be Nan" : "F64 number cannot be Nan",
    );
  return floatOf(value);
}

function enumName(enumeration: DescEnum, number: number): string {
  const name = enumeration.value[number]?.name;
  if (name === undefined) throw new Unreadable(`The number ${number} cannot be in '${enumeration.name}'`);
  return name;
}

/** Of 64 bits; a descriptor may ask for them as strings. */
function isLong(scalar: ScalarType): boolean {
  return (
    scalar === ScalarType.INT64 ||
    scalar === ScalarType.UINT64 ||
    scalar === ScalarType.SINT64 ||
    scalar === ScalarType.FIXED64 ||
    scalar === ScalarType.SFIXED64
  );
}
