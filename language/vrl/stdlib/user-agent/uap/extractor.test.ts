import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import fc from "fast-check";
import { rewritten } from "./expression.ts";
import { extractorOf } from "./extractor.ts";
import { parseRules } from "./rules.ts";

const text = readFileSync(new URL(import.meta.resolve("uap-core/regexes.yaml")), "utf8");

test("the rules that ua-parser publishes tell browsers, systems and devices", () => {
  const extractor = extractorOf(text);
  const pixel =
    "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/125.0.6422.113 Mobile Safari/537.36";
  assert.deepEqual(extractor.browser(pixel), { family: "Chrome Mobile", parts: ["125", "0", "6422"] });
  assert.deepEqual(extractor.system(pixel), {
    family: "Android",
    parts: ["14", undefined, undefined, undefined],
  });
  assert.deepEqual(extractor.device(pixel), { family: "Pixel 8", parts: ["Google", "Pixel 8"] });
  assert.equal(extractor.browser("nobody"), undefined);
});

test("each expression can be searched with, and no text takes long", () => {
  const extractor = extractorOf(text);
  const hostile = [
    "Mozilla ".repeat(500),
    "Chrome/1 ".repeat(500),
    "; Build/x".repeat(500),
    "a".repeat(5000),
  ];
  for (const agent of hostile) {
    extractor.browser(agent);
    extractor.system(agent);
    extractor.device(agent);
  }
});

test("any text is told or not", () => {
  const extractor = extractorOf(text);
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", maxLength: 60 }), (agent) => {
      const browser = extractor.browser(agent);
      assert.ok(browser === undefined || browser.parts.length === 3);
    }),
    { numRuns: 50 },
  );
});

test("rewritten() leaves large bounds away and makes classes ASCII's", () => {
  assert.equal(
    rewritten(String.raw`\d{1,200}x{0,20}\{1,300}[\w{1,300}]`),
    String.raw`[0-9]+x{0,20}\{1,300}[[A-Za-z0-9_]{1,300}]`,
  );
});

test("parseRules() refuses what is no file of rules", () => {
  for (const file of [
    "",
    "[]",
    "os_parsers: []",
    "user_agent_parsers: [{}]\nos_parsers: []\ndevice_parsers: []",
  ])
    assert.throws(() => parseRules(file), TypeError);
});
