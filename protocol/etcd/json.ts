import { GrpcError, Status } from "@plinth/grpc";
import type { Field, FieldShape, Message } from "./message.ts";

/**
 * Messages as JSON: proto3's mapping, with the names of etcd's definitions, as etcd's gateway writes it. What is zero or
 * empty is left out; 64-bit integers are strings, bytes are in base64, enums have names.
 */

/** As when reading the wire: bounds the stack that a hostile request takes. */
const NESTING_MAX = 1000;
const INT64_MAX = 2n ** 63n;
const UINT64_MAX = 2n ** 64n;

type JsonObject = { [name: string]: unknown };

function malformed(what: string): GrpcError {
  return new GrpcError(Status.invalidArgument, `json: ${what}`);
}

/** A field's name in etcd's definitions. */
export function fieldName(ourName: string, { name }: Pick<Field<unknown>, "name">): string {
  return name ?? ourName.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

export function toJson<Type>(type: Message<Type>, message: Type): JsonObject {
  const json: JsonObject = {};
  for (const [ourName, field] of type.fields) {
    const value = (message as JsonObject)[ourName];
    const { shape } = field;
    if (value === undefined || (field.union === undefined && isBlank(value))) continue;
    const written = shape.list
      ? (value as unknown[]).map((each) => valueToJson(shape, each))
      : valueToJson(shape, value);
    json[fieldName(ourName, field)] = written;
  }
  return json;
}

function isBlank(value: unknown): boolean {
  if (value instanceof Uint8Array || Array.isArray(value)) return value.length === 0;
  return value === 0 || value === 0n || value === "" || value === false;
}

function valueToJson({ kind, names, type }: FieldShape, value: unknown): unknown {
  switch (kind) {
    case "message":
      return toJson(type!(), value);
    case "enum":
      return names?.[value as number] ?? value;
    case "bytes": {
      const { buffer, byteOffset, byteLength } = value as Uint8Array;
      return Buffer.from(buffer, byteOffset, byteLength).toString("base64");
    }
    case "byteString":
      return Buffer.from(value as string, "latin1").toString("base64");
    case "int64":
    case "bigint64":
    case "biguint64":
      return String(value);
    case "uint32":
    case "bool":
    case "text":
      return value;
  }
}

/** GrpcError INVALID_ARGUMENT for what is not of the message's form. Unknown names are passed over, as etcd does. */
export function fromJson<Type>(type: Message<Type>, json: unknown, nesting = 0): Type {
  if (typeof json !== "object" || json === null || Array.isArray(json))
    throw malformed("an object is expected");
  if (nesting > NESTING_MAX) throw malformed("messages are nested too deeply");
  const given = new Map(Object.entries(json));
  const message = { ...(type.of() as JsonObject) };
  const unions = new Set<string>();
  for (const [ourName, field] of type.fields) {
    const name = fieldName(ourName, field);
    const value = given.get(name) ?? given.get(camelCase(name));
    if (value === undefined || value === null) continue;
    if (field.union !== undefined) {
      if (unions.has(field.union)) throw malformed(`"${name}" and another of its kind are both there`);
      unions.add(field.union);
    }
    message[ourName] = fieldFromJson(field.shape, name, value, nesting);
  }
  return message as Type;
}

/** The other name that proto3's JSON has for a field. */
function camelCase(name: string): string {
  return name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

function fieldFromJson(shape: FieldShape, name: string, value: unknown, nesting: number): unknown {
  if (!shape.list) return valueFromJson(shape, name, value, nesting);
  if (!Array.isArray(value)) throw malformed(`"${name}" is no array`);
  return value.map((each) => valueFromJson(shape, name, each, nesting));
}

function valueFromJson(
  { kind, names, type }: FieldShape,
  name: string,
  value: unknown,
  nesting: number,
): unknown {
  const wrong = (): GrpcError => malformed(`the value of "${name}" is not of its type`);
  switch (kind) {
    case "message":
      return fromJson(type!(), value, nesting + 1);
    case "enum": {
      const number = typeof value === "string" ? (names ?? []).indexOf(value) : value;
      if (!isUint32(number)) throw wrong();
      return number;
    }
    case "bytes":
    case "byteString": {
      if (typeof value !== "string") throw wrong();
      const bytes = Buffer.from(value, "base64");
      // Node passes over what is no base64, and a character that was lost would go unseen.
      if (bytes.toString("base64") !== value) throw wrong();
      return kind === "bytes" ? bytes : bytes.toString("latin1");
    }
    case "text":
      if (typeof value !== "string") throw wrong();
      return value;
    case "bool":
      if (typeof value !== "boolean") throw wrong();
      return value;
    case "uint32":
      if (!isUint32(value)) throw wrong();
      return value;
    case "int64": {
      const integer = integerOf(value, -INT64_MAX, INT64_MAX);
      if (integer === undefined) throw wrong();
      return Math.max(Number.MIN_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, Number(integer)));
    }
    case "bigint64":
    case "biguint64": {
      const signed = kind === "bigint64";
      const integer = integerOf(value, signed ? -INT64_MAX : 0n, signed ? INT64_MAX : UINT64_MAX);
      if (integer === undefined) throw wrong();
      return integer;
    }
  }
}

function isUint32(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) < 2 ** 32;
}

/** From a number that is exact, or digits in a string; undefined: none, or not from `least` up to below `end`. */
function integerOf(value: unknown, least: bigint, end: bigint): bigint | undefined {
  const isNumber = Number.isSafeInteger(value);
  if (!isNumber && !(typeof value === "string" && /^-?\d{1,20}$/.test(value))) return undefined;
  const integer = BigInt(value as number | string);
  return integer >= least && integer < end ? integer : undefined;
}
