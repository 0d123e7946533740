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
    buffer.append([{ instance: "a", line: `line ${index}` }], undefined);
  assert.equal(buffer.lines.length + buffer.dropped, total);
  assert.ok(buffer.lines.length >= LOG_LINES_MAX);
  assert.equal(buffer.lines.at(-1)?.text, `line ${total - 1}`);
  assert.equal(buffer.lines[0]?.sequence, buffer.dropped);
});

test("searchLines() finds text whatever its case", () => {
  const buffer = new LogBuffer();
  buffer.append(
    ["GET /", "POST /x", "get /y"].map((line) => ({ instance: "a", line })),
    0,
  );
  const { found, matched } = searchLines(buffer.lines, "GeT", 1);
  assert.equal(matched, 2);
  assert.deepEqual(
    found.map(({ text }) => text),
    ["get /y"],
  );
});

test("a line that was read as fields shows its message and the others, those inside others by their whole name", () => {
  const buffer = new LogBuffer();
  const fields = {
    message: "paid",
    app: "shop",
    http: { status: 503, "path\u001b[1m": "/x" },
    tags: ["a", 1],
  };
  buffer.append([{ instance: "a", line: "{}", fields }], 0);
  const { found } = searchLines(buffer.lines, "HTTP.STATUS=5", 1);
  assert.equal(found[0]?.text, "paid");
  assert.deepEqual(found[0].fields, [
    { name: "http.status", value: "503" },
    { name: "http.path", value: "/x" },
    { name: "tags", value: '["a",1]' },
  ]);
  assert.equal(searchLines(buffer.lines, "shop", 1).matched, 0);
});

test("a line that could not be read is as it was written, with the reason", () => {
  const buffer = new LogBuffer();
  buffer.append([{ instance: "a", line: "not json", error: "function call error" }], 0);
  const [line] = buffer.lines;
  assert.deepEqual([line?.text, line?.fields, line?.error], ["not json", [], "function call error"]);
});
