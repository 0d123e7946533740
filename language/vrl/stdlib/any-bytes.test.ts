/**
 * Whatever bytes a function is given, it ends in a value or a failure, in time that grows with their number: what takes
 * the square of it would not end within the test's own time limit. `PLINTH_SOAK=1`: ten times as many bytes.
 */
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";
import { Part } from "../checker/kind.ts";
import { compile } from "../compile.ts";
import { textOf } from "../runtime/text.ts";
import type { Value } from "../runtime/value.ts";
import { testHost } from "./call-for-test.ts";
import type { FunctionDefinition } from "./define.ts";
import { standardLibrary } from "./index.ts";

const LENGTH = process.env["PLINTH_SOAK"] === "1" ? 200_000 : 20_000;

/** What parsers of all sorts begin with and never see the end of. */
const pieces = [
  "a",
  "0",
  " ",
  "\n",
  "\\",
  '"',
  "'",
  "[",
  "{",
  "(",
  "<",
  "<a>",
  "&amp;",
  '{"a":',
  "[[",
  "a=",
  "a=b ",
  "=,",
  "%",
  "%2",
  "\u0000",
  "1e",
  "-",
  ".",
  ":",
  "::",
  "a.",
  "1.",
  "/",
  "//",
  "?a&",
  "#",
  "@",
  "é",
  "😀",
  "\ufffd",
  "xn--",
  "=?utf-8?q?",
  "- ",
  "? ",
  "*a ",
  "|\n",
  "CEF:0|",
  "<34>1 ",
  "2026-",
  "1h",
  "ab",
  "aA",
  "\t",
  "\x1b[",
  ",",
  ",,",
  "<!--",
  "<![CDATA[",
];

/** Functions of one string, and those of which others are known. */
const others: Readonly<Record<string, string>> = {
  parse_regex: ", r'^(?P<a>a+)+(?P<b>[^a]*)$'",
  parse_regex_all: ", r'(?P<a>(a|aa)+)b|(x+x+)+y'",
  match: ", r'(a*)*b'",
  replace: ", r'(.*)(.*)(.*)x', \"y\"",
  split: ', ","',
  find: ", r'(?:a+)+$'",
  parse_grok: ', "%{COMBINEDAPACHELOG}"',
  parse_groks: ', ["%{IP:ip} %{GREEDYDATA:rest}", "(a+)+$"]',
  parse_timestamp: ', "%d/%b/%Y:%H:%M:%S %z"',
  parse_nginx_log: ', "combined"',
  parse_apache_log: ', "common"',
  parse_duration: ', "s"',
  parse_bytes: ', "B"',
  redact: ", [\"us_social_security_number\", r'(a+)+$']",
  sieve: ", r'[a-z]+'",
  truncate: ", 5",
  decode_charset: ', "shift_jis"',
  encode_charset: ', "shift_jis"',
};

function takesText({ name, parameters, isImpure, removesPath }: FunctionDefinition): boolean {
  const [first, ...rest] = parameters;
  if (first === undefined || first.isPath === true || (first.kind & Part.bytes) === 0) return false;
  if (isImpure === true || removesPath === true) return false;
  return name in others || rest.every(({ isOptional }) => isOptional === true);
}

for (const definition of standardLibrary.filter(takesText)) {
  suite(`${definition.name}() of any bytes`, () => {
    const call = `${definition.name}(.s${others[definition.name] ?? ""})`;
    const options = { functions: standardLibrary, host: testHost() };
    const program = [`[${call}] ?? "failed"`, `[${call}]`]
      .map((source) => compile(source, options).program)
      .find((each) => each !== undefined);

    const run = (text: Value): void => {
      const outcome = program!.run({ event: { s: text }, metadata: {} });
      assert.ok("value" in outcome || "error" in outcome);
    };

    test("many times the same", () => {
      assert.ok(program !== undefined, call);
      for (const piece of pieces) run(piece.repeat(Math.ceil(LENGTH / piece.length)));
    });

    test("a mixture", () => {
      const mixed = fc.array(fc.constantFrom(...pieces), { maxLength: 40 }).map((each) => each.join(""));
      const any = fc.oneof(
        mixed,
        fc.string({ unit: "binary" }),
        fc.uint8Array().map((bytes) => textOf(bytes)),
      );
      fc.assert(fc.property(any, run));
    });
  });
}
