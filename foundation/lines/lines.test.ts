import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { linesOf } from "./lines.ts";

async function* pieces(bytes: Uint8Array, ends: readonly number[]): AsyncGenerator<Uint8Array> {
  let start = 0;
  for (const end of [...ends, bytes.length].toSorted((one, other) => one - other)) {
    yield bytes.subarray(start, end);
    start = end;
  }
}

test("linesOf() gives the same lines however they are cut, and leaves out what has no end", async () => {
  const line = fc.string({ unit: "grapheme" }).filter((text) => !text.includes("\n"));
  await fc.assert(
    fc.asyncProperty(fc.array(line), line, fc.array(fc.nat(200)), async (lines, rest, cuts) => {
      const bytes = Buffer.from([...lines.map((text) => `${text}\n`), rest].join(""));
      const ends = cuts.map((cut) => Math.min(cut, bytes.length));
      assert.deepEqual(await Array.fromAsync(linesOf(pieces(bytes, ends), 10_000, "")), lines);
    }),
  );
});

test("linesOf() refuses a line that never ends, after those before it", async () => {
  const seen: string[] = [];
  const read = async (): Promise<void> => {
    for await (const text of linesOf(pieces(Buffer.from(`a\nb\n${"x".repeat(11)}`), [3, 8]), 10, "too long"))
      seen.push(text);
  };
  await assert.rejects(read(), { code: "too-large", message: "too long" });
  assert.deepEqual(seen, ["a", "b"]);
});
