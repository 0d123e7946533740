import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { lossyText, textOf, type Text } from "../../runtime/text.ts";
import { call } from "../call-for-test.ts";
import { stripAnsiEscapeCodes } from "../strip-ansi-escape-codes.ts";

function strip(value: Text): Text {
  return call(stripAnsiEscapeCodes, { value }) as Text;
}

const anyPiece = fc.oneof(
  fc.constantFrom(
    "\u001b",
    "\u001b[",
    "\u001b]",
    "\u001bP",
    "\u001b\\",
    "\u0007",
    "\u0018",
    "1;2",
    "m",
    "\n",
    "é",
    "x",
  ),
  fc.string({ unit: "binary", maxLength: 3 }),
);

test("strip_ansi_escape_codes() leaves no control characters but line feeds", () => {
  const anyText = fc.array(
    fc.oneof(
      anyPiece.map((piece) => Buffer.from(piece)),
      fc.uint8Array({ maxLength: 2 }),
    ),
  );
  fc.assert(
    fc.property(anyText, (pieces) => {
      const stripped = strip(textOf(Buffer.concat(pieces)));
      // oxlint-disable-next-line no-control-regex -- they are what must not be there
      assert.doesNotMatch(lossyText(stripped), /[\u0000-\u0009\u000b-\u001f\u0080-\u009f]/);
    }),
    { numRuns: 2000 },
  );
});

test("strip_ansi_escape_codes() keeps the text around sequences", () => {
  const sequence = fc.constantFrom(
    "\u001b[0m",
    "\u001b[38;5;196m",
    "\u001b[?25l",
    "\u001b(B",
    "\u001b7",
    "\u001b]8;;http://x\u001b\\",
    "\u001b]0;t\u0007",
    "\u001bPq~\u001b\\",
    "\u001b_app\u001b\\",
  );
  const anyWord = fc.string({ unit: "grapheme" }).map((text) => text.replace(/\p{Cc}/gu, ""));
  fc.assert(
    fc.property(fc.array(fc.tuple(anyWord, sequence)), (parts) => {
      assert.equal(strip(parts.flat().join("")), parts.map(([word]) => word).join(""));
    }),
  );
});
