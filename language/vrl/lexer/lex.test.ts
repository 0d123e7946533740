import assert from "node:assert/strict";
import { test } from "node:test";
import { lex } from "./lex.ts";

/** Programs and the kinds of their tokens. `<` and `>` are a path's ends, `id` is a name, `nl` a newline. */
const cases: readonly (readonly [string, string])[] = [
  // Paths
  [".", "< . >"],
  [".a", "< . id >"],
  [". a", "< . > id"],
  ["a.b[2]", "< id . id [ int ] >"],
  ["a [2]", "id [ int ]"],
  ["[1][2]", "< [ int ] [ int ] >"],
  ["[1] [2]", "[ int ] [ int ]"],
  ["[.a].b", "< [ < . id > ] . id >"],
  ["f(.a).b", "< call ( < . id > ) . id >"],
  ["f() .b", "call ( ) < . id >"],
  ["f!(a).b", "< call ! ( id ) . id >"],
  ["{ a.b }.c", "< { < id . id > } . id >"],
  ['{ "}": "{" }.c', "< { str : str } . id >"],
  ['.a."b"', "< . id . str >"],
  ["%a", "< % id >"],
  ["a%b", "id < % id >"],
  [".a..b", "< . id . < . id > >"],
  ["a!.b", "call ! < . id >"],
  ["x1.y", "< id . id >"],
  ["1.5", "float"],
  ["[1.5]", "[ float ]"],
  [".a,.b", "< . id > , < . id >"],
  // Names and words
  ["if else null true false abort return", "if else null true false abort return"],
  ["iffy _x __ _", "id id id _"],
  ["@a a@b", "field field"],
  ["loop int", "reserved reserved"],
  ["a( a!( a (", "call ( call ! ( id ("],
  ["1a 1_000 -1 - 1", "id int int - int"],
  // Literals
  ["s'a\\'b' r'c' t'd'", "raw regex time"],
  ["as 'a", "id invalid id"],
  ['"a\\"b" "c"', "str str"],
  // Operators are runs of their characters
  ["a == b != c", "id == id != id"],
  ["a=-1 a = -b", "id operator int id = - id"],
  ["!a !!a", "! id ! ! id"],
  ["a&b a&&b", "id & id id && id"],
  ["-> - >", "-> - >"],
  ["a ?? b ? c", "id ?? id ? id"],
  ["|k| || |=", "| id | || |="],
  // Newlines, comments, spaces
  ["a\n\nb", "id nl nl id"],
  ["a # b\nc", "id nl id"],
  ["}\n\n # c\n else", "} else"],
  ["}\nelsewhere", "} nl id"],
  ["a\u00a0b\u2003c\u0085d", "id id id id"],
  ["a\ufeffb", "id invalid id"],
];

const short: Readonly<Record<string, string>> = {
  LQuery: "<",
  RQuery: ">",
  identifier: "id",
  "path field": "field",
  "function call": "call",
  "reserved identifier": "reserved",
  "integer literal": "int",
  "float literal": "float",
  "string literal": "str",
  "raw string literal": "raw",
  "regex literal": "regex",
  "timestamp literal": "time",
  "invalid token": "invalid",
  "\n": "nl",
};

for (const [source, kinds] of cases) {
  test(`lex() of ${JSON.stringify(source)}`, () => {
    const { tokens, problem } = lex(source);
    assert.equal(problem, undefined);
    assert.equal(tokens.map(({ kind }) => short[kind] ?? kind).join(" "), kinds);
  });
}

test("tokens have places and values", () => {
  const { tokens } = lex("é.a_1 \"b\\n\" 1_0 2.50 s'c\\''");
  assert.deepEqual(
    tokens.map(({ start, end, text, number }) => [start, end, text, number]),
    [
      [0, 1, "é", 0],
      [1, 2, "", 0],
      [1, 2, "", 0],
      [2, 5, "a_1", 0],
      [4, 5, "", 0],
      [6, 11, "b\\n", 0],
      [12, 15, "", 10],
      [16, 20, "", 2.5],
      [21, 27, "c\\'", 0],
    ],
  );
});
