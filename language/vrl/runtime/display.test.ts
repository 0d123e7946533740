import assert from "node:assert/strict";
import { test } from "node:test";
import { display } from "./display.ts";
import { floatOf } from "./float.ts";
import { Regex } from "./regex.ts";
import { Timestamp } from "./timestamp.ts";
import type { Value } from "./value.ts";

test("display() writes values as VRL does", () => {
  const value: Value = {
    b: [1, floatOf(1), 1.5, -5n * 10n ** 15n, floatOf(1e21), Infinity],
    a: 'say "\\n"\n',
    c: { t: new Timestamp(1_709_208_000, 500_000_000), r: Regex.of("\\d'"), n: null, o: {}, l: [] },
  };
  assert.equal(
    display(value),
    String.raw`{ "a": "say \"\\n\"\n", "b": [1, 1, 1.5, -5000000000000000, 1000000000000000000000, inf], ` +
      String.raw`"c": { "l": [], "n": null, "o": {  }, "r": r'\d'', "t": t'2024-02-29T12:00:00.500Z' } }`,
  );
  assert.equal(display(new Uint8Array([0x61, 0xff])), '"a\uFFFD"');
});
