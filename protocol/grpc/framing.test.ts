import assert from "node:assert/strict";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import * as fc from "fast-check";
import {
  decodeMessageText,
  encodeMessageText,
  formatTimeout,
  frameMessage,
  GrpcError,
  MessageReader,
  metadataOfFields,
  metadataToFields,
  parseTimeout,
  Status,
} from "./index.ts";

const messages = fc.array(fc.uint8Array({ maxLength: 3000 }), { maxLength: 6 });
const sizes = fc.array(fc.integer({ min: 1, max: 900 }), { minLength: 1, maxLength: 6 });

test("MessageReader gives the messages that were framed, however the bytes are cut", () => {
  fc.assert(
    fc.property(messages, sizes, fc.constantFrom("identity", "gzip"), (all, cuts, encoding) => {
      const bytes = Buffer.concat(all.map((message) => frameMessage(message, encoding)));
      const reader = new MessageReader();
      reader.encoding = encoding;
      const read: Buffer[] = [];
      for (let at = 0, index = 0; at < bytes.length; index++) {
        const size = cuts[index % cuts.length]!;
        reader.feed(bytes.subarray(at, at + size));
        at += size;
        for (let message = reader.next(); message !== undefined; message = reader.next()) read.push(message);
      }
      assert.deepEqual(
        read,
        all.map((message) => Buffer.from(message)),
      );
      assert.ok(reader.atStart);
    }),
  );
});

function problemOf(bytes: Buffer, encoding = "identity"): number {
  const reader = new MessageReader(10_000);
  reader.encoding = encoding;
  reader.feed(bytes);
  try {
    reader.next();
  } catch (error) {
    return (error as GrpcError).status;
  }
  return Status.ok;
}

test("MessageReader refuses what is too large, also decompressed, or compressed unannounced", () => {
  const compressed = (body: Buffer): Buffer => {
    const framed = frameMessage(gzipSync(body));
    framed[0] = 1;
    return framed;
  };
  assert.equal(problemOf(frameMessage(Buffer.alloc(10_001))), Status.resourceExhausted);
  assert.equal(problemOf(Buffer.from("00ffffffff", "hex")), Status.resourceExhausted);
  assert.equal(problemOf(compressed(Buffer.alloc(1_000_000)), "gzip"), Status.resourceExhausted);
  assert.equal(problemOf(compressed(Buffer.alloc(9_000)), "gzip"), Status.ok);
  assert.equal(problemOf(compressed(Buffer.alloc(9_000))), Status.internal);
  assert.equal(problemOf(Buffer.from("010000000161", "hex"), "gzip"), Status.internal);
  assert.equal(problemOf(Buffer.from("020000000161", "hex")), Status.internal);
});

test("decodeMessageText() undoes encodeMessageText(), and never fails", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), (text) => {
      const encoded = encodeMessageText(text);
      assert.match(encoded, /^[ -~]*$/);
      assert.equal(decodeMessageText(encoded), Buffer.from(text).toString("utf8"));
    }),
  );
  assert.equal(decodeMessageText("50%% off %zz%4"), "50%% off %zz%4");
});

test("parseTimeout() and formatTimeout() agree to the millisecond", () => {
  assert.equal(parseTimeout("1H"), 3_600_000);
  assert.equal(parseTimeout("500u"), 0.5);
  for (const wrong of ["", "1", "m", "1x", "123456789m", "-1m", " 1m"])
    assert.equal(parseTimeout(wrong), undefined);
  fc.assert(fc.property(fc.nat(99_999_999), (ms) => assert.equal(parseTimeout(formatTimeout(ms)), ms)));
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1e12, noNaN: true }), (ms) => {
      const parsed = parseTimeout(formatTimeout(ms))!;
      assert.ok(parsed >= ms && parsed <= ms + 3_600_000);
    }),
  );
});

test("metadata comes back from fields; octets in base64, names of the protocol refused", () => {
  const metadata = [
    ["x-a", "1"],
    ["x-b-bin", Buffer.from([0, 1, 255])],
  ] as const;
  const fields = metadataToFields(metadata);
  assert.deepEqual(fields, ["x-a", "1", "x-b-bin", "AAH/"]);
  assert.deepEqual(metadataOfFields([":path", "/", ...fields, "grpc-timeout", "1S"]), metadata);
  assert.deepEqual(metadataOfFields(["x-bin", "AA==,AQ"]), [
    ["x-bin", Buffer.from([0])],
    ["x-bin", Buffer.from([1])],
  ]);
  assert.throws(() => metadataToFields([["grpc-status", "0"]]), /reserved/);
  assert.throws(() => metadataToFields([["x-bin", "text"]]), /octets/);
});
