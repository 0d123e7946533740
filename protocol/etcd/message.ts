import type { Codec } from "@plinth/grpc";
import { WireReader, WireType } from "./wire-reader.ts";
import { WireWriter } from "./wire-writer.ts";

/** What a field holds, for whoever writes it otherwise: as JSON, or as a description of the message. */
export interface FieldShape {
  readonly kind: ScalarName | "enum" | "message";
  readonly list: boolean;
  /** An enum's full name in etcd's definitions, and the names of its values, by number. */
  readonly enumName?: string;
  readonly names?: readonly string[];
  readonly type?: () => Message<unknown>;
}

/** How a field is written and read; `blank` is its value when it was not sent. */
export interface Field<Value> {
  readonly number: number;
  /** Its name in etcd's definitions; undefined: ours in snake case. */
  readonly name?: string;
  readonly shape: FieldShape;
  readonly blank: Value;
  /** Fields of the same name here exclude each other: the last one that came counts. */
  readonly union?: string;
  /** Writes value, then tag (the writer goes backwards); nothing for the blank. */
  write(writer: WireWriter, value: Value): void;
  read(reader: WireReader, wireType: number, before: Value): Value;
}

/** A codec that can be part of others. Every field of a decoded message is there, blank if it was not sent. */
export interface Message<Type> extends Codec<Type> {
  /** By our names, in order of their numbers. */
  readonly fields: ReadonlyMap<string, Field<unknown>>;
  /** A message of the given fields; the others are blank. */
  of(fields?: Partial<Type>): Type;
  encode(message: Type): Buffer;
  encodeBehind(message: Type, room: number): Buffer;
  write(writer: WireWriter, message: Type): void;
  read(reader: WireReader): Type;
}

export type Fields<Type> = { readonly [Name in keyof Type]-?: Field<Type[Name]> };

/** Encoding is synchronous, so one writer serves all. */
const sharedWriter = new WireWriter();

class TableMessage<Type extends object> implements Message<Type> {
  readonly fields: ReadonlyMap<string, Field<unknown>>;
  readonly #names: readonly (keyof Type)[];
  readonly #fields: Fields<Type>;
  readonly #byNumber: ReadonlyMap<number, keyof Type>;
  readonly #blank: Type;
  readonly #writeAll: ((writer: WireWriter, value: Type) => void) | undefined;

  constructor(fields: Fields<Type>, writeAll: ((writer: WireWriter, value: Type) => void) | undefined) {
    this.#writeAll = writeAll;
    const names = Object.keys(fields) as (keyof Type)[];
    this.#fields = fields;
    this.#byNumber = new Map(names.map((name) => [fields[name].number, name]));
    this.#blank = Object.fromEntries(names.map((name) => [name, fields[name].blank])) as Type;
    this.#names = names.toSorted((left, right) => fields[right].number - fields[left].number);
    this.fields = new Map(this.#names.toReversed().map((name) => [String(name), fields[name]]));
  }

  of(fields: Partial<Type> = {}): Type {
    return { ...this.#blank, ...fields };
  }

  encode(value: Type): Buffer {
    return this.encodeBehind(value, 0);
  }

  encodeBehind(value: Type, room: number): Buffer {
    try {
      this.write(sharedWriter, value);
      return sharedWriter.finish(room);
    } finally {
      sharedWriter.abandon();
    }
  }

  decode(bytes: Buffer): Type {
    return this.read(new WireReader(bytes));
  }

  write(writer: WireWriter, value: Type): void {
    if (this.#writeAll !== undefined) return this.#writeAll(writer, value);
    for (const name of this.#names) this.#fields[name].write(writer, value[name]);
  }

  read(reader: WireReader): Type {
    const value = { ...this.#blank };
    while (reader.more) {
      const tag = reader.tag();
      const name = this.#byNumber.get(tag >>> 3);
      if (name === undefined) {
        reader.skip(tag & 7);
        continue;
      }
      const field = this.#fields[name];
      const read = field.read(reader, tag & 7, value[name]);
      if (field.union !== undefined) this.#clear(value, field.union);
      value[name] = read;
    }
    return value;
  }

  #clear(value: Type, union: string): void {
    for (const name of this.#names) {
      if (this.#fields[name].union === union) value[name] = this.#blank[name];
    }
  }
}

/**
 * A message from the table of its fields. What is written very often may have a writer of its own, `writeAll`, that does
 * what the table says without looking at it.
 */
export function message<Type extends object>(
  fields: Fields<Type>,
  writeAll?: (writer: WireWriter, value: Type) => void,
): Message<Type> {
  return new TableMessage(fields, writeAll);
}

interface Scalar<Value> {
  readonly blank: Value;
  /** Default: it is `blank`. */
  readonly isBlank?: (value: Value) => boolean;
  readonly wireType: number;
  readonly write: (writer: WireWriter, value: Value) => void;
  readonly read: (reader: WireReader) => Value;
}

const EMPTY: Uint8Array = new Uint8Array(0);

const scalars: {
  readonly int64: Scalar<number>;
  readonly uint32: Scalar<number>;
  readonly bigint64: Scalar<bigint>;
  readonly biguint64: Scalar<bigint>;
  readonly bool: Scalar<boolean>;
  readonly byteString: Scalar<string>;
  readonly bytes: Scalar<Uint8Array>;
  readonly text: Scalar<string>;
} = {
  int64: {
    blank: 0,
    wireType: WireType.varint,
    write: (writer, value) => writer.int64(value),
    read: (reader) => reader.int64(),
  },
  uint32: {
    blank: 0,
    wireType: WireType.varint,
    write: (writer, value) => writer.uint32(value),
    read: (reader) => reader.uint32(),
  },
  bigint64: {
    blank: 0n,
    wireType: WireType.varint,
    write: (writer, value) => writer.bigint64(value),
    read: (reader) => reader.bigint64(),
  },
  biguint64: {
    blank: 0n,
    wireType: WireType.varint,
    write: (writer, value) => writer.bigint64(value),
    read: (reader) => reader.biguint64(),
  },
  bool: {
    blank: false,
    wireType: WireType.varint,
    write: (writer, value) => writer.uint32(value ? 1 : 0),
    read: (reader) => reader.bool(),
  },
  byteString: {
    blank: "",
    wireType: WireType.bytes,
    write: (writer, value) => writer.latin1(value),
    read: (reader) => reader.latin1(),
  },
  bytes: {
    blank: EMPTY,
    isBlank: (value) => value.length === 0,
    wireType: WireType.bytes,
    write: (writer, value) => writer.bytes(value),
    read: (reader) => reader.bytes(),
  },
  text: {
    blank: "",
    wireType: WireType.bytes,
    write: (writer, value) => writer.utf8(value),
    read: (reader) => reader.utf8(),
  },
};

export type ScalarName = keyof typeof scalars;
type ValueOf<Name extends ScalarName> = (typeof scalars)[Name]["blank"];

/** A field that is not sent when it is zero or empty. */
export function scalar<Name extends ScalarName>(number: number, name: Name): Field<ValueOf<Name>> {
  const kind = scalars[name] as unknown as Scalar<ValueOf<Name>>;
  const { wireType, blank, write, read, isBlank = (value) => value === blank } = kind;
  return {
    number,
    shape: { kind: name, list: false },
    blank,
    write(writer, value) {
      if (isBlank(value)) return;
      write(writer, value);
      writer.tag(number, wireType);
    },
    read(reader, type) {
      reader.expect(type, wireType);
      return read(reader);
    },
  };
}

/** A number that has a name; `enumName` and, by number, `names` are those of etcd's definitions. */
export function enumeration(number: number, enumName: string, names: readonly string[]): Field<number> {
  return { ...scalar(number, "uint32"), shape: { kind: "enum", list: false, enumName, names } };
}

export function enumerationList(
  number: number,
  enumName: string,
  names: readonly string[],
): Field<readonly number[]> {
  return { ...list(number, "uint32"), shape: { kind: "enum", list: true, enumName, names } };
}

/** A field whose name in etcd's definitions is not ours in snake case. */
export function named<Value>(name: string, field: Field<Value>): Field<Value> {
  return { ...field, name };
}

/** One of a union: sent whenever it is there, be it zero. */
export function oneScalar<Name extends ScalarName>(
  number: number,
  name: Name,
  union: string,
): Field<ValueOf<Name> | undefined> {
  const { wireType, write, read } = scalars[name] as unknown as Scalar<ValueOf<Name>>;
  return {
    number,
    shape: { kind: name, list: false },
    blank: undefined,
    union,
    write(writer, value) {
      if (value === undefined) return;
      write(writer, value);
      writer.tag(number, wireType);
    },
    read(reader, type) {
      reader.expect(type, wireType);
      return read(reader);
    },
  };
}

/** A list of values; numbers may come packed, and go so. */
export function list<Name extends ScalarName>(number: number, name: Name): Field<readonly ValueOf<Name>[]> {
  const { wireType, write, read } = scalars[name] as unknown as Scalar<ValueOf<Name>>;
  const packed = wireType === WireType.varint;
  const blank: readonly ValueOf<Name>[] = [];
  return {
    number,
    shape: { kind: name, list: true },
    blank,
    write(writer, values) {
      if (values.length === 0) return;
      const mark = writer.mark();
      for (let index = values.length - 1; index >= 0; index--) {
        write(writer, values[index]!);
        if (!packed) writer.tag(number, wireType);
      }
      if (packed) writer.nest(number, mark);
    },
    read(reader, type, before) {
      const values = before === blank ? [] : (before as ValueOf<Name>[]);
      if (packed && type === WireType.bytes) {
        const outer = reader.enter();
        while (reader.more) values.push(read(reader));
        reader.leave(outer);
      } else {
        reader.expect(type, wireType);
        values.push(read(reader));
      }
      return values;
    },
  };
}

/** A nested message; a function where messages hold each other. */
export function nested<Type>(
  number: number,
  type: () => Message<Type>,
  union?: string,
): Field<Type | undefined> {
  return {
    number,
    shape: { kind: "message", list: false, type },
    blank: undefined,
    ...(union === undefined ? {} : { union }),
    write: (writer, value) => writeNested(writer, number, type(), value),
    read: (reader, wireType) => readNested(reader, wireType, type()),
  };
}

export function nestedList<Type>(number: number, type: () => Message<Type>): Field<readonly Type[]> {
  const blank: readonly Type[] = [];
  return {
    number,
    shape: { kind: "message", list: true, type },
    blank,
    write: (writer, values) => writeNestedList(writer, number, type(), values),
    read(reader, wireType, before) {
      const values = before === blank ? [] : (before as Type[]);
      values.push(readNested(reader, wireType, type()));
      return values;
    },
  };
}

/** A nested message as a field; nothing for none. */
export function writeNested<Type>(
  writer: WireWriter,
  number: number,
  type: Message<Type>,
  value: Type | undefined,
): void {
  if (value === undefined) return;
  const mark = writer.mark();
  type.write(writer, value);
  writer.nest(number, mark);
}

/** The same for each of a list. */
export function writeNestedList<Type>(
  writer: WireWriter,
  number: number,
  type: Message<Type>,
  values: readonly Type[],
): void {
  for (let index = values.length - 1; index >= 0; index--) writeNested(writer, number, type, values[index]);
}

function readNested<Type>(reader: WireReader, wireType: number, type: Message<Type>): Type {
  reader.expect(wireType, WireType.bytes);
  const outer = reader.enter();
  const value = type.read(reader);
  reader.leave(outer);
  return value;
}
