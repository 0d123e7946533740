import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { Diagnostic } from "../diagnostic/diagnostic.ts";
import { parse } from "../parser/parse.ts";
import { testHost } from "../stdlib/call-for-test.ts";
import { check, type CheckOptions } from "./check.ts";
import { testFunctions } from "./functions-for-test.ts";
import { LayeredMap } from "./layered-map.ts";
import { Kind } from "./kind.ts";
import { TypeDef } from "./type-def.ts";

function diagnosticsOf(source: string, options: Partial<CheckOptions> = {}): readonly Diagnostic[] {
  const { program, diagnostics } = parse(source);
  assert.deepEqual(diagnostics, [], source);
  const given = { functions: testFunctions, host: testHost(), timezone: "UTC", source, warnsOfUnused: false };
  return check(program, { ...given, ...options }).diagnostics;
}

/** Code and what is underlined by `^`, each diagnostic a line. */
function brief(source: string, options?: Partial<CheckOptions>): string[] {
  return diagnosticsOf(source, options).map(({ code, labels }) => {
    const { span } = labels.find(({ isPrimary }) => isPrimary)!;
    return `${code} ${source.slice(span.start, span.end)}`;
  });
}

/** All there is to say. */
function full(source: string, options?: Partial<CheckOptions>): string[] {
  return diagnosticsOf(source, options).flatMap(({ severity, code, message, labels, notes }) => [
    `${severity} ${code}: ${message}`,
    ...labels.map(
      (label) =>
        `${label.isPrimary ? "^" : "-"} ${source.slice(label.span.start, label.span.end)}: ${label.message}`,
    ),
    ...notes.map((note) => `= ${note}`),
  ]);
}

const ERROR_DOCS = "= see documentation about error handling at https://errors.vrl.dev/#handling";
const COERCION_DOCS = [
  "= hint: coerce the value to the required type using a coercion function",
  "= see documentation about type coercion at https://functions.vrl.dev/#coerce-functions",
];

suite("check() tells all of", () => {
  const cases: Readonly<Record<string, readonly string[]>> = {
    "number(.a)": [
      "error 100: unhandled error",
      "^ number(.a): expression can result in runtime error",
      "- number(.a): handle the error case to ensure runtime success",
      ERROR_DOCS,
    ],
    "if 1 { 2 }": [
      "error 102: non-boolean predicate",
      "^ 1: this predicate must resolve to a boolean",
      "- 1: instead it resolves to integer",
      "= hint: coerce the value to the required type using a coercion function",
      "= see documentation about if expressions at https://vrl.dev/expressions/#if",
    ],
    "if number(1) == 1 { 2 }": [
      "error 100: fallible predicate",
      "^ number(1): expression can result in runtime error",
      "- number(1): handle the error case to ensure runtime success",
      ERROR_DOCS,
    ],
    ".a.b = number(.c)": [
      "error 103: unhandled fallible assignment",
      "^ number(.c): this expression is fallible because at least one argument's type cannot be verified to be valid",
      "- .a.b =: or change this to an infallible assignment:",
      "- .a.b =: .a.b, err = number(.c)",
      ERROR_DOCS,
      "= see functions characteristics documentation at https://vrl.dev/expressions/#function-call-characteristics",
    ],
    "x = shout(.c)": [
      "error 103: unhandled fallible assignment",
      "^ shout(.c): this expression is fallible because at least one argument's type cannot be verified to be valid",
      "^ shout(.c): `.c` argument type is `any` and this function expected a parameter `value` of type `string`",
      "^ shout(.c): update the expression to be infallible by adding a `!`: `shout!(.c)`",
      "- x =: or change this to an infallible assignment:",
      "- x =: x, err = shout(.c)",
      ERROR_DOCS,
      "= see functions characteristics documentation at https://vrl.dev/expressions/#function-call-characteristics",
    ],
    "x, e = 1 + 2": [
      "error 104: unnecessary error assignment",
      "^ e: this error assignment is unnecessary",
      "- 1 + 2: because this expression can't fail",
      "- x: use: x = 1 + 2",
      ERROR_DOCS,
    ],
    "shut(1)": [
      "error 105: call to undefined function",
      "^ shut: undefined function",
      '- shut: did you mean "shout"?',
    ],
    'shout("a", 2)': [
      "error 106: wrong number of function arguments",
      '^ "a", 2: too many function arguments',
      '- "a", 2: this function takes a maximum of 1 argument',
      "= see documentation about function arguments at https://vrl.dev/expressions/#arguments",
    ],
    'cut("a")': [
      "error 107: missing function argument",
      '^ cut("a"): required argument missing: "from" (position 1)',
    ],
    'cut("a", form: 1)': [
      "error 108: unknown function argument keyword",
      "^ form: unknown keyword",
      '- cut: this function accepts the following keywords: "value", "from", "to"',
    ],
    'shout("a") -> |x| { x }': [
      "error 109: unexpected closure",
      "^ -> |x| { x }: unexpected closure",
      '- shout("a") -> |x| { x }: this function does not accept a closure',
    ],
    "shout(value: 1)": [
      "error 110: invalid argument type",
      "^ 1: this expression resolves to the exact type integer",
      '- value: 1: but the parameter "value" expects the exact type string',
      "= try: ensuring an appropriate type at runtime",
      "=  ",
      "=     1 = string!(1)",
      "=     shout(1)",
      "=  ",
      "= try: coercing to an appropriate type and specifying a default value as a fallback in case coercion fails",
      "=  ",
      '=     1 = to_string(1) ?? "default"',
      "=     shout(1)",
      "=  ",
      ERROR_DOCS,
    ],
    "cut(value: .a, from: 1)": [
      "error 110: invalid argument type",
      "^ .a: this expression resolves to any",
      '- value: but the parameter "value" expects one of string or array',
    ],
    "each([1])": [
      "error 111: missing closure",
      "^ each([1]): this function expects a closure",
      "= example: each([1]) -> |i, v| { v }",
    ],
    'apply("a")': ["error 111: missing closure", '^ apply("a"): this function expects a closure'],
    "abort 1": [
      "error 113: non-string abort message",
      "^ 1: abort only accepts an expression argument resolving to a string",
      "- 1: this expression resolves to integer",
      ...COERCION_DOCS,
    ],
    "each([1]) -> |a| { a }": [
      "error 120: invalid closure arity",
      "^ each: this function requires a closure with 2 argument(s)",
      "- a: but 1 argument(s) are supplied",
    ],
    "each(.a) -> |k, v| { k }": [
      "error 121: type mismatch in closure parameter",
      "^ each(.a) -> |k, v| { k }: the closure tied to this function call expects a different input value",
      "- each(.a) -> |k, v| { k }: expression has an inferred type of any where an array or object was expected",
    ],
    "keep([1]) -> |k, v| { if k == 1 { return 2 }; true }": [
      "error 122: type mismatch in closure return type",
      "^ { if k == 1 { return 2 }; true }: block returns invalid value type",
      "- { if k == 1 { return 2 }; true }: expected: boolean",
      "- { if k == 1 { return 2 }; true }: received: integer or boolean",
    ],
    "abort shout(.a)": [
      "error 631: unhandled fallible expression",
      "^ shout(.a): abort only accepts an infallible expression argument",
      "- shout(.a): handle errors before using the expression as an abort message",
      ERROR_DOCS,
    ],
    "return number(1)": [
      "error 631: unhandled fallible expression",
      "^ number(1): return only accepts an infallible expression argument",
      "- number(1): handle errors before using the expression as a return value",
      ERROR_DOCS,
    ],
    'shout!("a")': [
      "warning 620: can't abort infallible function",
      "^ shout: this function can't fail",
      "- !: remove this abort (!) instruction",
      ERROR_DOCS,
    ],
    "number(number(1))": [
      "error 630: fallible argument",
      "^ number(1): this expression can fail",
      "- number(1): handle the error before passing it in as an argument",
      ERROR_DOCS,
    ],
    "_ = 1": [
      "error 640: unnecessary no-op assignment",
      "^ 1: this no-op assignment has no effect",
      "- _: either assign to a path or variable here",
      "- _ =: or remove the assignment",
    ],
    "clock().a = 1": [
      "error 641: invalid assignment target",
      "^ clock().a: invalid assignment target",
      "- clock().a: use one of variable or path",
    ],
    "x = 1; x.a.b = 2": [
      "error 642: parent path segment rejects this mutation",
      "^ b: querying a field of a non-object type is unsupported",
      "- x.a: this path resolves to a value of type undefined",
      "= try: change parent value to object, before assignment",
      "=  ",
      "=     xa = {}",
      "=     xa.b = 2",
      "=  ",
      ERROR_DOCS,
    ],
    ".a = true; .a[0] = 2": [
      "error 642: parent path segment rejects this mutation",
      "^ [0]: indexing into a non-array type is unsupported",
      "- .a: this path resolves to a value of type boolean",
      "= try: change parent value to array, before assignment",
      "=  ",
      "=     .a = []",
      "=     .a[0] = 2",
      "=  ",
      ERROR_DOCS,
    ],
    "1 < 2 < 3": [
      "error 650: comparison operators can't be chained together",
      "^ <: ",
      "= see documentation about comparisons at https://vrl.dev/expressions/#comparison",
    ],
    "1 ?? number(2)": [
      "error 651: unnecessary error coalescing operation",
      "^ 1: this expression can't fail",
      "- number(2): this expression never resolves",
      "- ??: remove this error coalescing operation",
    ],
    "1 | {}": ["error 652: only objects can be merged", "^ 1: this expression must resolve to an object"],
    "1 | [2]": [
      "error 652: only objects can be merged",
      "^ 1: this expression must resolve to an object",
      "^ [2]: this expression must resolve to an object",
    ],
    "!.a": [
      "error 660: non-boolean negation",
      "^ !: negation only works on boolean values",
      "- .a: this expression resolves to any",
      ...COERCION_DOCS,
    ],
    "yes = true; yess": [
      "error 701: call to undefined variable",
      "^ yess: undefined variable",
      '- yess: did you mean "yes"?',
    ],
    "r'a('": [
      "error 101: invalid regular expression",
      "^ r'a(': regex parse error: unclosed group: a(",
      "= see documentation about regular expressions at https://vrl.dev/expressions/#regular-expression",
    ],
    "t'soon'": [
      "error 601: invalid timestamp",
      "^ t'soon': invalid timestamp format: input contains invalid characters",
      "= see documentation about timestamps at https://vrl.dev/expressions/#timestamp",
    ],
  };
  for (const [source, expected] of Object.entries(cases))
    test(source, () => assert.deepEqual(full(source), expected));
});

suite("check() finds", () => {
  const cases: Readonly<Record<string, readonly string[]>> = {
    // Of unhandled failures, each once and where it begins.
    "number(.a); number(.b)": ["100 number(.a)", "100 number(.b)"],
    "1 + number(.a)": ["100 number(.a)"],
    "[1, number(.a)]": ["100 number(.a)"],
    "{ 1; number(.a); 2 }": ["100 number(.a)"],
    "number(.a).b": ["100 number(.a).b"],
    "(number(.a))": ["100 number(.a)"],
    ".a + .b": ["100 .a + .b"],
    ".a * 2": ["100 .a * 2"],
    "1 / 0": ["100 1 / 0"],
    "1 / .a": ["100 1 / .a"],
    ".a / 2": ["100 .a / 2"],
    "1 - .a": ["100 1 - .a"],
    ".a > 1": ["100 .a > 1"],
    '"a" > "b"': [],
    '"a" > 1': ['100 "a" > 1'],
    ".a && true": ["100 .a && true"],
    ".a == 1": [],
    ".a || 1": [],
    "shout(.a)": ["110 .a"],
    "shout!(.a)": [],
    'cut("a", .b)': ["110 .b"],
    'cut!("a", .b)': [],
    '"{{ x }}"': ["701 {{ x }}"],
    'x = .a; "a{{ x }}b"': ["100 a{{ x }}"],
    'x = "b"; "a{{ x }}"': [],
    // Handled failures.
    "number(.a) ?? 0": [],
    "number(.a) ?? number(.b)": ["100 number(.b)"],
    "x, err = number(.a)": [],
    "_, err = number(.a)": [],
    "x, _ = number(.a)": [],
    "_, _ = number(.a)": ["640 number(.a)"],
    "(.a + 1) ?? 2": [],
    "{ number(.a) } ?? 2": [],
    "if .a == 1 { number(.a) }": ["100 number(.a)"],
    "if (x, err = number(.a); err == null) { x }": [],
    "if (number(.a); true) { 1 }": ["100 number(.a)"],
    'if shout(.a) == "A" { 1 }': ["110 .a"],
    "!(number(.a) == 1)": ["100 number(.a)"],
    'abort "a" + shout!(.a)': [],
    "each([1]) -> |k, v| { number(v) }": ["100 number(v)"],
    "each([1]) -> |k, v| { number(v) ?? 1 }": [],
    "each!([1]) -> |k, v| { number(v) }": ["100 number(v)"],
    // What is gone on with after an error.
    "x = number(.a); x; y": ["103 number(.a)", "701 x", "701 y"],
    "x = shout(1); x; x.a; y": ["110 1", "701 y"],
    ".x = shout(1); .x; .y = .x": ["110 1"],
    "[a, b]": ["701 a"],
    '{ "p": a, "q": b }': ["701 a", "701 b"],
    "{ number(.a); y = number(.b) }": ["103 number(.b)", "100 number(.a)"],
    'abort { number(.a); y = number(.b); "c" }': ["103 number(.b)"],
    // Assignments.
    "x |= {}": ["701 x"],
    'x = {}; x |= { "a": 1 }; x.a + 1': [],
    "x = 1; x |= {}": ["652 x"],
    ". |= 1": ["652 1"],
    ".a |= {}": ["652 .a"],
    "_ |= {}": ["652 _"],
    "x, err |= number(.a)": ["701 x"],
    "x = {}; x, err |= number(.a)": ["652 number(.a)"],
    "x.a.b[1] = 1; x.a.b[0]": [],
    "x = []; x.a = 1": ["642 a"],
    "x = {}; x[0] = 1": ["642 [0]"],
    "x = {}; x.a[0] = 1": ["642 [0]"],
    ".a[0] = 1": [],
    "x = abort; x": [],
    "[1].a = 2": ["641 [1].a"],
    // Variables and scopes.
    "{ x = 1 }; x": ["701 x"],
    'x = 1; { x = "a" }; x + 1': ["100 x + 1"],
    "if true { x = 1 }; x": ["701 x"],
    "x = null; if .a == 1 { x = 1 }; x + 1": ["100 x + 1"],
    "x = 1; if .a == 1 { x = 2.5 }; x + 1": ["100 x + 1"],
    "each([1]) -> |k, v| { k }; k": ["701 k"],
    'k = 1; each([1]) -> |k, v| { k = "a"; k }; k + 1': [],
    "each([1]) -> |_, v| { v }": [],
    nul: ["701 nul"],
    // Calls.
    "shout()": ["107 shout()"],
    'shout("a", value: "b")': ['106 "a", value: "b"'],
    'cut(from: 1, value: "a")': [],
    'cut("a", to: 2, from: 1)': [],
    'cut("a", 1, 2, 3)': ['106 "a", 1, 2, 3'],
    'cut(1, "a")': ["110 1"],
    'cut("a", "b")': ['110 "b"'],
    'cut("a", 1, to: "b")': ['110 "b"'],
    "clock(1)": ["106 1"],
    "clock!()": ["620 clock"],
    "number!(1)": [],
    "number!(.a)": [],
    "x = number!(1); x + 1": [],
    'each({}) -> |k, v| { k + "a" }': [],
    "each([1]) -> |k, v| { k + v }": [],
    'each({ "a": 1 }) -> |k, v| { v + 1 }': [],
    'each([1, "a"]) -> |k, v| { v + 1 }': ["100 v + 1"],
    "keep([1]) -> |k, v| { v }": ["122 { v }"],
    "keep([1]) -> |k, v| { v == 1 }": [],
    "keep([1]) -> |k, v| { .a }": ["122 { .a }"],
    'apply("a") -> |t, s| { t + s }': [],
    'x = apply("a") -> |t, s| { 1 }; x + 1': [],
    "each(1) -> |k, v| { k }": ["110 1"],
    "apply(1) -> || { 1 }": ["120 apply"],
    // Constants.
    "limit(1)": [],
    "x = 1; limit(x + 1)": [],
    "x = 1; limit(x)": [],
    'x = { "a": 1 }; limit(x.a)': [],
    "limit(number!(.a))": ["100 limit(number!(.a))"],
    "x = 1; if .a == 1 { x = 2 }; limit(x)": ["100 limit(x)"],
    "x = 1; if .a == 1 { x = 1 }; limit(x)": [],
    'limit(digits!("12"))': [],
    "limit(digits!(shout!(.a)))": ["100 limit(digits!(shout!(.a)))"],
    "1 / 2": [],
    "x = 2; 1 / x": [],
    "x = 0; 1 / x": ["100 1 / x"],
    "1 / 0.0": ["100 1 / 0.0"],
    // What functions refuse.
    "refuse(.a)": ["610 refuse(.a)"],
    "refuse(shout!(.a))": ["610 refuse(shout!(.a))"],
    'refuse("literal", .a)': ['610 refuse("literal", .a)'],
    'refuse("literal", 1)': [],
    "exists(x)": ["701 x"],
    "exists(.a)": [],
    "exists(1)": ["610 exists(1)"],
    'refuse("array", [.a])': [],
    'refuse("array", .a)': ['610 refuse("array", .a)'],
    'refuse("object", { "a": .a })': [],
    'refuse("object", .a)': ['610 refuse("object", .a)'],
    "x = 1; exists(x)": ["610 exists(x)"],
    "x = 1; exists(x.a)": [],
    "exists((.a))": ["610 exists((.a))"],
    // Ends of the program.
    "abort; 1 + null": ["100 1 + null"],
    'if .a == 1 { return 1 }; "a"': [],
    "x = if .a == 1 { abort } else { 1 }; x + 1": [],
    "": [],
  };
  for (const [source, expected] of Object.entries(cases))
    test(source, () => assert.deepEqual(brief(source), expected));
});

suite("check() tells what functions refuse of", () => {
  const cases: Readonly<Record<string, readonly string[]>> = {
    "refuse(shout!(.a))": [
      "error 610: function compilation error: error[E402] this argument must be a static expression",
      'expected static expression for argument "mode"',
      "received: function call",
      "= learn more about error code 402 at https://errors.vrl.dev/402",
    ],
    'refuse("literal", .a)': [
      "error 610: function compilation error: error[E400] unexpected expression type",
      'unexpected expression for argument "of"',
      "received: query",
      "expected: literal",
      "= learn more about error code 400 at https://errors.vrl.dev/400",
    ],
    'refuse("regex", true)': [
      "error 610: function compilation error: error[E400] unexpected expression type",
      'unexpected expression for argument "of"',
      "received: literal",
      "expected: regex",
      "= learn more about error code 400 at https://errors.vrl.dev/400",
    ],
    'refuse("variant", 1 + 1)': [
      'error 610: function compilation error: error[E401] invalid enum variant"',
      'invalid enum variant for argument "of"',
      'received: "c"',
      'expected one of: "a", "b"',
      "= learn more about error code 401 at https://errors.vrl.dev/401",
    ],
    'refuse("argument", !true)': [
      "error 610: function compilation error: error[E403] invalid argument",
      'invalid argument "of"',
      "received: 7",
      "error: too much",
      "= learn more about error code 403 at https://errors.vrl.dev/403",
    ],
    "x = 1; exists(x)": [
      "error 610: function compilation error: error[E400] unexpected expression type",
      'unexpected expression for argument "path"',
      "received: variable call",
      "expected: query",
      "= learn more about error code 400 at https://errors.vrl.dev/400",
    ],
  };
  for (const [source, expected] of Object.entries(cases))
    test(source, () => {
      const [diagnostic] = diagnosticsOf(source);
      const { severity, code, message, labels, notes } = diagnostic!;
      const call = source.slice(source.search(/refuse|exists/));
      assert.ok(labels.every(({ span }) => source.slice(span.start, span.end) === call));
      assert.deepEqual(labels.map(({ isPrimary }) => isPrimary).indexOf(true), 0);
      const told = [`${severity} ${code}: ${message}`, ...labels.map((label) => label.message)];
      assert.deepEqual([...told, ...notes.map((note) => `= ${note}`)], expected);
    });
});

suite("check() keeps programs from writing", () => {
  const cases: readonly (readonly [
    source: string,
    path: string,
    isRecursive: boolean,
    isRefused: boolean,
  ])[] = [
    [".a = 1", "a", false, true],
    [".a.b = 1", "a", false, false],
    [".a.b = 1", "a", true, true],
    [".b = 1", "a", true, false],
    [". = {}", "a", false, true],
    [".a, err = number(1)", "a", false, true],
    ["x, .a = number(1)", "a", false, true],
    ["%a = 1", "a", true, false],
    ["del(.a)", "a", false, true],
    ["del(.a.b)", "a", false, false],
    ["del(.)", "a", false, true],
    ["x = .a", "a", true, false],
    ["exists(.a)", "a", true, false],
  ];
  for (const [source, path, isRecursive, isRefused] of cases)
    test(`${source} where .${path} is read-only${isRecursive ? " with all below" : ""}`, () => {
      const readOnlyPaths = [{ root: "event", path: [path], isRecursive }] as const;
      const found = diagnosticsOf(source, { readOnlyPaths });
      assert.deepEqual(
        found.map(({ labels }) => labels[0]!.message),
        isRefused ? ["mutation of read-only value"] : [],
      );
    });
  test("it tells which path a function would remove", () => {
    const readOnlyPaths = [{ root: "metadata", path: ["a"], isRecursive: false }] as const;
    assert.deepEqual(full("del(%a)", { readOnlyPaths }), [
      "error 610: function compilation error: error[E315] mutation of read-only value",
      "^ del(%a): mutation of read-only value",
      "- del(%a): %a is read-only, and cannot be deleted",
      "= learn more about error code 315 at https://errors.vrl.dev/315",
    ]);
  });
});

test("check() tells syntax errors where the text has them", () => {
  const source = "a\n1 +\nb\n)\n";
  const { program, diagnostics } = parse(source);
  const options = { functions: testFunctions, host: testHost(), timezone: "UTC", source };
  const result = check(program, { ...options, syntaxErrors: diagnostics });
  assert.equal(result.checked, undefined);
  const told = result.diagnostics.map(({ code, labels }) => [code, labels[0]!.span.start]);
  assert.deepEqual(
    told,
    told.toSorted(([, left], [, right]) => left! - right!),
  );
  assert.ok(told.some(([code]) => code === 701) && told.some(([code]) => code === 203));
});

test("check() starts from what the event and the metadata are said to be", () => {
  const variables = LayeredMap.of([["x", { type: TypeDef.of(Kind.bytes), constant: undefined }]]);
  const start = {
    variables,
    event: Kind.object({ a: Kind.integer }),
    metadata: Kind.object({ b: Kind.float }),
  };
  assert.deepEqual(brief(".a + 1", { start }), []);
  assert.deepEqual(brief("shout(.b)", { start }), ["110 .b"]);
  assert.deepEqual(brief("%a + 1", { start }), ["100 %a + 1"]);
  assert.deepEqual(brief("%b + 1", { start }), []);
  assert.deepEqual(brief("shout(x)", { start }), []);
});
