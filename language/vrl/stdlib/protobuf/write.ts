/** Values as Protocol Buffers' messages. */
import { booleanWords } from "../conversion/boolean-words.ts";
import {
  create,
  ScalarType,
  toBinary,
  type DescEnum,
  type DescField,
  type DescMessage,
} from "@bufbuild/protobuf";
import { reflect, type ReflectMessage } from "@bufbuild/protobuf/reflect";
import { Failure } from "../../runtime/failure.ts";
import { numberOfFloat, plainText } from "../../runtime/float.ts";
import { isFloat, isInteger, isObject, isText } from "../../runtime/kind-of.ts";
import { getKey, sortedKeys } from "../../runtime/object.ts";
import { Regex } from "../../runtime/regex.ts";
import { bytesOf, lossyText, type Text } from "../../runtime/text.ts";
import { Timestamp } from "../../runtime/timestamp.ts";
import type { Value, VrlObject } from "../../runtime/value.ts";
import { floatOfText } from "../number/float-text.ts";

export function writeMessage(type: DescMessage, value: Value, spellsStrings: boolean): Uint8Array | Failure {
  try {
    return toBinary(type, new MessageWriter(spellsStrings).message(type, value).message);
  } catch (error) {
    if (error instanceof Unwritable) return new Failure(error.message);
    return new Failure(
      `Error encoding protobuf message: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

/** Ends the walk over a value; such values are few. */
class Unwritable extends Error {}

/** What a field takes: a scalar, an enumeration or a message. */
type Target = ScalarType | DescEnum | DescMessage;

const scalarNames: Readonly<Record<ScalarType, string>> = {
  [ScalarType.DOUBLE]: "double",
  [ScalarType.FLOAT]: "float",
  [ScalarType.INT64]: "int64",
  [ScalarType.UINT64]: "uint64",
  [ScalarType.INT32]: "int32",
  [ScalarType.FIXED64]: "fixed64",
  [ScalarType.FIXED32]: "fixed32",
  [ScalarType.BOOL]: "bool",
  [ScalarType.STRING]: "string",
  [ScalarType.BYTES]: "bytes",
  [ScalarType.UINT32]: "uint32",
  [ScalarType.SFIXED32]: "sfixed32",
  [ScalarType.SFIXED64]: "sfixed64",
  [ScalarType.SINT32]: "sint32",
  [ScalarType.SINT64]: "sint64",
};

interface IntegerType {
  readonly bits: 32 | 64;
  readonly isSigned: boolean;
  /** As Rust calls it. */
  readonly name: string;
}

const I32: IntegerType = { bits: 32, isSigned: true, name: "i32" };
const I64: IntegerType = { bits: 64, isSigned: true, name: "i64" };
const U32: IntegerType = { bits: 32, isSigned: false, name: "u32" };
const U64: IntegerType = { bits: 64, isSigned: false, name: "u64" };

const integerTypes: ReadonlyMap<ScalarType, IntegerType> = new Map([
  [ScalarType.INT32, I32],
  [ScalarType.SINT32, I32],
  [ScalarType.SFIXED32, I32],
  [ScalarType.INT64, I64],
  [ScalarType.SINT64, I64],
  [ScalarType.SFIXED64, I64],
  [ScalarType.UINT32, U32],
  [ScalarType.FIXED32, U32],
  [ScalarType.UINT64, U64],
  [ScalarType.FIXED64, U64],
]);

class MessageWriter {
  /** Whether numbers, booleans and timestamps may be written into fields of strings. */
  readonly #spellsStrings: boolean;

  constructor(spellsStrings: boolean) {
    this.#spellsStrings = spellsStrings;
  }

  message(type: DescMessage, value: Value): ReflectMessage {
    if (!isObject(value)) throw new Unwritable("ProtobufSerializer only supports serializing objects");
    const message = reflect(type, create(type));
    for (const field of type.fields) {
      const given = getKey(value, field.name);
      if (given === undefined || given === null) continue;
      try {
        this.#set(message, field, given);
      } catch (error) {
        if (error instanceof Unwritable && !error.message.startsWith("Error setting "))
          throw new Unwritable(`Error converting ${field.name} field: ${error.message}`);
        throw error;
      }
    }
    return message;
  }

  #set(message: ReflectMessage, field: DescField, value: Value): void {
    const target = targetOf(field);
    if (field.fieldKind === "list") {
      if (!Array.isArray(value)) {
        this.#part(target, value);
        throw new Unwritable(`Error setting ${field.name} field: expected a list`);
      }
      const list = message.get(field);
      for (const each of value) list.add(this.#part(target, each));
    } else if (field.fieldKind === "map") {
      if (!isObject(value)) throw cannotEncode(value, `${field.parent.typeName}.${entryName(field.name)}`);
      const map = message.get(field);
      for (const key of sortedKeys(value)) {
        const part = value[key]!;
        if (Array.isArray(part))
          throw new Unwritable("Cannot encode array into a non-repeated protobuf field");
        map.set(mapKey(field.mapKey, key), this.#part(target, part));
      }
    } else {
      if (Array.isArray(value))
        throw new Unwritable("Cannot encode array into a non-repeated protobuf field");
      message.set(field, this.#part(target, value));
    }
  }

  #part(target: Target, value: Value): unknown {
    if (typeof target !== "number")
      return target.kind === "enum" ? enumNumber(target, value) : this.#messagePart(target, value);
    if (target === ScalarType.BOOL) return booleanOf(value);
    if (target === ScalarType.BYTES) return bytesPart(value);
    if (target === ScalarType.STRING) return this.#stringPart(value);
    const integer = integerTypes.get(target);
    return integer === undefined ? floatPart(target, value) : integerPart(target, integer, value);
  }

  #messagePart(target: DescMessage, value: Value): ReflectMessage {
    if (value instanceof Timestamp && target.typeName === "google.protobuf.Timestamp") {
      const parts: VrlObject = { seconds: value.seconds, nanos: value.nanoseconds };
      return this.message(target, parts);
    }
    if (!isObject(value)) throw cannotEncode(value, target.typeName);
    return this.message(target, value);
  }

  #stringPart(value: Value): string {
    if (isText(value)) return lossyText(value).toWellFormed();
    if (value instanceof Regex) return value.source;
    if (!this.#spellsStrings) throw cannotEncode(value, "string");
    if (typeof value === "boolean" || isInteger(value)) return String(value);
    if (isFloat(value)) return plainText(numberOfFloat(value));
    if (value instanceof Timestamp) return value.toString().replace("T", " ").replace("Z", " UTC");
    throw cannotEncode(value, "string");
  }
}

function targetOf(field: DescField): Target {
  return field.enum ?? field.message ?? field.scalar;
}

/** As protoc names the type of a map's entries. */
function entryName(field: string): string {
  return `${field.replace(/(?:^|_)([a-z0-9])/gi, (_, letter: string) => letter.toUpperCase())}Entry`;
}

function cannotEncode(value: Value, type: string): Unwritable {
  return new Unwritable(`Cannot encode \`${kindName(value)}\` into protobuf \`${type}\``);
}

function kindName(value: Value): string {
  if (isText(value) || value instanceof Regex) return "string";
  if (value === null) return "null";
  if (typeof value === "boolean") return "boolean";
  if (isInteger(value)) return "integer";
  if (isFloat(value)) return "float";
  if (value instanceof Timestamp) return "timestamp";
  return Array.isArray(value) ? "array" : "map";
}

function enumNumber(enumeration: DescEnum, value: Value): number {
  if (isInteger(value)) return Number(BigInt.asIntN(32, BigInt(value)));
  if (!isText(value)) throw cannotEncode(value, enumeration.typeName);
  const name = lossyText(value);
  const lower = name.toLowerCase();
  const found = enumeration.values.find((each) => each.name.toLowerCase() === lower);
  if (found === undefined)
    throw new Unwritable(`Enum \`${enumeration.typeName}\` has no value that matches string '${name}'`);
  return found.number;
}

function booleanOf(value: Value): boolean {
  if (typeof value === "boolean") return value;
  if (isInteger(value)) return value !== 0;
  if (!isText(value)) throw cannotEncode(value, "bool");
  const text = lossyText(value);
  const word = booleanWords.get(text.toLowerCase());
  if (word !== undefined) return word;
  if (/^[+-]?\d{1,18}$/.test(text)) return !/^[+-]?0+$/.test(text);
  throw new Unwritable(`Invalid boolean value ${JSON.stringify(text)}`);
}

function bytesPart(value: Value): Uint8Array {
  if (isText(value)) return Uint8Array.from(bytesOf(value));
  if (value instanceof Regex) return bytesOf(value.source);
  throw cannotEncode(value, "bytes");
}

function floatPart(type: ScalarType, value: Value): number {
  const narrow = (number: number) => (type === ScalarType.FLOAT ? Math.fround(number) : number);
  if (isFloat(value)) return narrow(numberOfFloat(value));
  if (isInteger(value)) return narrow(Number(value));
  if (!isText(value)) throw cannotEncode(value, scalarNames[type]);
  const text = lossyText(value);
  const number = floatOfText(text);
  if (number === undefined) {
    const reason = text === "" ? "cannot parse float from empty string" : "invalid float literal";
    throw new Unwritable(`Cannot parse \`${text}\` as ${scalarNames[type]}: ${reason}`);
  }
  return narrow(number);
}

function integerPart(type: ScalarType, integer: IntegerType, value: Value): number | bigint {
  if (value instanceof Timestamp && type === ScalarType.INT64)
    return BigInt(value.seconds) * 1_000_000n + BigInt(Math.floor(value.nanoseconds / 1000));
  if (isInteger(value)) return wrapped(BigInt(value), integer);
  if (!isText(value)) throw cannotEncode(value, scalarNames[type]);
  return spelledInteger(
    value,
    integer,
    (text, reason) => `Can't convert '${text}' to ${integer.name}: ${reason}`,
  );
}

function wrapped(value: bigint, { bits, isSigned }: IntegerType): number | bigint {
  const held = isSigned ? BigInt.asIntN(bits, value) : BigInt.asUintN(bits, value);
  return bits === 64 ? held : Number(held);
}

function spelledInteger(
  value: Text,
  { bits, isSigned }: IntegerType,
  problem: (text: string, reason: string) => string,
): number | bigint {
  const text = lossyText(value);
  if (text === "") throw new Unwritable(problem(text, "cannot parse integer from empty string"));
  if (!(isSigned ? /^[+-]?\d+$/ : /^\+?\d+$/).test(text))
    throw new Unwritable(problem(text, "invalid digit found in string"));
  const isNegative = text.startsWith("-");
  // More digits than the largest has need not be read.
  const digits = text.replace(/^[+-]?0*/, "").slice(0, 21) || "0";
  const integer = isNegative ? -BigInt(digits) : BigInt(digits);
  const max = 2n ** BigInt(isSigned ? bits - 1 : bits) - 1n;
  const min = isSigned ? -max - 1n : 0n;
  if (integer > max) throw new Unwritable(problem(text, "number too large to fit in target type"));
  if (integer < min) throw new Unwritable(problem(text, "number too small to fit in target type"));
  return bits === 64 ? integer : Number(integer);
}

/** Keys of objects are strings; those of maps may be other scalars. */
function mapKey(type: ScalarType, key: string): string | number | bigint | boolean {
  if (type === ScalarType.STRING) return key.toWellFormed();
  if (type === ScalarType.BOOL) {
    if (key === "true" || key === "false") return key === "true";
    throw new Unwritable(
      `Cannot parse map key '${key}' as bool: provided string was not \`true\` or \`false\``,
    );
  }
  const integer = integerTypes.get(type)!;
  return spelledInteger(
    key,
    integer,
    (text, reason) => `Cannot parse map key '${text}' as ${integer.name}: ${reason}`,
  );
}
