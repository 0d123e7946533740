import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { textOf } from "../../runtime/text.ts";
import { firstRow, rowText } from "./row.ts";

const COMMA = 0x2c;

const fields = fc.array(
  fc.oneof(
    fc.string({ unit: fc.constantFrom("a", ",", '"', "\n", "\r", " ", "é", ";"), maxLength: 6 }),
    fc.uint8Array({ minLength: 1, maxLength: 4 }).map((bytes) => textOf(bytes)),
  ),
  { minLength: 1, maxLength: 6 },
);

test("firstRow() reads what rowText() writes", () => {
  fc.assert(
    fc.property(fields, fc.constantFrom(COMMA, 0x3b, 0x09), (row, delimiter) => {
      // A mark of the byte order before a row is none of it.
      const written = rowText(["-", ...row], delimiter);
      assert.deepEqual(firstRow(written, delimiter), ["-", ...row]);
    }),
  );
});
