import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { BRACKETS_MAX } from "../lexer/lex.ts";
import { parse } from "./parse.ts";
import { print } from "./print.ts";
import { programs, soups } from "./program-for-test.ts";
import { nodesOf, sketch } from "./tree-for-test.ts";
import { TREE_DEPTH_MAX } from "./tree-depth.ts";

/** Programs and their trees, as `sketch` tells them. */
const cases: readonly (readonly [string, string])[] = [
  // literals
  ["", ""],
  ["\n\n# nothing\n", ""],
  ["7", "7"],
  ["-7", "-7"],
  ["1_000_000", "1000000"],
  ["9223372036854775807", "9223372036854775807"],
  ["-9223372036854775808", "-9223372036854775808"],
  ["2.0", "2f"],
  ["-0.0", "-0f"],
  ["1_0.2_5", "10.25"],
  ["4.", "4f"],
  ["true; false; null", "true false null"],
  ['"tea"', '"tea"'],
  ['"a\\tb\\"c\\\\"', '"a\\tb\\"c\\\\"'],
  ['"\\u{e9}\\u{1F375}"', '"é🍵"'],
  ['"one \\\n     line"', '"one line"'],
  ["s'no \\n escapes'", '"no \\\\n escapes"'],
  ["r'\\d+ o\\'clock'", "r'\\d+ o'clock'"],
  ["t'2030-01-02T03:04:05Z'", "t'2030-01-02T03:04:05Z'"],
  ['"{{ who }} drinks {{what}}"', '(template who " drinks " what)'],
  ['"{{ who }}"', "(template who)"],
  ['"\\{{ who \\}}"', '"{{ who }}"'],
  ['"{{}}"', '""'],
  ['"left {{ open"', '"left "'],
  ['"{{ a.b }}"', "(template a.b)"],
  // precedence
  ["a + b * c", "(+ a (* b c))"],
  ["a * b + c", "(+ (* a b) c)"],
  ["a - b - c", "(- (- a b) c)"],
  ["a | b + c", "(| a (+ b c))"],
  ["a < b | c", "(< a (| b c))"],
  ["a == b < c", "(== a (< b c))"],
  ["a && b == c", "(&& a (== b c))"],
  ["a || b && c", "(&& (|| a b) c)"],
  ["a ?? b || c", "(?? a (|| b c))"],
  ["a ?? b ?? c", "(?? (?? a b) c)"],
  ["a / b * c", "(* (/ a b) c)"],
  ["!a && !b", "(&& (! a) (! b))"],
  ["!!a", "(! (! a))"],
  ["! -1", "(! -1)"],
  ["a ==\n\nb", "(== a b)"],
  ["a < b >= c", "(>= (< a b) c)"],
  ["(a + b) * c", "(* (group (+ a b)) c)"],
  ["(a = b) + c", "(+ (group (= a b)) c)"],
  // queries
  [".", "."],
  ["%", "%"],
  [".a", "(get . a)"],
  ["%a", "(get % a)"],
  [".a.b", "(get . a b)"],
  ["a.b", "(get a b)"],
  [".a[0][-1]", "(get . a [0] [-1])"],
  ["[1, 2][0]", "(get [1 2] [0])"],
  ['{ "k": 1 }.k', '(get (object "k" 1) k)'],
  ["{ a }.b", "(get {a} b)"],
  ["f().x", "(get (call f) x)"],
  ["f!(a)[1]", "(get (call! f a) [1])"],
  ['."p q".r', '(get . "p q" r)'],
  ['.a."{{ b }}"', '(get . a "{{ b }}")'],
  [".if.null.return", "(get . if null return)"],
  [".@timestamp", '(get . "@timestamp")'],
  [".a@b", '(get . "a@b")'],
  [".x1.2y", "(get . x1 2y)"],
  [". == %", "(== . %)"],
  [".[0]", "(get . [0])"],
  ["%[0].a", "(get % [0] a)"],
  ['.a"b"', "(get . a b)"],
  // containers
  ["[]", "[]"],
  ["[1, 2,]", "[1 2]"],
  ["[\n  1,\n  [2],\n]", "[1 [2]]"],
  ["{}", "(object)"],
  ['{ "b": 1, "a": 2 }', '(object "a" 2 "b" 1)'],
  ['{ "a": 1, "a": 2 }', '(object "a" 2)'],
  ['{\n "a": { "b": [] },\n}', '(object "a" (object "b" []))'],
  ["{ a; b }", "{a b}"],
  ["{\n a\n\n b;\n c }", "{a b c}"],
  ['{ "a" }', '{"a"}'],
  ['{ "a"; "b" }', '{"a" "b"}'],
  ["(a)", "(group a)"],
  // assignments
  ["a = 1", "(= a 1)"],
  [".a |= {}", "(|= (get . a) (object))"],
  ["_ = f()", "(= _ (call f))"],
  ["a, err = f()", "(= a err (call f))"],
  ["_, .e |= .x", "(|= _ (get . e) (get . x))"],
  ["a = b = c", "(= a (= b c))"],
  ["a =\n\n 1", "(= a 1)"],
  [". = {}", "(= . (object))"],
  ["a[0].b = 1", "(= (get a [0] b) 1)"],
  ["f().a = 1", "(= (get (call f) a) 1)"],
  // calls
  ["f()", "(call f)"],
  ["f(1,)", "(call f 1)"],
  ["f(\n 1,\n b: 2\n)", "(call f 1 b: 2)"],
  ["f!(null: 1)", "(call! f null: 1)"],
  ["f(a == b)", "(call f (== a b))"],
  ["f(g(h()))", "(call f (call g (call h)))"],
  ["for(.a) -> |k, v| { k }", "(call for (get . a) (-> (k v) {k}))"],
  ["f(a) -> || { 1 }", "(call f a (-> () {1}))"],
  ["f(a) -> |_| { 1 }", "(call f a (-> (_) {1}))"],
  ["f(a) -> |k,\n v,| \n{ 1 }", "(call f a (-> (k v) {1}))"],
  ["if(a)", "(call if a)"],
  ["f(a) -> |x| { x } ?? 1", "(?? (call f a (-> (x) {x})) 1)"],
  // statements
  ["a\nb", "a b"],
  ["a;b", "a b"],
  ["a;\n\nb\n", "a b"],
  ["a # c\nb", "a b"],
  ["if a { b }", "(if a {b})"],
  ["if a { b } else { c }", "(if a {b} {c})"],
  ["if a { b }\n# c\nelse { d }", "(if a {b} {d})"],
  ["if a { b } else if c { d } else { e }", "(if a {b} {(if c {d} {e})})"],
  ["if a\n{ b }\nelse\nif c\n{ d }", "(if a {b} {(if c {d})})"],
  ["if (a) { b }", "(if (group a) {b})"],
  ["if (a) && (b) { c }", "(if (&& (group a) (group b)) {c})"],
  ["if (a; b) { c }", "(if (all a b) {c})"],
  ["if (\n a = 1\n b\n) { c }", "(if (all (= a 1) b) {c})"],
  ["if (a = 1;) { b }", "(if (= a 1) {b})"],
  ["x = if a { b }", "(= x (if a {b}))"],
  ["abort", "(abort)"],
  ['abort "no"', '(abort "no")'],
  ["abort if a { b }", "(abort (if a {b}))"],
  ["return 1", "(return 1)"],
  ["return a = 1", "(return (= a 1))"],
  ["{ abort }", "{(abort)}"],
  ["elsewhere = 1", "(= elsewhere 1)"],
];

for (const [source, tree] of cases) {
  test(`parse() of ${JSON.stringify(source)}`, () => {
    const { program, diagnostics } = parse(source);
    assert.deepEqual(diagnostics, []);
    assert.equal(sketch(program), tree);
  });
}

test("integers beyond the safe range are exact", () => {
  const [first] = parse("9007199254740993").program.expressions;
  assert.ok(first?.type === "literal");
  assert.equal(first.value, 9_007_199_254_740_993n);
});

/** Programs and what each of their nodes spans, outermost first. */
const spans: readonly (readonly [string, readonly string[]])[] = [
  [
    " .a.b = f!( x: 1 ) ",
    ["assignment .a.b = f!( x: 1 )", "query .a.b", "event .", "call f!( x: 1 )", "literal 1"],
  ],
  ["%[0]", ["query %[0]", "metadata %"]],
  [
    "[1][0] + { b }.c",
    ["binary [1][0] + { b }.c", "query [1][0]", "array [1]", "literal 1", "query { b }.c"],
  ],
  ["!(a) ?? b", ["binary !(a) ?? b", "not !(a)", "group (a)", "variable a", "variable b"]],
  [
    "if (a\n) { b } else if c { d }",
    ["if if (a\n) { b } else if c { d }", "predicate (a\n)", "variable a", "block { b }"],
  ],
  ['"é {{ x }}!"', ['template "é {{ x }}!"', "literal é ", "variable {{ x }}", "literal !"]],
  ['abort "a"', ['abort abort "a"', 'literal "a"']],
  ["f(a) -> |_, v| { v }", ["call f(a) -> |_, v| { v }", "variable a", "variable _", "variable v"]],
];

for (const [source, expected] of spans) {
  test(`the spans of ${JSON.stringify(source)}`, () => {
    const found = nodesOf(parse(source).program);
    const texts = found.map(({ node }) => `${node.type} ${source.slice(node.span.start, node.span.end)}`);
    assert.deepEqual(texts.slice(0, expected.length), expected);
  });
}

test("names, operators, keys, arguments and paths have spans of their own", () => {
  const source = 'f(key: { "k": a + !b.c }) -> |x, y| { 1 }';
  const json = JSON.stringify(parse(source).program);
  const pieces = [...json.matchAll(/"(\w+Span)":\{"start":(\d+),"end":(\d+)\}/g)].map(
    ([, name, start, end]) => `${name} ${source.slice(Number(start), Number(end))}`,
  );
  assert.deepEqual(pieces, [
    "nameSpan f",
    "nameSpan key",
    'keySpan "k"',
    "operatorSpan +",
    "bangSpan !",
    "pathSpan .c",
    "variablesSpan x, y",
  ]);
});

test("a node's span holds those of what is in it", () => {
  fc.assert(
    fc.property(programs, (program) => {
      const source = print(program);
      for (const { node, parent } of nodesOf(parse(source).program)) {
        // An `else if` spans what it decides alone, and not what is done where it is not so.
        const isBranch = parent?.type === "if" && node.type === "block";
        const outer = isBranch || parent === undefined ? { start: 0, end: source.length } : parent.span;
        assert.ok(outer.start <= node.span.start && node.span.end <= outer.end, source);
        assert.ok(node.span.start < node.span.end, source);
      }
    }),
  );
});

test("any text ends in a tree or in diagnostics about places in it", () => {
  const texts = fc.oneof(soups, fc.string({ unit: "binary" }), fc.string({ unit: "grapheme" }));
  fc.assert(
    fc.property(texts, (source) => {
      const { program, diagnostics } = parse(source);
      for (const { node } of nodesOf(program)) {
        assert.ok(0 <= node.span.start && node.span.start < node.span.end && node.span.end <= source.length);
      }
      for (const { severity, labels } of diagnostics) {
        assert.equal(severity, "error");
        assert.ok(labels.length > 0);
        // What is missing is shown after the end.
        for (const { span } of labels) {
          assert.ok(0 <= span.start && span.start <= span.end && span.end <= source.length + 1);
        }
      }
    }),
    { numRuns: 2000 },
  );
});

test("what is given up for errors leaves the other root expressions as they are", () => {
  fc.assert(
    fc.property(programs, fc.nat(), (program, at) => {
      const texts = program.expressions.map((expression) => print({ expressions: [expression] }));
      const place = at % (texts.length + 1);
      const source = [...texts.slice(0, place), "]\n", ...texts.slice(place)].join("");
      const parsed = parse(source);
      assert.equal(parsed.diagnostics.length, 1, source);
      assert.equal(sketch(parsed.program), sketch(program), source);
    }),
  );
});

function nested(open: string, close: string, depth: number): string {
  return `${open.repeat(depth)}a${close.repeat(depth)}`;
}

/** Programs as deep as may be, and one level deeper. */
const deep: readonly (readonly [string, string, string])[] = [
  ["brackets", nested("[", "]", BRACKETS_MAX), nested("[", "]", BRACKETS_MAX + 1)],
  ["parentheses", nested("(", ")", BRACKETS_MAX), nested("(", ")", BRACKETS_MAX + 1)],
  ["negations", nested("!", "", TREE_DEPTH_MAX - 1), nested("!", "", TREE_DEPTH_MAX)],
  ["sums", `a${" + a".repeat(TREE_DEPTH_MAX - 1)}`, `a${" + a".repeat(TREE_DEPTH_MAX)}`],
  ["assignments", nested("a = ", "", TREE_DEPTH_MAX - 1), nested("a = ", "", TREE_DEPTH_MAX)],
  [
    "else if",
    `if a { b }${" else if a { b }".repeat(TREE_DEPTH_MAX / 2 - 2)}`,
    `if a { b }${" else if a { b }".repeat(TREE_DEPTH_MAX / 2)}`,
  ],
];

for (const [name, fitting, tooDeep] of deep) {
  test(`a program that is too deep in ${name} is refused`, () => {
    assert.deepEqual(parse(fitting).diagnostics, []);
    const [first, second] = parse(tooDeep).diagnostics;
    assert.equal(first?.code, 210);
    assert.equal(second, undefined);
  });
}
