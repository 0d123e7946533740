import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import fc from "fast-check";
import { shellWords } from "./shell-words.ts";

/** What a shell makes of it: a word per zero byte. */
function ofShell(text: string): string[] {
  const { stdout, status } = spawnSync("/bin/sh", ["-c", `set -f; printf '%s\\0' x ${text}`], {
    encoding: "utf8",
  });
  assert.equal(status, 0, text);
  return stdout.split("\0").slice(1, -1);
}

const character = fc.constantFrom(..."ab1 \t\n\"'\\#*;&|<>(){}[]~=,.:-_é".split(""));
const single = fc.array(character.filter((each) => each !== "'")).map((each) => `'${each.join("")}'`);
const double = fc
  .array(
    fc.oneof(
      character.filter((each) => !'"\\'.includes(each)),
      fc.constantFrom('\\"', "\\\\", "\\$", "\\a", "\\\n"),
    ),
  )
  .map((each) => `"${each.join("")}"`);
const bare = fc.array(
  fc.constantFrom("a", "b", "=", "/", "-", ".", "\\ ", "\\'", '\\"', "\\\\", "\\a", "\\\n", "é"),
  {
    minLength: 1,
  },
);
const word = fc
  .array(
    fc.oneof(
      single,
      double,
      bare.map((each) => each.join("")),
    ),
    { minLength: 1, maxLength: 4 },
  )
  .map((each) => each.join(""));
const space = fc.constantFrom(" ", "  ", "\t", " \\\n");

test("shellWords() splits quoted words as /bin/sh does", () => {
  const rounds = Number(process.env["PLINTH_ROUNDS"] ?? "25") * 8;
  fc.assert(
    fc.property(fc.array(word, { minLength: 1, maxLength: 5 }), space, (words, between) => {
      // A word that begins with ~ or is an assignment is no matter here: printf comes before.
      const text = words.join(between);
      assert.deepEqual(shellWords(text).words, ofShell(text), JSON.stringify(text));
    }),
    { numRuns: rounds },
  );
});

test("shellWords() tells of operators that no shell will read, and of quotes that stay open", () => {
  const { words, operators } = shellWords("a && b | c > d '&&' e\\; 2>&1");
  assert.deepEqual(words, ["a", "&&", "b", "|", "c", ">", "d", "&&", "e;", "2>&1"]);
  assert.deepEqual(operators, ["&&", "|", ">", "2>&1"]);
  assert.match(shellWords("a 'b").problem ?? "", /no closing/);
  assert.match(shellWords('a "b\\"').problem ?? "", /no closing/);
  assert.match(shellWords("a\\").problem ?? "", /ends with/);
  assert.deepEqual(shellWords("  ").words, []);
});
