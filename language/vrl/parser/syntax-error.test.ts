import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Diagnostic } from "../diagnostic/diagnostic.ts";
import { lex } from "../lexer/lex.ts";
import { parse } from "./parse.ts";
import { print } from "./print.ts";
import { programs } from "./program-for-test.ts";
import { findSyntaxErrors } from "./syntax-error.ts";
import { sketch } from "./tree-for-test.ts";

const literals =
  '"string literal", "raw string literal", "integer literal", "float literal", "regex literal", "timestamp literal"';
const begins = `"identifier", ${literals}, "function call", "path literal"`;
const opens = '"[", "{", "("';
const operators = '"+", "*", "-", "/", "<", "<=", ">", ">=", "==", "!=", "|", "&&", "||", "??"';

const root = `${begins}, "if", "null", "true", "false", "abort", "return", "\\n", "_", "!", ${opens}`;
const operand = `${begins}, "null", "true", "false", "\\n", "!", ${opens}`;
const assigned = `"|", "=", "|=", ",", ${operators}`;

/** Programs, the tree of what is right in them, and what is wrong: code, place, surprise, expectation. */
const cases: readonly (readonly [string, string, readonly string[]])[] = [
  // One expression after another
  ["a b", "", [`E203 2-3 unexpected syntax token: "Identifier"; expected ";", "\\n", ${assigned}`]],
  ["{ a b }", "", [`E203 4-5 unexpected syntax token: "Identifier"; expected ";", "\\n", ${assigned}, "}"`]],
  [
    "f(1 2)",
    "",
    [`E203 4-5 unexpected syntax token: "IntegerLiteral"; expected "\\n", "|", ",", ${operators}, ")"`],
  ],
  [
    "[1 2]",
    "",
    [`E203 3-4 unexpected syntax token: "IntegerLiteral"; expected "\\n", "|", ",", ${operators}, "]"`],
  ],
  ["if a b", "", [`E203 5-6 unexpected syntax token: "Identifier"; expected "\\n", "|", ${operators}, "{"`]],
  ["1 a", "", [`E203 2-3 unexpected syntax token: "Identifier"; expected ";", "\\n", "|", ${operators}`]],
  // None where one must be
  ["a\n)\nb", "a b", [`E203 2-3 unexpected syntax token: "RParen"; expected ${root}`]],
  ["a ; ; b", "a b", [`E203 4-5 unexpected syntax token: "SemiColon"; expected ${root}`]],
  ["a = ", "", [`E204 3-3 unexpected end of program; expected ${root}`]],
  ["1 ??", "", [`E204 4-4 unexpected end of program; expected ${operand}`]],
  ["return", "", [`E204 6-6 unexpected end of program; expected ${root.replace('"\\n", ', "")}`]],
  [
    "f(",
    "",
    [
      `E204 2-2 unexpected end of program; expected "identifier", ${literals}, "function call", ` +
        '"reserved identifier", "path literal", "if", "else", "null", "true", "false", "abort", "return", "\\n", "!", ' +
        `${opens}, ")"`,
    ],
  ],
  ["if { }", "", ['E204 6-6 unexpected end of program; expected "\\n", "{"']],
  ["a, b", "", ['E204 4-4 unexpected end of program; expected "=", "|="']],
  // Paths and closures
  [
    ".a.",
    "",
    [
      'E203 2-3 unexpected end of query path; expected "identifier", "path field", "string literal", "abort", "return"',
    ],
  ],
  ['.["x"]', "", ['E203 2-5 unexpected syntax token: "StringLiteral"; expected "integer literal"']],
  [
    "true.x",
    "",
    [
      'E203 0-4 unexpected syntax token: "True"; expected "identifier", "function call", ".", "%", "[", "{", "("',
    ],
  ],
  ["f() -> k { 1 }", "", ['E203 7-8 unexpected syntax token: "Identifier"; expected "|", "|", "||"']],
  // Several, each told; what is right between them stays
  [
    "x = 1\na b\ny = 2\nc d\nz = 3",
    "(= x 1) (= y 2) (= z 3)",
    [
      `E203 8-9 unexpected syntax token: "Identifier"; expected ";", "\\n", ${assigned}`,
      `E203 18-19 unexpected syntax token: "Identifier"; expected ";", "\\n", ${assigned}`,
    ],
  ],
  [
    "{ a b\n c }\nd",
    "d",
    [
      `E203 4-5 unexpected syntax token: "Identifier"; expected ";", "\\n", ${assigned}, "}"`,
      'E203 9-10 unexpected syntax token: "RBrace"; expected ";", "\\n"',
    ],
  ],
  // A token that no program has ends the parse
  ["x y\na ? b", "", [`E203 6-7 unexpected syntax token: "Question"; expected ";", "\\n", ${assigned}`]],
  ['a \\ b "\\q"', "", [`E203 2-3 unexpected syntax token: "Escape"; expected ";", "\\n", ${assigned}`]],
  ["a ++ b", "", [`E203 2-4 unexpected syntax token: "Operator"; expected ";", "\\n", ${assigned}`]],
  // Others do not
  ["a & b\nc", "c", [`E203 2-3 unexpected syntax token: "Ampersand"; expected ";", "\\n", ${assigned}`]],
  ["\u{1F375} x\ny", "y", [`E203 0-2 unexpected syntax token: "InvalidToken"; expected ${root}`]],
  // Words that are reserved
  [
    "a = loop",
    "",
    [
      "E205 4-8 this identifier name is reserved for future use in the language; 4-8 use a different name instead",
    ],
  ],
  // The lexer's own end the parse, too
  ["99999999999999999999", "", ["E206 0-20 invalid numeric literal: number too large to fit in target type"]],
  [
    "-99999999999999999999",
    "",
    ["E206 0-21 invalid numeric literal: number too small to fit in target type"],
  ],
  ['"open', "", ["E207 0-1 invalid string literal"]],
  ["a b\ns'open", "", ["E208 4-5 invalid literal"]],
  ['"a\\qb"', "", ["E209 3-4 invalid escape character: q"]],
  ['"a\\', "", ["E209 2-3 invalid escape character: none"]],
  ['"\\u41"', "", ["E209 3-4 invalid escape character: 4"]],
  ['"\\u{4\u{1F375}}"', "", ["E209 5-7 invalid escape character: \u{1F375}"]],
  ['"\\u{41', "", ["E209 1-2 invalid escape character: none"]],
  ['"\\u{}"', "", ["E211 1-5 invalid unicode escape sequence"]],
  ['"\\u{d800}"', "", ["E211 1-9 invalid unicode escape sequence"]],
  ['"\\u{110000}"', "", ["E211 1-11 invalid unicode escape sequence"]],
  // Found while looking for a path's end, they are shown one character late
  ['f(a, "open', "", ["E207 6-7 invalid string literal"]],
  ["f(a, r'open", "", ["E208 6-7 invalid literal"]],
  ["f(a # open", "", ["E210 0-0 Expected characters at end of comment."]],
];

for (const [source, tree, expected] of cases) {
  test(`the errors of ${JSON.stringify(source)}`, () => {
    const { program, diagnostics } = parse(source);
    assert.deepEqual(diagnostics.map(brief), expected);
    assert.equal(sketch(program), tree);
  });
}

test("the grammar accepts what the descent does", () => {
  fc.assert(
    fc.property(programs, (program) => {
      const { tokens, problem } = lex(print(program));
      assert.deepEqual(findSyntaxErrors(tokens, problem), { fatal: undefined, recovered: [] });
    }),
  );
});

/** `E203 2-3 unexpected …; expected …`. */
function brief({ code, labels }: Diagnostic): string {
  const texts = labels.map(({ span, message }) => `${span.start}-${span.end} ${message}`);
  return `E${code} ${texts.join("; ").replace(/; \d+-\d+ expected one of: /, "; expected ")}`;
}
