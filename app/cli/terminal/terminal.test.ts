import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { columns } from "./columns.ts";
import { Output } from "./output.ts";
import { plainLine, plainText } from "./plain-text.ts";
import { wrap } from "./wrap.ts";

const terminal = (width: number): Output => {
  const stream = { write: () => true, isTTY: true, columns: width };
  return new Output({ stdout: stream, stderr: stream, environment: {}, colour: false, quiet: false });
};

test("plainText() leaves nothing that drives a terminal, whatever the input", () => {
  const pieces = fc.constantFrom(
    "\u001b",
    "[",
    "]",
    "31m",
    "0;title",
    "\u0007",
    "\\",
    "\u009b",
    "P",
    "a",
    "\r",
    "\u202e",
    "\n",
  );
  fc.assert(
    fc.property(fc.array(fc.oneof(pieces, fc.string({ unit: "binary" }))), (parts) => {
      const plain = plainText(parts.join(""));
      assert.doesNotMatch(plain, /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/);
      assert.equal(plainText(plain), plain);
      assert.ok(!plainLine(plain).includes("\n"));
    }),
  );
});

test("plainText() drops whole sequences and keeps the words between them", () => {
  assert.equal(plainText("a\u001b[1;31mred\u001b[0m b"), "ared b");
  assert.equal(plainText("\u001b]0;title\u0007x\u001b]8;;http://evil\u001b\\y"), "xy");
  assert.equal(plainText("\u001bPq#0\u001b\\z"), "z");
  assert.equal(plainText("line\r\nnext\ttab"), "line\nnext\ttab");
});

test("columns() never exceeds the terminal, and leaves out minor columns first", () => {
  const rows = [{ name: "shop.web.abcde", state: "Ready", why: "because ".repeat(20) }];
  const table = [
    { title: "NAME", text: (row: (typeof rows)[0]) => row.name },
    { title: "STATE", text: (row: (typeof rows)[0]) => row.state, minor: 1 },
    { title: "WHY", text: (row: (typeof rows)[0]) => row.why },
  ];
  const wide = columns(rows, table, terminal(80).stdout);
  assert.ok(wide.every((line) => line.length <= 80));
  assert.match(wide[1]!, /^shop\.web\.abcde {2}Ready {2}because .*…$/);
  const narrow = columns(rows, table, terminal(42).stdout);
  assert.ok(narrow.every((line) => line.length <= 42));
  assert.equal(narrow[0], "NAME            WHY");
});

test("wrap() keeps every word and the width", () => {
  fc.assert(
    fc.property(
      fc.array(fc.stringMatching(/^[a-z]{1,9}$/), { minLength: 1 }),
      fc.integer({ min: 10, max: 60 }),
      (words, width) => {
        const lines = wrap(words.join(" "), width);
        assert.equal(lines.join(" "), words.join(" "));
        assert.ok(lines.every((line) => line.length <= width));
      },
    ),
  );
});
