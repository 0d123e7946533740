import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { jsonValues } from "./json-values.ts";

async function* inChunks(bytes: Buffer, sizes: readonly number[]): AsyncGenerator<Buffer> {
  let at = 0;
  for (let index = 0; at < bytes.length; index++) {
    const size = sizes[index % sizes.length]!;
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

const object = fc.dictionary(fc.string(), fc.jsonValue());
const blanks = fc.constantFrom("", " ", "\n", "\r\n\t ");

test("jsonValues() finds every object, however the bytes come and whatever blanks are between", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(object, blanks)),
      fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }),
      async (objects, sizes) => {
        const text = objects.map(([each, blank]) => JSON.stringify(each) + blank).join("");
        const found = await Array.fromAsync(jsonValues(inChunks(Buffer.from(text), sizes), 1e6));
        assert.deepEqual(
          found.map((each) => JSON.stringify(each)),
          objects.map(([each]) => JSON.stringify(each)),
        );
      },
    ),
  );
});

test("jsonValues() refuses what is no object, does not end, or is too large, before it has all of it", async () => {
  const read = (text: string, bytesMax = 100): Promise<unknown[]> =>
    Array.fromAsync(jsonValues(inChunks(Buffer.from(text), [7]), bytesMax));
  for (const text of ["7", "x", '"text"', "}", "]", '{"a":', '{"a"', "{a}", '{} {"', "{]"]) {
    await assert.rejects(read(text), { name: "GrpcError", status: 3 }, text);
  }
  async function* endless(): AsyncGenerator<Buffer> {
    for (;;) yield Buffer.from('{"a":"');
  }
  await assert.rejects(Array.fromAsync(jsonValues(endless(), 1000)), { name: "GrpcError", status: 8 });
  await assert.rejects(read(`{"a":"${"x".repeat(100)}"}`), { status: 8 });
});
