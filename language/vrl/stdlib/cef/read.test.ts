import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { readEvent } from "./read.ts";

const word = fc.string({ unit: fc.constantFrom(...Array.from("abc.é日1")), minLength: 1, maxLength: 6 });
const text = fc
  .string({ unit: fc.constantFrom(...Array.from('ab \\=|\n"é')), maxLength: 10 })
  .map((inner) => `v${inner}v`);

test("readEvent() reads back what was written with its escapes", () => {
  fc.assert(
    fc.property(
      fc.array(text, { minLength: 7, maxLength: 7 }),
      fc.dictionary(word, text, { minKeys: 1, maxKeys: 4, noNullPrototype: true }),
      (header, extension) => {
        const fields = header.map((field) => field.replace(/[\\|]/g, String.raw`\$&`)).join("|");
        const pairs = Object.entries(extension).map(
          ([key, value]) =>
            `${key}=${value.replace(/[\\=]/g, String.raw`\$&`).replaceAll("\n", String.raw`\n`)}`,
        );
        const event = readEvent(`host CEF:${fields}|${pairs.join(" ")}`, true);
        assert.ok(typeof event !== "string");
        assert.deepEqual(event.header, header);
        assert.deepEqual(event.extension, Object.entries(extension));
      },
    ),
  );
});

test("any text is an event or is none, in linear time", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom(...Array.from('CEF:|=\\ ab\n"')), maxLength: 40 }),
      fc.boolean(),
      (line, isStrict) => void readEvent(`CEF:${line}`, isStrict),
    ),
    { numRuns: 1000 },
  );
  for (const unit of ["|", " ", "a|", " a", "\\", "=", " a=", "| "])
    for (const isStrict of [true, false]) readEvent(`CEF:0|1|2|3|4|5|6|a=${unit.repeat(50_000)}`, isStrict);
});
