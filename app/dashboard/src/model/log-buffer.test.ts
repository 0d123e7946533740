import assert from "node:assert/strict";
import { test } from "node:test";
import { LOG_LINES_MAX, LogBuffer, plainText, searchLines } from "./log-buffer.ts";

test("plainText() drops terminal sequences and shows other control characters", () => {
  assert.equal(plainText("\u001b[1;31mred\u001b[0m \u001b]0;title\u0007x"), "red x");
  assert.equal(plainText("a\u0000b\rc\td"), "a␀b␍c\td");
  assert.equal(plainText("\u009b31m\u202eevil"), "␡31m�evil");
});

test("LogBuffer keeps the newest lines and counts what it dropped", () => {
  const buffer = new LogBuffer();
  const total = LOG_LINES_MAX * 3;
  for (let index = 0; index < total; index++)
    buffer.append([{ instance: "a", text: `line ${index}` }], undefined);
  assert.equal(buffer.lines.length + buffer.dropped, total);
  assert.ok(buffer.lines.length >= LOG_LINES_MAX);
  assert.equal(buffer.lines.at(-1)?.text, `line ${total - 1}`);
  assert.equal(buffer.lines[0]?.sequence, buffer.dropped);
});

test("searchLines() finds text whatever its case", () => {
  const buffer = new LogBuffer();
  buffer.append(
    ["GET /", "POST /x", "get /y"].map((text) => ({ instance: "a", text })),
    0,
  );
  const { found, matched } = searchLines(buffer.lines, "GeT", 1);
  assert.equal(matched, 2);
  assert.deepEqual(
    found.map(({ text }) => text),
    ["get /y"],
  );
});
