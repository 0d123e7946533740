import assert from "node:assert/strict";
import { test } from "node:test";
import { gunzipSync, gzipSync, inflateSync, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import fc from "fast-check";
import { bytesOf, textOf, type Text } from "../../runtime/text.ts";
import { deflate, inflate } from "./deflate.ts";
import { decodeLz4Block, decodeLz4Frame, encodeLz4Block } from "./lz4.ts";
import { ByteSink } from "./sink.ts";
import { snappyBytes, snappyText } from "./snappy.ts";
import { zstdBytes } from "./zstd-decode.ts";
import { zstdFrame } from "./zstd-encode.ts";

/** Bytes that repeat more often than chance would have them. */
const bytes = fc
  .array(fc.tuple(fc.uint8Array({ maxLength: 40 }), fc.integer({ min: 1, max: 300 })), { maxLength: 12 })
  .map((parts) =>
    Uint8Array.from(parts.flatMap(([part, times]) => Array.from({ length: times }, () => [...part]).flat())),
  );
const anyBytes = fc.uint8Array({ maxLength: 300 });

test("zstdFrame() is read by others and by zstdBytes()", () => {
  fc.assert(
    fc.property(bytes, (input) => {
      const frame = zstdFrame(input);
      assert.deepEqual(new Uint8Array(zstdDecompressSync(frame)), input);
      assert.deepEqual(Uint8Array.from(zstdBytes(frame)!), input);
    }),
  );
});

test("zstdFrame() takes blocks and windows of all sizes", () => {
  const line = bytesOf('{"level":"info","path":"/v1/items","status":200,"took":');
  for (const size of [131_072, 131_073, 700_000, 3_000_000]) {
    const input = Uint8Array.from({ length: size }, (_, at) =>
      at % 97 < 55 ? line[at % 97]! : (at * 2_654_435_761) >>> 24,
    );
    const frame = zstdFrame(input);
    assert.ok(frame.length < size / 1.5);
    assert.equal(Buffer.compare(zstdDecompressSync(frame), input), 0);
  }
});

test("zstdBytes() reads what others write", () => {
  fc.assert(
    fc.property(bytes, (input) =>
      assert.deepEqual(Uint8Array.from(zstdBytes(zstdCompressSync(input))!), input),
    ),
  );
});

test("decodeLz4Block() reads what encodeLz4Block() writes", () => {
  fc.assert(
    fc.property(bytes, (input) => {
      const sink = new ByteSink();
      assert.equal(decodeLz4Block(encodeLz4Block(input), sink, input.length), undefined);
      assert.deepEqual(Uint8Array.from(sink.bytes()), input);
    }),
  );
});

test("snappyBytes() reads what snappyText() writes", () => {
  fc.assert(
    fc.property(bytes, (input) => assert.deepEqual(Uint8Array.from(snappyBytes(snappyText(input))!), input)),
  );
});

test("deflate() and inflate() are those of others", () => {
  fc.assert(
    fc.property(bytes, fc.integer({ min: 0, max: 10 }), (input, level) => {
      const value = textOf(input);
      const gzip = bytesOf(deflate(value, level, "gzip") as Text);
      assert.deepEqual(new Uint8Array(gunzipSync(gzip)), input);
      assert.deepEqual(inflate(gzip, "gzip"), input);
      const zlib = bytesOf(deflate(value, level, "zlib") as Text);
      assert.deepEqual(new Uint8Array(inflateSync(zlib)), input);
      assert.deepEqual(inflate(new Uint8Array(gzipSync(input)), "gzip"), input);
    }),
  );
});

test("any bytes end in bytes or in none", () => {
  fc.assert(
    fc.property(
      anyBytes,
      fc.constantFrom([], [0x04, 0x22, 0x4d, 0x18], [0x28, 0xb5, 0x2f, 0xfd], [0x1f, 0x8b, 8]),
      (rest, start) => {
        const input = Uint8Array.from([...start, ...rest]);
        for (const read of [
          zstdBytes,
          snappyBytes,
          decodeLz4Frame,
          (each: Uint8Array) => inflate(each, "gzip"),
          (each: Uint8Array) => inflate(each, "zlib"),
        ])
          assert.doesNotThrow(() => read(input));
        assert.doesNotThrow(() => decodeLz4Block(input, new ByteSink(), 1000));
      },
    ),
  );
});

test("what swells beyond the limit is refused", { timeout: 60_000 }, () => {
  const bomb = gzipSync(Buffer.alloc(140 * 1024 * 1024));
  assert.equal(inflate(new Uint8Array(bomb), "gzip"), undefined);
});
