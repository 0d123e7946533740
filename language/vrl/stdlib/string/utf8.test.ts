import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { lossyText } from "../../runtime/text.ts";
import { characterLength } from "./utf8.ts";

/** Bytes that often begin characters and often break them. */
const anyBytes = fc
  .array(fc.oneof(fc.string({ unit: "grapheme", maxLength: 2 }), fc.uint8Array({ maxLength: 3 })))
  .map((pieces) => Buffer.concat(pieces.map((piece) => Buffer.from(piece as Uint8Array))));

test("characterLength() cuts bytes into the characters and broken pieces that a decoder sees", () => {
  fc.assert(
    fc.property(anyBytes, (bytes) => {
      let text = "";
      for (let at = 0; at < bytes.length;) {
        const length = characterLength(bytes, at);
        text += length > 0 ? lossyText(bytes.subarray(at, at + length)) : "\uFFFD";
        at += Math.abs(length);
      }
      assert.equal(text, lossyText(bytes));
    }),
    { numRuns: 2000 },
  );
});
