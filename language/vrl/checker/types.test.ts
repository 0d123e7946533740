import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { parse } from "../parser/parse.ts";
import type { Expression } from "../parser/ast.ts";
import { eachChild } from "../parser/children.ts";
import { testHost } from "../stdlib/call-for-test.ts";
import type { FunctionDefinition } from "../stdlib/define.ts";
import { check } from "./check.ts";
import type { CheckedProgram } from "./checked.ts";
import { testFunctions } from "./functions-for-test.ts";
import { Kind, Part } from "./kind.ts";
import { TypeDef } from "./type-def.ts";

/** Notes what the language takes its argument for. */
function probeInto(seen: string[]): FunctionDefinition {
  return {
    name: "probe",
    category: "Debug",
    usage: "",
    parameters: [{ name: "value", kind: Part.all, description: "" }],
    returns: Part.null,
    typeOf: () => TypeDef.of(Kind.null),
    prepare(call) {
      seen.push(call.type("value").kind.toString());
      return () => null;
    },
  };
}

interface Typed {
  /** What each `probe` saw, in turn. */
  readonly seen: readonly string[];
  readonly checked: CheckedProgram;
  /** The program's expressions by their text. */
  readonly at: (text: string) => Expression;
}

function typed(source: string): Typed {
  const seen: string[] = [];
  const { program, diagnostics } = parse(source);
  const functions = [...testFunctions, probeInto(seen)];
  const result = check(program, {
    functions,
    host: testHost(),
    timezone: "UTC",
    source,
    warnsOfUnused: false,
  });
  assert.deepEqual([...diagnostics, ...result.diagnostics], [], source);
  const byText = new Map<string, Expression>();
  const visit = (expression: Expression): void => {
    byText.set(source.slice(expression.span.start, expression.span.end), expression);
    eachChild(expression, visit);
  };
  for (const expression of program.expressions) visit(expression);
  return { seen, checked: result.checked!, at: (text) => byText.get(text)! };
}

const ANYTHING = "string, integer, float, boolean, timestamp, regex, null, array or object";

suite("the language takes", () => {
  const cases: Readonly<Record<string, string | readonly string[]>> = {
    // Literals.
    'probe("a")': "string",
    "probe(s'a')": "string",
    "probe(1)": "integer",
    "probe(1.0)": "float",
    "probe(true)": "boolean",
    "probe(null)": "null",
    "probe(r'a')": "regex",
    "probe(t'2024-02-29T12:00:00Z')": "timestamp",
    'x = "b"; probe("a {{ x }}")': "string",
    'x = 1; probe("{{ x }}")': "integer",
    "probe([])": "array",
    'probe([1, "a", .b])': `[integer, string, ${ANYTHING}]`,
    "probe({})": "object",
    'probe({ "b": 1, "a b": [true] })': '{ "a b": [boolean], b: integer }',
    "probe((1))": "integer",
    "probe({ 1; 2.5 })": "float",
    // Paths.
    "probe(.)": "object",
    "probe(%)": "object",
    "probe(.a.b[0])": "any",
    ".a = 1; probe(.a)": "integer",
    ".a.b[1] = 1; probe(.a)": "object",
    '. = { "a": 1 }; probe(.a)': "integer",
    '. = { "a": 1 }; probe(.b)': "undefined",
    '. = { "a": 1 }; .b = 2; probe(.)': "{ a: integer, b: integer }",
    "x = []; x[2] = true; probe(x)": "[null, null, boolean]",
    "x = [1, true]; probe(x[-1])": "boolean",
    "x = [1, true]; probe(x[2])": "undefined",
    'probe({ "a": [1] }.a[0])': "integer",
    "probe([1, true][1])": "boolean",
    "probe(clock().a)": "undefined",
    "%a = 1; probe(%a)": "integer",
    ". = 1; probe(.)": "integer",
    "x = .a; probe(x)": ANYTHING,
    "x = .a.b; x.c = 1; probe(x)": "object",
    ". = {}; x = .a; probe(x)": "null",
    // Operators.
    "probe(1 + 2)": "integer",
    "probe(1 + 2.5)": "float",
    'probe("a" + "b")': "string",
    'probe("a" + null)': "string",
    'probe("a" * 3)': "string",
    'probe(3 * "a")': "string",
    "probe(1 - 2)": "integer",
    "probe(1 / 2)": "float",
    "probe((.a + .b) ?? null)": "string, integer, float or null",
    "probe((.a - .b) ?? null)": "integer, float or null",
    "probe((.a * 2) ?? null)": "string, integer, float or null",
    'probe((.a + "b") ?? null)': "string or null",
    "probe((.a + 1.5) ?? null)": "float or null",
    "probe(1 == 2)": "boolean",
    "probe(1 < 2)": "boolean",
    "probe(true && false)": "boolean",
    "probe(null && 1)": "boolean",
    "probe(!true)": "boolean",
    "probe(null || 1)": "integer",
    "probe(false || 1)": "integer",
    'probe("a" || 1)': "string",
    "probe(true || 1)": "boolean",
    "x = .a == 1; probe(x || 1)": "integer or boolean",
    '. = {}; probe(.a || "b")': "undefined",
    'probe({ "a": 1, "b": 2 } | { "a": "c" })': "{ a: string, b: integer }",
    'probe(number(1) ?? "a")': "string or integer",
    'x = { "a": 1 }; x |= { "b": 2 }; probe(x)': "{ a: integer, b: integer }",
    // Branches.
    "x = if .a == 1 { 1 }; probe(x)": "integer or null",
    "x = if .a == 1 { 1 } else { true }; probe(x)": "integer or boolean",
    "x = if .a == 1 { 1 } else if .a == 2 { 2.5 } else { null }; probe(x)": "integer, float or null",
    "x = if .a == 1 { abort } else { 1 }; probe(x)": "integer",
    'x = 1; if .a == 1 { x = "b" }; probe(x)': "string or integer",
    'x = 1; if .a == 1 { x = "b" } else { x = true }; probe(x)': "string or boolean",
    'if .a == 1 { .b = 1 } else { .b = "c" }; probe(.b)': "string or integer",
    ". = {}; if .a == 1 { .b = 1 }; probe(.b)": "integer or undefined",
    "x = 1; (.a == 1) && { x = true; x }; probe(x)": "integer or boolean",
    "x = 1; .a || { x = true; x }; probe(x)": "integer or boolean",
    "x = 1; { x = true }; probe(x)": "boolean",
    "x = 1; if (x = true; x) { 1 }; probe(x)": "boolean",
    // Assignments.
    "probe((x = 1))": "integer",
    "x, e = number(.a); probe(x); probe(e)": ["integer", "string or null"],
    "x, e = .a + .b; probe(x)": "string, integer, float or null",
    "probe((x, e = number(.a)))": "string or integer",
    // Calls.
    "probe(shout!(.a))": "string",
    "probe(cut!(.a, 1))": "any",
    'probe(cut("a", 1))': "string",
    "probe(exists(.a))": "boolean",
    'each({ "a": 1, "b": true }) -> |k, v| { probe(k); probe(v) }': ["string", "integer or boolean"],
    'each([1, "a"]) -> |k, v| { probe(k); probe(v) }': ["integer", "string or integer"],
    'x = 1; each([1]) -> |k, v| { x = "a"; probe(x) }; probe(x)': ["string", "integer"],
    'k = 1; each([1]) -> |k, v| { k = "a"; probe(k) }; probe(k)': ["string", "integer"],
    'probe(keep([1, "a"]) -> |k, v| { true })': "[integer, string]",
    "probe(apply(1) -> |t, s| { probe(t); probe(s); true })": ["integer", "string", "boolean"],
    // What removing leaves.
    '. = { "a": 1, "b": 2 }; del(.a); probe(.)': "{ b: integer }",
    '. = { "a": 1 }; probe(del(.a)); probe(.)': ["integer", "object"],
    '. = { "a": { "b": 1 }, "c": 1 }; del(.a.b); probe(.)': "{ a: undefined or object, c: integer }",
    '. = { "a": { "b": 1 } }; del(.a.b, compact: false); probe(.)': "{ a: object }",
    '. = { "a": { "b": 1 }, "c": 1 }; del(.a.b, compact: true); probe(.)': "{ c: integer }",
    '% = { "a": 1, "b": 2 }; del(%a); probe(%)': "{ b: integer }",
    'x = { "a": 1 }; del(x.a); probe(x)': "{ a: integer }",
    '. = [1, "a", true]; del(.); probe(.)': "array",
    '.a = ["x", "y"]; del(.a[0]); probe(.a)': "[string]",
    "del(.); probe(.)": "object",
  };
  for (const [source, expected] of Object.entries(cases))
    test(`${source} for ${[expected].flat().join("; ")}`, () => {
      assert.deepEqual(typed(source).seen, [expected].flat());
    });
});

suite("what is sure of", () => {
  const cases: readonly (readonly [source: string, expression: string, type: string])[] = [
    // A closure may run any number of times.
    ['x = 1; each([1]) -> |k, v| { x = "a" }; [x, 1]', "[x, 1]", `[${ANYTHING}, integer]`],
    ["x = 1; each([1]) -> |k, v| { [x, 2]; x = null }; x", "[x, 2]", `[${ANYTHING}, integer]`],
    ['.a = 1; .b = 1; each([1]) -> |k, v| { .a = "b" }; [.a, .b]', "[.a, .b]", `[${ANYTHING}, integer]`],
    ["x = 1; each([1]) -> |k, v| { y = x; y }; [x]", "[x]", "[integer]"],
    ["x = [1]; each([1]) -> |k, v| { del(x[0]) }; [x, 3]", "[x, 3]", `[${ANYTHING}, integer]`],
    ["each([1]) -> |k, v| { [k, v] }", "[k, v]", "[integer, integer]"],
    ["x = .a; x = if .b == 1 { [1] } else { {} }; each(x) -> |k, v| { [k] }", "[k]", "[string or integer]"],
    // What fails may not have come to its assignments.
    ["x = 1; { number(.a); x = null; 2 } ?? 3; [x]", "[x]", "[integer or null]"],
    ["x = 1; y, e = { number(.a); x = null; 2 }; [x]", "[x]", "[integer or null]"],
    ["x = 1; x = number(.a) ?? 2; [x]", "[x]", "[integer]"],
    // What may not have run may not have assigned.
    ["(.a == 1) && (x = true); [x]", "[x]", "[boolean or null]"],
    // What is not there is null.
    ['. = {}; .a || "b"', '.a || "b"', "string"],
    ['. = {}; x = 1; .a || { x = "b"; x }; [x]', "[x]", "[string]"],
    // A function may return more than it says where an argument may be of several kinds.
    ["guess(.a)", "guess(.a)", "array or object"],
    ["guess([])", "guess([])", "object"],
    // Elements that move.
    ['x = ["a"]; x[-2] = 1; [x]', "[x]", "[array]"],
    ['.a = ["x", 1, true]; del(.a[0]); [.a]', "[.a]", `[${ANYTHING}]`],
    ['x = if .a == 1 { [1] } else { ["b", null] }; [x[-1]]', "[x[-1]]", `[${ANYTHING}]`],
    ['x = { "a": 1 }; del(x.a); [x]', "[x]", `[${ANYTHING}]`],
    ['x = if .a == 1 { 1 } else { { "a": 1 } }; x.b = 2; x.a', "x.a", "integer or undefined"],
  ];
  for (const [source, expression, expected] of cases)
    test(`${expression} in ${source}`, () => {
      const { checked, at } = typed(source);
      assert.equal(checked.typeOf(at(expression)).kind.toString(), expected);
    });

  test("what can fail though the language says it cannot", () => {
    const cannotFail = ["1.5 * 2.5", "1 / 2", '"a" + "b"', "1 + 2"];
    for (const source of cannotFail) assert.equal(typed(source).checked.result.isFallible, false, source);
    // ∞ - ∞ is no number; of what is divided nothing is asked.
    const mightFail = ["x = .a; y = number(x) ?? 1; y * 1.5", "number(.a) / 2"];
    for (const source of mightFail) assert.equal(typed(source).checked.result.isFallible, true, source);
  });
});

suite("CheckedProgram", () => {
  test("constantOf() knows what is written, not what variables hold", () => {
    const { checked, at } = typed('x = 2; [1 + 2, "a"]; { "a": (4) }; [x + 1]; x + 3; [r\'a\', .b]');
    assert.deepEqual(checked.constantOf(at('[1 + 2, "a"]')), [3, "a"]);
    assert.deepEqual(checked.constantOf(at('{ "a": (4) }')), { a: 4 });
    assert.equal(checked.constantOf(at("x + 3")), undefined);
    assert.equal(checked.constantOf(at("[r'a', .b]")), undefined);
  });

  test("callOf() has the arguments in the parameters' order, and what to check them for", () => {
    const { checked, at } = typed('cut!(from: .a, value: "b")');
    const call = at('cut!(from: .a, value: "b")');
    assert.ok(call.type === "call");
    const resolved = checked.callOf(call);
    assert.equal(resolved.definition.name, "cut");
    const values = resolved.arguments.map((argument) => argument?.value.type);
    assert.deepEqual(values, ["literal", "query", undefined]);
    assert.deepEqual(
      resolved.arguments.map((argument) => argument?.checkedFor),
      [0, Part.integer, undefined],
    );
    assert.equal(checked.callOf(call), resolved);
  });

  test("callOf() runs what was made for what is sure", () => {
    const made: (string | undefined)[] = [];
    const definition: FunctionDefinition = {
      ...probeInto([]),
      prepare(call) {
        const value = call.constant("value");
        made.push(value === undefined ? undefined : JSON.stringify(value));
        return () => null;
      },
    };
    const source = "x = 1; each([1]) -> |_k, _v| { x = 2 }; probe(x); y = 3; probe(y)";
    const { program } = parse(source);
    const functions = [...testFunctions, definition];
    const { checked } = check(program, { functions, host: testHost(), timezone: "UTC", source });
    assert.deepEqual(made, ["1", "3"]);
    for (const expression of program.expressions) if (expression.type === "call") checked!.callOf(expression);
    assert.deepEqual(made, ["1", "3", undefined]);
  });

  test("mergeOf() and defaultOf() tell what assignments stand for", () => {
    const { checked, at } = typed('x = {}; x |= { "a": 1 }; y, e = number(.a); z, e = .a + .b');
    const merge = at('x |= { "a": 1 }');
    assert.ok(merge.type === "assignment");
    assert.equal(checked.mergeOf(merge).operator, "|");
    assert.equal(checked.mergeOf(merge).right, merge.value);
    const defaults = ["y, e = number(.a)", "z, e = .a + .b"].map((text) => {
      const assignment = at(text);
      assert.ok(assignment.type === "assignment");
      return checked.defaultOf(assignment);
    });
    assert.deepEqual(defaults, [0, null]);
  });

  test("result is what the program yields, with what `return` may end it with", () => {
    const { checked } = typed('if .a == 1 { return "b" }; 1');
    assert.equal(checked.result.kind.toString(), "integer");
    assert.equal(checked.result.returns.toString(), "string");
    assert.equal(typed("abort").checked.isAbortable, true);
    assert.equal(typed("1").checked.isAbortable, false);
  });

  test("reads and writes are all paths, each once", () => {
    const { checked } = typed(".a.b = .c; .d = 1; %e, .f = number(.c); del(.g); get!(.); exists(%h)");
    const text = ({ root, path }: { root: string; path: readonly unknown[] }): string =>
      `${root} ${path.join(".")}`;
    assert.deepEqual(checked.writes.map(text), ["event a.b", "event d", "metadata e", "event f", "event g"]);
    assert.deepEqual(checked.reads.map(text), ["event c", "event g", "event ", "metadata h"]);
  });
});
