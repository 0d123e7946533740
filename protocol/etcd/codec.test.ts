import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { GrpcError, Status } from "@plinth/grpc";
import protobuf from "protobufjs";
import {
  CompactionRequest,
  HashResponse,
  KeyValue,
  RangeRequest,
  TxnRequest,
  WatchCreateRequest,
  WatchResponse,
} from "./index.ts";
import type { Message } from "./index.ts";
import { WireReader } from "./wire-reader.ts";

/** Another implementation's view of the same messages, from field numbers written down a second time. */
const theirs = protobuf.parse(`
syntax = "proto3";
message Header { uint64 clusterId = 1; uint64 memberId = 2; int64 revision = 3; uint64 raftTerm = 4; }
message KeyValue { bytes key = 1; int64 createRevision = 2; int64 modRevision = 3; int64 version = 4; bytes value = 5; int64 lease = 6; }
message Event { int32 type = 1; KeyValue kv = 2; KeyValue prevKv = 3; }
message RangeRequest { bytes key = 1; bytes rangeEnd = 2; int64 limit = 3; int64 revision = 4; int32 sortOrder = 5;
  int32 sortTarget = 6; bool serializable = 7; bool keysOnly = 8; bool countOnly = 9; int64 minModRevision = 10;
  int64 maxModRevision = 11; int64 minCreateRevision = 12; int64 maxCreateRevision = 13; }
message PutRequest { bytes key = 1; bytes value = 2; int64 lease = 3; bool prevKv = 4; bool ignoreValue = 5; bool ignoreLease = 6; }
message DeleteRangeRequest { bytes key = 1; bytes rangeEnd = 2; bool prevKv = 3; }
message RequestOp { oneof request { RangeRequest range = 1; PutRequest put = 2; DeleteRangeRequest deleteRange = 3; TxnRequest txn = 4; } }
message Compare { int32 result = 1; int32 target = 2; bytes key = 3;
  oneof operand { int64 version = 4; int64 createRevision = 5; int64 modRevision = 6; bytes value = 7; int64 lease = 8; }
  bytes rangeEnd = 64; }
message TxnRequest { repeated Compare compare = 1; repeated RequestOp success = 2; repeated RequestOp failure = 3; }
message WatchResponse { Header header = 1; int64 watchId = 2; bool created = 3; bool canceled = 4; int64 compactRevision = 5;
  string cancelReason = 6; bool fragment = 7; repeated Event events = 11; }
message WatchCreateRequest { bytes key = 1; bytes rangeEnd = 2; int64 startRevision = 3; bool progressNotify = 4;
  repeated int32 filters = 5; bool prevKv = 6; int64 watchId = 7; bool fragment = 8; }
`).root;

const key = fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)) });
const bytes = fc.uint8Array().map((value) => Buffer.from(value));
const int64 = fc.oneof(fc.maxSafeInteger(), fc.integer(), fc.nat(300));
const bigint64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const biguint64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const small = fc.nat(4);

const maybe = <Value>(value: fc.Arbitrary<Value>): fc.Arbitrary<Value | undefined> =>
  fc.option(value, { nil: undefined });
const keyValue = fc.record({
  key,
  createRevision: int64,
  modRevision: int64,
  version: int64,
  value: bytes,
  lease: bigint64,
});
const range = fc.record({
  key,
  rangeEnd: key,
  limit: int64,
  revision: int64,
  sortOrder: small,
  sortTarget: small,
  serializable: fc.boolean(),
  keysOnly: fc.boolean(),
  countOnly: fc.boolean(),
  minModRevision: int64,
  maxModRevision: int64,
  minCreateRevision: int64,
  maxCreateRevision: int64,
});
const put = fc.record({
  key,
  value: bytes,
  lease: bigint64,
  prevKv: fc.boolean(),
  ignoreValue: fc.boolean(),
  ignoreLease: fc.boolean(),
});
const blankCompare = {
  version: undefined,
  createRevision: undefined,
  modRevision: undefined,
  value: undefined,
  lease: undefined,
};
const compare = fc
  .tuple(
    fc.record({ result: small, target: small, key, rangeEnd: key }),
    fc.oneof(
      int64.map((version) => ({ version })),
      int64.map((createRevision) => ({ createRevision })),
      int64.map((modRevision) => ({ modRevision })),
      bytes.map((value) => ({ value })),
      bigint64.map((lease) => ({ lease })),
      fc.constant({}),
    ),
  )
  .map(([head, operand]) => ({ ...head, ...blankCompare, ...operand }));
const blankOp = { range: undefined, put: undefined, deleteRange: undefined, txn: undefined };
const { txn } = fc.letrec<{ txn: TxnRequest; operation: TxnRequest["success"][number] }>((tie) => ({
  operation: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    range.map((value) => ({ ...blankOp, range: value })),
    put.map((value) => ({ ...blankOp, put: value })),
    fc
      .record({ key, rangeEnd: key, prevKv: fc.boolean() })
      .map((value) => ({ ...blankOp, deleteRange: value })),
    tie("txn").map((value) => ({ ...blankOp, txn: value })),
  ),
  txn: fc.record({
    compare: fc.array(compare, { maxLength: 3 }),
    success: fc.array(tie("operation"), { maxLength: 3 }),
    failure: fc.array(tie("operation"), { maxLength: 3 }),
  }),
}));
const watchResponse = fc.record({
  header: maybe(
    fc.record({ clusterId: biguint64, memberId: biguint64, revision: int64, raftTerm: biguint64 }),
  ),
  watchId: bigint64,
  created: fc.boolean(),
  canceled: fc.boolean(),
  compactRevision: int64,
  cancelReason: fc.string({ unit: "grapheme" }),
  fragment: fc.boolean(),
  events: fc.array(fc.record({ type: fc.nat(1), kv: maybe(keyValue), prevKv: maybe(keyValue) })),
});
const watchCreate = fc.record({
  key,
  rangeEnd: key,
  startRevision: int64,
  progressNotify: fc.boolean(),
  filters: fc.array(fc.nat(1)),
  prevKv: fc.boolean(),
  watchId: bigint64,
  fragment: fc.boolean(),
});

/** protobufjs decodes what we wrote and writes it anew; reading that must give the message back. */
function agrees<Type>(ours: Message<Type>, name: string, messages: fc.Arbitrary<Type>): void {
  const type = theirs.lookupType(name);
  fc.assert(
    fc.property(messages, (sent) => {
      const encoded = ours.encode(sent);
      const again = Buffer.from(type.encode(type.decode(encoded)).finish());
      const plain = (value: Type): unknown => structuredClone(value);
      assert.deepEqual(plain(ours.decode(encoded)), plain(sent));
      assert.deepEqual(plain(ours.decode(again)), plain(sent));
      assert.equal(encoded.length, again.length);
      assert.deepEqual(ours.encodeBehind(sent, 5).subarray(5), encoded);
    }),
    { numRuns: 150 },
  );
}

test("KeyValue agrees with protobufjs", () => agrees(KeyValue, "KeyValue", keyValue));
test("RangeRequest agrees with protobufjs", () => agrees(RangeRequest, "RangeRequest", range));
test("TxnRequest agrees with protobufjs, nested and with unions", () =>
  agrees(TxnRequest, "TxnRequest", txn));
test("WatchResponse agrees with protobufjs", () => agrees(WatchResponse, "WatchResponse", watchResponse));
test("WatchCreateRequest agrees with protobufjs", () =>
  agrees(WatchCreateRequest, "WatchCreateRequest", watchCreate));

test("any bytes decode or are refused with INTERNAL", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (input) => {
      for (const type of [TxnRequest, WatchResponse, RangeRequest]) {
        try {
          type.decode(Buffer.from(input));
        } catch (error) {
          assert.ok(error instanceof GrpcError);
          assert.equal(error.status, Status.internal);
        }
      }
    }),
    { numRuns: 2000 },
  );
});

test("a message that ends too early is refused wherever it is cut", () => {
  const whole = RangeRequest.encode(RangeRequest.of({ key: "key", rangeEnd: "kez", limit: 300 }));
  const cuts = whole.length;
  let refused = 0;
  for (let end = 1; end < cuts; end++) {
    try {
      RangeRequest.decode(whole.subarray(0, end));
    } catch {
      refused++;
    }
  }
  // Two cuts fall between fields, and those are whole messages.
  assert.equal(refused, cuts - 1 - 2);
});

test("fields that are not known are passed over, of every wire type", () => {
  const known = CompactionRequest.encode(CompactionRequest.of({ revision: 7 }));
  const unknown = Buffer.from([0x78, 0x01, 0x79, 1, 2, 3, 4, 5, 6, 7, 8, 0x7a, 2, 9, 9, 0x7d, 1, 2, 3, 4]);
  assert.deepEqual(CompactionRequest.decode(Buffer.concat([unknown, known, unknown])).revision, 7);
});

test("int64 beyond what a number holds becomes the nearest that it holds", () => {
  const far = Buffer.from("08ffffffffffffffff7f", "hex");
  assert.equal(CompactionRequest.decode(far).revision, Number.MAX_SAFE_INTEGER);
  const least = Buffer.from("0880808080808080808001", "hex");
  assert.equal(CompactionRequest.decode(least).revision, Number.MIN_SAFE_INTEGER);
});

test("a uint32 keeps its highest bit", () => {
  const sent = HashResponse.of({ hash: 0xffff_fffe });
  assert.equal(HashResponse.decode(HashResponse.encode(sent)).hash, 0xffff_fffe);
});

test("values are views of the request", () => {
  const encoded = KeyValue.encode(KeyValue.of({ key: "k", value: Buffer.from("value") }));
  const { value } = KeyValue.decode(encoded);
  assert.equal(value.buffer, encoded.buffer);
});

test("messages larger than the writer's buffer, one after the other, stay whole", () => {
  const values = [10, 70_000, 3, 200_000, 65_536].map((length) => Buffer.alloc(length, length % 251));
  const encoded = values.map((value) => KeyValue.encode(KeyValue.of({ key: "k", value })));
  for (const [index, value] of values.entries()) {
    assert.ok(value.equals(KeyValue.decode(encoded[index]!).value));
  }
});

test("nesting has an end", () => {
  let inner: Buffer = Buffer.alloc(0);
  // Each round wraps the message in an operation of a transaction.
  for (let depth = 0; depth < 600; depth++) {
    const wrap = (tag: number): Buffer => {
      const head: number[] = [];
      for (let rest = inner.length; ; rest >>>= 7) {
        if (rest < 0x80) {
          head.push(rest);
          break;
        }
        head.push((rest & 0x7f) | 0x80);
      }
      return Buffer.concat([Buffer.from([tag, ...head]), inner]);
    };
    inner = wrap(0x22);
    inner = wrap(0x12);
  }
  assert.throws(() => TxnRequest.read(new WireReader(inner)), /nested too deeply/);
});
