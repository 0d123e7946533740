import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { parse } from "../parser/parse.ts";
import { testHost } from "../stdlib/call-for-test.ts";
import { check } from "./check.ts";
import { testFunctions } from "./functions-for-test.ts";

function warningsOf(source: string): string[] {
  const { program, diagnostics } = parse(source);
  assert.deepEqual(diagnostics, [], source);
  const result = check(program, { functions: testFunctions, host: testHost(), timezone: "UTC", source });
  return result.diagnostics.map(({ severity, code, message, labels, notes }) => {
    assert.deepEqual([severity, code], ["warning", 900], message);
    assert.deepEqual(notes, ["this expression has no side-effects"]);
    assert.equal(labels[0]!.message, "help: use the result of this expression or remove it");
    const { start, end } = labels[0]!.span;
    return `${message} at ${source.slice(start, end)}`;
  });
}

suite("check() warns of what is unused in", () => {
  const cases: Readonly<Record<string, readonly string[]>> = {
    "1": [],
    '1; "a"': ["unused literal `1` at 1"],
    "s'a'; r'b'; t'2024-02-29T12:00:00Z'; \"c\"; null": [
      "unused literal `s'a'` at s'a'",
      "unused literal `r'b'` at r'b'",
      "unused literal `t'2024-02-29T12:00:00Z'` at t'2024-02-29T12:00:00Z'",
      'unused literal `"c"` at "c"',
    ],
    "1.0; true": ["unused literal `1` at 1.0"],
    '{ "b": 1, "a": [.c] }; 2': ['unused object `{ "a": [.c], "b": 1 }` at { "b": 1, "a": [.c] }'],
    "[1, 2]; 3": ["unused literal `1` at 1", "unused literal `2` at 2"],
    "(1); 2": ["unused literal `1` at 1"],
    "1 + 2; 3": ["unused literal `1` at 1"],
    "!true; 1": ["unused literal `true` at true"],
    ".a; 1": [],
    "x = 1": ["unused variable `x` at x"],
    "x = 1; x": [],
    "x = 1; y = x": ["unused variable `y` at y"],
    "b = 1; a = 2; null": ["unused variable `a` at a", "unused variable `b` at b"],
    "_x = 1": [],
    "x = 1; x = 2; x": [],
    "x = {}; x.a = 1": ["unused variable `x` at x"],
    "x = {}; x.a = 1; x.a": [],
    "x = {}; x.a; 1": ["unused variable `x` at x"],
    'x = {}; x |= { "a": 1 }': [],
    "x, err = number(.a)": ["unused variable `err` at err", "unused variable `x` at x"],
    "x, err = number(.a); [x, err]": [],
    'x = "a"; "{{ x }}b"': [],
    'x = "a"; "{{ x }}b"; 1': ['unused literal `"{{ x }}b"` at "{{ x }}b"'],
    '"a" == "b"; 1': ['unused literal `"a"` at "a"'],
    'shout("a"); 1': ['unused result for function call `shout("a")` at shout("a")'],
    'shout(value: "a"); 1': ['unused result for function call `shout(value: "a")` at shout(value: "a")'],
    "del(.a); 1": [],
    "number!(.a); 1": ["unused result for function call `number(.a)` at number!(.a)"],
    "x = number!(.a); x": [],
    "if .a == 1 { 2 } else { 3 }; 4": [],
    "if .a == 1 { 1; 2 }": ["unused literal `1` at 1"],
    "{ 1; 2 }": ["unused literal `1` at 1"],
    "{ number(.a); 1 } ?? 2": [],
    "each([1]) -> |k, v| { v }; 1": [],
    "each([1]) -> |_k, v| { x = v }; 1": [],
    "clock().a; 1": ["unused result for function call `clock()` at clock()"],
    "return 1": [],
    'x = "a"; abort x': ["unused variable `x` at x"],
  };
  for (const [source, expected] of Object.entries(cases))
    test(source, () => assert.deepEqual(warningsOf(source), expected));
});

test("check() does not warn of what is unused where it is told not to", () => {
  const { program } = parse("1; 2");
  const options = { functions: testFunctions, host: testHost(), timezone: "UTC", warnsOfUnused: false };
  assert.deepEqual(check(program, options).diagnostics, []);
});

test("check() warns of nothing where there are errors", () => {
  const { program } = parse("1; x");
  const { diagnostics } = check(program, { functions: testFunctions, host: testHost(), timezone: "UTC" });
  assert.deepEqual(
    diagnostics.map(({ code }) => code),
    [701],
  );
});
