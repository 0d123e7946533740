import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { LineSplitter } from "./lines.ts";

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
