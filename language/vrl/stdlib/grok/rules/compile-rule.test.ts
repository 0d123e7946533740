import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Failure } from "../../../runtime/failure.ts";
import { call, testHost } from "../../call-for-test.ts";
import { parseGroks } from "../../parse-groks.ts";
import { grokLibrary, ruleLibrary } from "../library.ts";
import { compilePattern } from "../pattern.ts";
import { compileRule } from "./compile-rule.ts";
import { parseReference } from "./parse-reference.ts";
import { referencesIn } from "./references.ts";

function problemOf(rule: string, aliases: Readonly<Record<string, string>> = {}): string | undefined {
  const compiled = compileRule(rule, new Map(Object.entries(aliases)), testHost());
  return compiled instanceof Failure ? compiled.message : undefined;
}

test("each definition of the libraries is an expression", () => {
  for (const library of [grokLibrary, ruleLibrary]) {
    for (const name of library.keys())
      assert.notEqual(typeof compilePattern(`%{${name}}`, library), "string", name);
  }
});

test("compileRule() says what is wrong with a rule", () => {
  const data = "failed to parse grok expression";
  assert.equal(
    problemOf("%{NOG}"),
    String.raw`${data} '(?m)\A%{NOG}\z': The given pattern definition name "NOG" could not be found in the definition map`,
  );
  assert.equal(
    problemOf("("),
    String.raw`${data} '(?m)\A(\z': The given regex "(?m)\A(\z" failed compilation in the underlying engine`,
  );
  assert.equal(problemOf("%{data:x:nofilter}"), "unknown filter 'nofilter'");
  assert.equal(problemOf("%{regex:x}"), "invalid arguments for the function 'regex'");
  assert.equal(problemOf('%{date("ABC"):x}'), "invalid arguments for the function 'date'");
  assert.equal(problemOf('%{date("yyyy", "nowhere"):x}'), "invalid arguments for the function 'date'");
  assert.equal(problemOf("%{data:x:scale(y)}"), "invalid arguments for the function 'scale'");
  assert.equal(
    problemOf(String.raw`%{data:x:nullIf("\:")}`),
    String.raw`${data} '%{data:x:nullIf("\:")}': invalid escape literal '\:'`,
  );
  assert.equal(problemOf("%{data:x:}"), `${data} '%{data:x:}': invalid grok pattern: %{data:x:}`);
  assert.equal(problemOf("%{a}", { a: "%{b}", b: "%{a}" }), "Circular dependency found in the alias 'a'");
});

test("definitions and aliases that double each other are refused, not expanded", () => {
  const names = Array.from({ length: 40 }, (_, index) => `n${index}`);
  const aliases = Object.fromEntries(names.map((name, index) => [name, `%{n${index + 1}}%{n${index + 1}}`]));
  assert.match(problemOf("%{n0}", { ...aliases, n40: "x" })!, /too long/);
  const limit = "Recursion while compiling reached the limit of 1024";
  assert.equal(compilePattern("%{A}", new Map([["A", "%{A}"]])), limit);
  const doubling = new Map([...Object.entries(aliases), ["n40", "x"] as const]);
  assert.equal(compilePattern("%{n0}", doubling), limit);
});

test("parseReference() reads matchers, paths and filters", () => {
  assert.deepEqual(
    parseReference(String.raw`%{date("a, \"b\\n"):x-y.z["."]:scale(.5, 1e2, -true)}`),
    String.raw`invalid grok pattern: %{date("a, \"b\\n"):x-y.z["."]:scale(.5, 1e2, -true)}`,
  );
  assert.deepEqual(parseReference(String.raw`%{date("a, \"b\\n"):x-y.z["."]:scale(.5, null)}`), {
    matcher: { name: "date", arguments: [{ value: 'a, "b\n' }] },
    destination: {
      path: ["x-y", "z", "."],
      filter: { name: "scale", arguments: [{ value: 0.5 }, { value: null }] },
    },
  });
  assert.deepEqual(parseReference("%{data:}"), {
    matcher: { name: "data", arguments: undefined },
    destination: undefined,
  });
});

test("referencesIn() finds references, whatever is quoted in them", () => {
  const rule = String.raw`a %{b} %{c("}")} %{d("\"}")} %{} %{e`;
  assert.deepEqual(
    referencesIn(rule).map(([start, end]) => rule.slice(start, end)),
    ["%{b}", '%{c("}")}', String.raw`%{d("\"}")}`],
  );
});

test("aliases also come from files", () => {
  const files = new Map([["a.json", '{"who": "%{word:name}", "greeting": "hi %{who}"}']]);
  const host = testHost({
    readFile: (path) => {
      const file = files.get(path);
      if (file === undefined) throw new Error(path);
      return new TextEncoder().encode(file);
    },
  });
  const given = { value: "hi kim", patterns: ["%{greeting}"] };
  assert.deepEqual(call(parseGroks, { ...given, alias_sources: ["a.json"] }, { host }), { name: "kim" });
  const refused = (error: string, value: string) => ({
    refused: "argument",
    name: "alias_sources",
    value,
    error,
  });
  assert.deepEqual(
    call(parseGroks, { ...given, alias_sources: ["b.json"] }, { host }),
    refused("Unable to open alias source file", "b.json"),
  );
  files.set("c.json", '{"who": 1}');
  assert.deepEqual(
    call(parseGroks, { ...given, alias_sources: ["c.json"] }, { host }),
    refused("Unable to read alias source", "c.json"),
  );
});

test("any text is a rule or is refused, and any rule answers any text", () => {
  const piece = fc.constantFrom(
    "%{",
    "}",
    "data",
    "word",
    ":",
    "x.y",
    '("a")',
    "json",
    "keyvalue",
    "array",
    "date",
    "regex",
    " ",
    "(",
    ")",
    "|",
    '"',
    "\\",
  );
  fc.assert(
    fc.property(
      fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join("")),
      fc.string({ maxLength: 20 }),
      (rule, text) => {
        const result = call(parseGroks, { value: text, patterns: [rule] });
        assert.notEqual(result, undefined);
      },
    ),
    { numRuns: 500 },
  );
});
