import assert from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";
import { Timestamp } from "../../runtime/timestamp.ts";
import * as apache from "./apache.ts";
import { type Format, readLine } from "./format.ts";
import * as nginx from "./nginx.ts";

const readNothing = () => new Timestamp(0, 0);

const formats: Readonly<Record<string, Format>> = {
  common: apache.common,
  combined: apache.combined,
  "nginx combined": nginx.combined,
  main: nginx.main,
  ingress: nginx.ingress,
  "nginx error": nginx.error,
};

/** Parts of lines, good and bad ones. */
const part = fc.constantFrom(
  "-",
  "a",
  "10.0.0.1",
  "[1/May]",
  "[-]",
  "[a] b]",
  '"GET / HTTP/1.1"',
  '"GET /a] HTTP/1.1"',
  '"x] "',
  '"-"',
  '"- -"',
  '" a"',
  '""',
  '"é"',
  "200",
  "0.25",
  "7",
  "client:",
  "client: a,",
  "x, client: y",
  "excess: 0.1 by",
  "[b] 1#2:",
  'host: "h"',
  "\u00a0",
  "\n",
);

const good: Readonly<Record<string, string>> = {
  common: 'a - b [t] "GET / HTTP/1.1" 200 7',
  combined: 'a - b [t] "GET / HTTP/1.1" 200 7 "r" "g"',
  "nginx combined": 'a - b [t] "q" 200 7 "r" "g"',
  main: 'a - b [t] "q" 200 7 "r" "g" "x"',
  ingress: 'a - b [t] "q" 200 7 "r" "g" 7 0.25 [u] [v] w 7 0.25 200 i',
  "nginx error":
    '2024/02/29 10:11:12 [a] 1#2: *3 m, excess: 0.25 by zone "z", client: c, server: s, request: "r", host: "h"',
};

for (const [name, format] of Object.entries(formats)) {
  suite(name, () => {
    const slow: Format = { ...format, quick: undefined };
    test("its quick expression tells nothing that the exact one does not", () => {
      const words = good[name]!.match(/"[^"]*"|\[[^\]]*\]|\S+/g)!;
      // Lines as they should be with a few of their parts replaced, and any parts between spaces.
      const nearly = fc.array(fc.tuple(fc.nat(words.length - 1), part), { maxLength: 3 }).map((changes) => {
        const line = [...words];
        for (const [index, replacement] of changes) line[index] = replacement;
        return line.join(" ");
      });
      const any = fc.array(part, { maxLength: 12 }).map((parts) => parts.join(" "));
      fc.assert(
        fc.property(fc.oneof(nearly, any), (line) => {
          assert.deepEqual(readLine(line, format, readNothing), readLine(line, slow, readNothing));
        }),
        { numRuns: 500 },
      );
    });

    test("a line as it should be takes the quick way", () => assert.match(good[name]!, format.quick!));

    test("any text is a line or none, in linear time", () => {
      fc.assert(
        fc.property(fc.string({ unit: "grapheme" }), (line) => {
          readLine(line, format, readNothing);
        }),
        { numRuns: 100 },
      );
      for (const unit of [" ", "- ", '"', "[", '] "', "a ", '" "'])
        readLine(unit.repeat(3000), format, readNothing);
    });
  });
}
