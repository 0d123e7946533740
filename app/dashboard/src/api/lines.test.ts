import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { LineSplitter } from "./lines.ts";

test("LineSplitter keeps a large resource whole and does not hold what never ends", () => {
  const splitter = new LineSplitter();
  const resource = "x".repeat(300_000);
  assert.deepEqual(splitter.feed(resource), []);
  assert.deepEqual(splitter.feed(`${resource}\n`), [resource + resource]);
  for (let piece = 0; piece < 10; piece++) splitter.feed("y".repeat(2 ** 20));
  assert.ok(splitter.feed("\n")[0]!.length <= 4 * 2 ** 20);
});

test("LineSplitter gives the same lines however the text is cut", () => {
  const line = fc.string({ maxLength: 12 }).map((text) => text.replace(/[\r\n]/g, "."));
  fc.assert(
    fc.property(fc.array(line), fc.array(fc.nat(40)), (lines, cuts) => {
      const text = lines.map((one) => `${one}\n`).join("");
      const places = [...cuts.filter((cut) => cut < text.length).sort((a, b) => a - b), text.length];
      const splitter = new LineSplitter();
      const seen: string[] = [];
      let start = 0;
      for (const end of places) {
        seen.push(...splitter.feed(text.slice(start, end)));
        start = end;
      }
      assert.deepEqual(seen, lines);
    }),
  );
});
