import assert from "node:assert/strict";
import { test } from "node:test";
import { Part } from "../../checker/kind.ts";
import { del } from "../del.ts";
import { filter } from "../filter.ts";
import { parseKeyValue } from "../parse-key-value.ts";
import { round } from "../round.ts";
import { kindText, signatureOf } from "./signature.ts";

test("signatureOf() tells parameters, what they are by default, the closure and what is returned", () => {
  assert.equal(signatureOf(round), "round(value: integer | float, precision?: integer = 0): integer | float");
  assert.equal(signatureOf(filter), "filter(value: array | object) -> |key, value| { … }: array | object");
  assert.equal(signatureOf(del), "del(target: path, compact?: boolean = false): any");
});

test("signatureOf() gives each parameter its line where one line would be long", () => {
  assert.match(
    signatureOf(parseKeyValue),
    /^parse_key_value\(\n {2}value: string,\n {2}key_value_delimiter\?/,
  );
});

test("kindText() knows any, with and without what is not there", () => {
  assert.equal(kindText(Part.all), "any");
  assert.equal(kindText(Part.all & ~Part.undefined), "any");
  assert.equal(kindText(Part.bytes | Part.undefined), "string");
  assert.equal(kindText(0), "never");
});
