import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { interpolate } from "./interpolate.ts";

const variables: Readonly<Record<string, string>> = { SET: "value", EMPTY: "", _A1: "one" };
const lookup = (name: string): string | undefined => variables[name];

const replaced: readonly (readonly [text: string, result: string, ...unset: string[]])[] = [
  ["plain", "plain"],
  ["$SET", "value"],
  ["a-$SET.b", "a-value.b"],
  ["${SET}", "value"],
  ["$_A1$SET", "onevalue"],
  ["$GONE", "", "GONE"],
  ["x${GONE}y", "xy", "GONE"],
  ["${EMPTY}", ""],
  ["$$SET", "$SET"],
  ["$${SET}", "${SET}"],
  ["$$$SET", "$value"],
  ["cost: 5$$", "cost: 5$"],
  ["${GONE:-default}", "default"],
  ["${GONE-default}", "default"],
  ["${EMPTY:-default}", "default"],
  ["${EMPTY-default}", ""],
  ["${SET:-default}", "value"],
  ["${GONE:-}", ""],
  ["${GONE:-${SET}}", "value"],
  ["${GONE:-${NEITHER:-a}-b}c", "a-bc"],
  ["${GONE:-a$$b}", "a$b"],
  ["${SET:-${NEVER}}", "value"],
  ["${GONE:-postgres://u:p@h/d?x={1}}", "postgres://u:p@h/d?x={1}"],
  ["${SET:+there}", "there"],
  ["${EMPTY:+there}", ""],
  ["${EMPTY+there}", "there"],
  ["${GONE+there}", ""],
  ["${GONE:+there}", ""],
  ["${SET:?must be}", "value"],
  ["${EMPTY?must be}", ""],
  ["${GONE:-${ALSO}}", "", "ALSO"],
];

test("interpolate() replaces variables as the Compose specification says", () => {
  for (const [text, result, ...unset] of replaced) {
    // A brace of the default that is no variable's ends it; what follows stands as it is.
    assert.deepEqual(interpolate(text, lookup), { text: result, unset }, text);
  }
});

const refused: readonly (readonly [text: string, why: RegExp])[] = [
  ["${GONE:?set it, please}", /^the variable GONE is not set: set it, please$/],
  ["${GONE?}", /^the variable GONE is not set$/],
  ["${EMPTY:?not so}", /^the variable EMPTY is empty: not so$/],
  ["${GONE:?ask $SET}", /ask value$/],
  ["${SET", /no closing/],
  ["${GONE:-${SET}", /no closing/],
  ["$1", /write \$\$ for a dollar sign/],
  ["5$", /write \$\$ for a dollar sign/],
  ["${}", /followed by no variable/],
  ["${1}", /followed by no variable/],
  ["${SET!x}", /after \$\{SET comes none of/],
  [`${"${A:-".repeat(30)}${"}".repeat(30)}`, /more than 20 deep/],
];

test("interpolate() says why a text cannot be replaced", () => {
  for (const [text, why] of refused) assert.match(interpolate(text, lookup).problem ?? "", why, text);
});

test("interpolate() gives back any text whose dollar signs are doubled", () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      assert.deepEqual(
        interpolate(text.replaceAll("$", "$$$$"), () => "no"),
        { text, unset: [] },
      );
    }),
  );
});
