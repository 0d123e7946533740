/** Whatever bytes a function that reads a format is given, it ends in a value or a failure. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Failure } from "../runtime/failure.ts";
import { textOf } from "../runtime/text.ts";
import { call } from "./call-for-test.ts";
import { decodeMimeQ } from "./decode-mime-q.ts";
import { decodePunycode } from "./decode-punycode.ts";
import type { FunctionDefinition } from "./define.ts";
import { parseBytes } from "./parse-bytes.ts";
import { parseCbor } from "./parse-cbor.ts";
import { parseCsv } from "./parse-csv.ts";
import { parseEtld } from "./parse-etld.ts";
import { parseInfluxdb } from "./parse-influxdb.ts";
import { parseJson } from "./parse-json.ts";
import { parseKeyValue } from "./parse-key-value.ts";
import { parseProto } from "./parse-proto.ts";
import { parseQueryString } from "./parse-query-string.ts";
import { parseRubyHash } from "./parse-ruby-hash.ts";
import { parseUrl } from "./parse-url.ts";
import { parseXml } from "./parse-xml.ts";
import { parseYaml } from "./parse-yaml.ts";

const readers: readonly (readonly [FunctionDefinition, Readonly<Record<string, string | boolean>>])[] = [
  [parseJson, {}],
  [parseJson, { lossy: false }],
  [parseKeyValue, {}],
  [parseKeyValue, { accept_standalone_key: false, field_delimiter: ",", whitespace: "strict" }],
  [parseCsv, {}],
  [parseQueryString, {}],
  [parseUrl, {}],
  [parseBytes, { unit: "B" }],
  [parseXml, {}],
  [parseYaml, {}],
  [parseCbor, {}],
  [parseRubyHash, {}],
  [parseInfluxdb, {}],
  [parseEtld, {}],
  [parseProto, { desc_file: "shop.desc", message_type: "shop.Order" }],
  [decodeMimeQ, {}],
  [decodePunycode, {}],
  [decodePunycode, { validate: false }],
];

/** Bytes, and texts of the characters that formats give a meaning. */
const inputs = fc.oneof(
  fc.uint8Array({ maxLength: 80 }).map((bytes) => textOf(bytes)),
  fc
    .array(
      fc.constantFrom(
        ...Array.from("{}[]()<>\"'\\,:;=?&%#/!-+.|*_@~`$^ \n\t0123ex"),
        "xn--",
        "é",
        "😀",
        "null",
        "=?",
      ),
      { maxLength: 60 },
    )
    .map((parts) => parts.join("")),
);

for (const [definition, options] of readers) {
  test(`${definition.name}() of anything ends in a value or a failure: ${JSON.stringify(options)}`, () => {
    const { name } = definition.parameters[0]!;
    fc.assert(
      fc.property(inputs, (input) => {
        const result = call(definition, { ...options, [name]: input });
        assert.ok(
          result instanceof Failure ||
            result === null ||
            typeof result !== "object" ||
            !("refused" in result),
        );
      }),
      { numRuns: 300 },
    );
  });
}

/** What repeats a part that could make a careless reader begin anew each time. */
const repeated = [
  "a ",
  "a=",
  '"',
  "'a ",
  "{",
  "[",
  "<a>",
  "&",
  "%",
  "xn--a.",
  "=?",
  "- ",
  "a: ",
  "(",
  ":",
  "\\",
  "a.",
  "<!--",
  '"\\',
];

test("time grows no faster than the input", { timeout: 30_000 }, () => {
  for (const [definition, options] of readers) {
    const { name } = definition.parameters[0]!;
    for (const part of repeated) call(definition, { ...options, [name]: part.repeat(20_000) });
  }
});
