import assert from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";
import {
  byteLength,
  bytesOf,
  compareTexts,
  concatTexts,
  lossyText,
  type Text,
  textOf,
  textsEqual,
} from "./text.ts";

const text = fc.string({ unit: "binary" });
const bytes = fc.uint8Array({ maxLength: 12 });
/** Characters and the pieces they are made of, which join to others. */
const any: fc.Arbitrary<Text> = fc.oneof(
  text,
  bytes.map((each) => textOf(each)),
  fc.constantFrom<Uint8Array>(Uint8Array.of(0xf0, 0x9d), Uint8Array.of(0x84, 0x9e), Uint8Array.of(0xff)),
);

/** The model: arrays of bytes. */
const model = (value: Text): number[] => [...Buffer.from(bytesOf(value))];

suite("texts", () => {
  test("bytes come back as they were, as a string whenever they are UTF-8", () => {
    fc.assert(
      fc.property(bytes, (each) => {
        const value = textOf(each);
        assert.deepEqual([...bytesOf(value)], [...each]);
        const decoded = Buffer.from(each).toString("utf8");
        assert.equal(typeof value === "string", Buffer.from(decoded, "utf8").equals(Buffer.from(each)));
      }),
    );
  });

  test("byteLength(), concatTexts(), compareTexts() and textsEqual() are those of the bytes", () => {
    fc.assert(
      fc.property(any, any, (left, right) => {
        assert.equal(byteLength(left), model(left).length);
        const both = concatTexts(left, right);
        assert.deepEqual(model(both), [...model(left), ...model(right)]);
        assert.ok(textsEqual(both, textOf(bytesOf(both))));
        const order = Buffer.compare(Buffer.from(model(left)), Buffer.from(model(right)));
        assert.equal(compareTexts(left, right), order);
        assert.equal(textsEqual(left, right), order === 0);
      }),
    );
  });

  test("lossyText() puts a mark in the place of each longest broken piece", () => {
    assert.equal(lossyText(Uint8Array.of(0x61, 0xf0, 0x9d, 0x62)), "a\ufffdb");
    assert.equal(lossyText(Uint8Array.of(0xff, 0xff)), "\ufffd\ufffd");
    assert.equal(lossyText(Uint8Array.of(0xef, 0xbb, 0xbf, 0x61)), "\ufeffa");
  });
});
