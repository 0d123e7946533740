import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  AlarmRequest,
  fromJson,
  KeyValue,
  type Message,
  PutRequest,
  RoleGetResponse,
  toJson,
  TxnRequest,
  WatchCreateRequest,
} from "./index.ts";

/** Messages of every kind of field, of what its shape says it holds. */
function anyOf(type: Message<unknown>, depth = 0): fc.Arbitrary<object> {
  const fields: Record<string, fc.Arbitrary<unknown>> = {};
  const unions = new Set<string>();
  for (const [name, { shape, union, blank }] of type.fields) {
    const skipped = union !== undefined && unions.has(union);
    if (union !== undefined) unions.add(union);
    const value =
      skipped || (shape.kind === "message" && depth > 2) ? fc.constant(blank) : valueOf(shape, depth);
    fields[name] =
      shape.list && !(shape.kind === "message" && depth > 2) ? fc.array(value, { maxLength: 3 }) : value;
  }
  return fc.record(fields);
}

function valueOf(
  { kind, names, type }: { kind: string; names?: readonly string[]; type?: () => Message<unknown> },
  depth: number,
): fc.Arbitrary<unknown> {
  switch (kind) {
    case "message":
      return anyOf(type!(), depth + 1);
    case "enum":
      // One that has no name goes as a number.
      return fc.nat(names!.length);
    case "bool":
      return fc.boolean();
    case "uint32":
      return fc.nat(2 ** 31 - 1);
    case "int64":
      return fc.maxSafeInteger();
    case "bigint64":
      return fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
    case "biguint64":
      return fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
    case "bytes":
      return fc.uint8Array().map((bytes) => Buffer.from(bytes));
    case "byteString":
      return fc.uint8Array().map((bytes) => Buffer.from(bytes).toString("latin1"));
    default:
      return fc.string({ unit: "grapheme" });
  }
}

for (const [name, type] of Object.entries<Message<unknown>>({
  AlarmRequest,
  KeyValue,
  PutRequest,
  RoleGetResponse,
  TxnRequest,
  WatchCreateRequest,
})) {
  test(`fromJson() reads what toJson() wrote of a ${name}`, () => {
    fc.assert(
      fc.property(anyOf(type), (message) => {
        const text = JSON.stringify(toJson(type, message));
        assert.deepEqual(type.encode(fromJson(type, JSON.parse(text))), type.encode(message));
      }),
    );
  });
}

test("toJson() writes etcd's names, and leaves out what is zero but for one of a union", () => {
  const compare = { key: "a", version: 0 };
  const request = fromJson(TxnRequest, {
    compare: [{ key: "YQ==", version: "0", result: "NOT_EQUAL" }],
    success: [{ requestPut: { key: "YQ==", prevKv: true } }],
  });
  assert.deepEqual({ key: request.compare[0]!.key, version: request.compare[0]!.version }, compare);
  assert.deepEqual(toJson(TxnRequest, request), {
    compare: [{ result: "NOT_EQUAL", key: "YQ==", version: "0" }],
    success: [{ request_put: { key: "YQ==", prev_kv: true } }],
  });
});

test("fromJson() refuses values of other types, and two of a union", () => {
  const wrong: readonly object[] = [
    { key: 1 },
    { key: "*" },
    { key: "YQ" },
    { lease: "1.5" },
    { lease: 2 ** 60 },
    { lease: "9223372036854775808" },
    { lease: true },
    { prev_kv: 1 },
    { value: [] },
  ];
  for (const json of wrong)
    assert.throws(() => fromJson(PutRequest, json), { status: 3 }, JSON.stringify(json));
  for (const json of [[], "x", 1, null, undefined])
    assert.throws(() => fromJson(PutRequest, json), { status: 3 });
  assert.throws(() => fromJson(TxnRequest, { compare: [{ version: "1", lease: "1" }] }), { status: 3 });
  assert.throws(() => fromJson(TxnRequest, { compare: {} }), { status: 3 });
  assert.throws(() => fromJson(AlarmRequest, { action: "SHOUT" }), { status: 3 });
});
