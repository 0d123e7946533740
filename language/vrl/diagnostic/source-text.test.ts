import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { SourceText } from "./source-text.ts";

test("position() counts lines and characters from 1", () => {
  const source = new SourceText("ab\n\u{1F375}é\r\n\nz");
  const positions = [0, 2, 3, 5, 6, 8, 9, 10].map((offset) => {
    const { line, column } = source.position(offset);
    return `${line}:${column}`;
  });
  assert.deepEqual(positions, ["1:1", "1:3", "2:1", "2:2", "2:3", "3:1", "4:1", "4:2"]);
});

test("position() of what is past the end is that of the end", () => {
  assert.deepEqual(new SourceText("a\nbc").position(99), { line: 2, column: 3 });
  assert.deepEqual(new SourceText("").position(1), { line: 1, column: 1 });
});

test("lineSpan() of all lines is the whole text", () => {
  const texts = fc
    .array(fc.constantFrom("a", "é", "\n", "\r\n", "\u{1F375}"))
    .map((pieces) => pieces.join(""));
  fc.assert(
    fc.property(texts, (text) => {
      const source = new SourceText(text);
      const lines = text.split("\n");
      const spans = lines.map((_, index) => source.lineSpan(index));
      assert.equal(spans.map(({ start, end }) => text.slice(start, end)).join(""), text);
      spans.forEach(({ start }, index) => assert.equal(source.lineIndex(start), index));
    }),
  );
});

test("byteOffset() counts bytes of UTF-8", () => {
  const source = new SourceText("aé\u{1F375}z");
  assert.deepEqual(
    [0, 1, 2, 4, 5].map((offset) => source.byteOffset(offset)),
    [0, 1, 3, 7, 8],
  );
});
