import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseKeyValues } from "./parse.ts";
import { keyValueText } from "./write.ts";

const LOGFMT = { separator: "=", delimiter: " " } as const;
const keys = fc.stringMatching(/^[a-z][a-z0-9_@#-]{0,5}$/);
/** A line break is written so that it is read as a backslash and an `n`, in VRL, too. */
const values = fc.string({
  unit: fc.constantFrom("a", "=", '"', "\\", " ", "é", "😀", "'", ","),
  minLength: 1,
  maxLength: 8,
});

test("parseKeyValues() reads what keyValueText() writes", () => {
  fc.assert(
    fc.property(fc.dictionary(keys, values, { noNullPrototype: true }), (object) => {
      fc.pre(Object.keys(object).length > 0);
      // What needs no quotes loses its meaning where it begins with one, or holds a backslash.
      fc.pre(Object.values(object).every((value) => /[ "=]/.test(value) || !/['\\]/.test(value)));
      const text = keyValueText(object, [], { ...LOGFMT, flattensBooleans: false });
      const read = parseKeyValues(text, { ...LOGFMT, isStrict: true, takesLoneKeys: false });
      assert.deepEqual(read, object);
    }),
  );
});
