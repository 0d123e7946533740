import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import fc from "fast-check";
import { compile, type Outcome } from "./compile.ts";
import { copyValue } from "./runtime/copy.ts";
import type { Target } from "./runtime/journal.ts";
import type { VrlObject } from "./runtime/value.ts";
import { testHost } from "./stdlib/call-for-test.ts";
import { standardLibrary } from "./stdlib/index.ts";

const options = { functions: standardLibrary, host: testHost() };

function run(source: string, target: Target): Outcome {
  const { program, diagnostics } = compile(source, options);
  assert.ok(program !== undefined, diagnostics.map(({ message }) => message).join("\n"));
  return program.run(target);
}

/** Programs that are right, to be made wrong. */
const programs = globSync("tests/**/*.vrl", { cwd: import.meta.dirname }).flatMap((path) =>
  readFileSync(join(import.meta.dirname, path), "utf8")
    .split("#---\n")
    .map((text) => text.replaceAll(/^#.*\n/gm, "").trim()),
);

const pieces = fc.constantFrom(
  ...".%[](){}|&!=+-*/<>?,:;_ \n\t\"'\\#".split(""),
  "r'",
  "s'",
  "t'",
  "{{",
  "}}",
  "->",
  "??",
  "|=",
  "if",
  "else",
  "abort",
  "return",
  "null",
  "1",
  "1.5",
  "x",
  ".a",
  "f(",
  "del(",
  "\u{1f600}",
);

/** A program with some of its characters taken out, doubled or replaced. */
const broken = fc
  .tuple(
    fc.constantFrom(...programs),
    fc.array(fc.tuple(fc.nat(), fc.nat({ max: 4 }), pieces), { maxLength: 6 }),
  )
  .map(([source, changes]) => {
    let text = source;
    for (const [at, length, piece] of changes) {
      const index = at % (text.length + 1);
      text = text.slice(0, index) + piece + text.slice(index + length);
    }
    return text;
  });

suite("compile()", () => {
  test("whatever the text is, there is a program or an error, and a program ends", () => {
    const anything = fc.oneof(
      broken,
      fc.array(pieces, { maxLength: 30 }).map((each) => each.join("")),
      fc.string(),
    );
    fc.assert(
      fc.property(anything, (source) => {
        const { program, diagnostics } = compile(source, options);
        assert.equal(
          program === undefined,
          diagnostics.some(({ severity }) => severity === "error"),
        );
        program?.run({ event: { a: 1, list: [1, "two", { three: 3 }] }, metadata: {} });
      }),
    );
  });

  test("deep nesting is an error or works", () => {
    for (const [open, close] of [
      ["(", ")"],
      ["[", "]"],
      ["{", "}"],
      ["!", ""],
      ["if true {", "}"],
      ["f(", ")"],
      ['{ "a": ', "}"],
    ] as const) {
      const source = `${open.repeat(10_000)}1${close.repeat(10_000)}`;
      assert.ok(compile(source, options).diagnostics.length > 0, open);
    }
    assert.ok(compile(Array.from({ length: 400 }, () => "1").join(" + "), options).program !== undefined);
  });

  test("texts of a program or an event never become code", () => {
    const hostile = '"]; globalThis.broken = true; //\u2028\n`${globalThis.broken = true}`';
    const quoted = JSON.stringify(hostile).replaceAll("{{", "\\{\\{");
    const event: VrlObject = { [hostile]: hostile };
    const outcome = run(`.${quoted} = ${quoted}\nx.${quoted} = .${quoted}\n[x, del(.${quoted})]`, {
      event,
      metadata: {},
    });
    assert.deepEqual(outcome, { value: [{ [hostile]: hostile }, hostile] });
    assert.equal("broken" in globalThis, false);
    run('."__proto__".polluted = 1', { event: {}, metadata: {} });
    run(".constructor.prototype.polluted = 1", { event: {}, metadata: {} });
    assert.equal("polluted" in {}, false);
  });
});

suite("run()", () => {
  test("what is too large ends in an error", () => {
    let deep: VrlObject = {};
    const event = deep;
    for (let depth = 0; depth < 100_000; depth++) deep = deep["a"] = {};
    for (const source of [".b = .a", "encode_json(.)", ". == .b", "flatten(.)"]) {
      const outcome = run(source, { event: { ...event, b: event }, metadata: {} });
      assert.ok("error" in outcome || "value" in outcome, source);
    }
    const doubled = `.s = "0123456789abcdef"\n${".s = .s + .s\n".repeat(40)}`;
    assert.match(JSON.stringify(run(doubled, { event: {}, metadata: {} })), /too large/);
    assert.equal(compile(".a[4000000000] = 1", options).program, undefined);
    assert.equal(compile("x = []\nx[-4000000000] = 1\nx", options).program, undefined);
  });

  test("an event of another kind than the program was compiled for is refused", () => {
    assert.deepEqual(run(".a = 1", { event: 5, metadata: {} }), { error: "expected object, got integer" });
    assert.deepEqual(run(".", { event: {}, metadata: [] }), { error: "expected object, got array" });
  });
});

suite("abort", () => {
  const path = fc
    .array(fc.oneof(fc.constantFrom(".a", ".b", ".c"), fc.constantFrom("[0]", "[1]", "[-1]")), {
      minLength: 1,
      maxLength: 3,
    })
    .map((segments) => {
      const text = segments.join("");
      return text.startsWith("[") ? `.a${text}` : text;
    });
  const change = fc.oneof(
    fc
      .tuple(path, fc.constantFrom("1", '"x"', "{}", '[1, { "d": 2 }]', ".", ".b"))
      .map(([at, value]) => `${at} = ${value}`),
    path.map((at) => `del(${at})`),
    path.map((at) => `del(${at}, compact: true)`),
    fc.constantFrom('. = { "a": { "b": [1] } }', "%m.n = .a", "del(%m)", "del(.)"),
  );

  test("takes back whatever the program has changed", () => {
    let ran = 0;
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 8 }), (changes) => {
        const event = { a: { b: [1, { c: 2 }], c: "x" }, b: [[1], { a: null }], c: 3 };
        const target: Target = { event, metadata: { m: { n: 1 } } };
        const before = copyValue(target as unknown as VrlObject);
        // Types that are known would refuse most of this.
        const source = `. = parse_json!(s'${JSON.stringify(event)}')\n${changes.join("\n")}\nabort "enough"`;
        const { program } = compile(source, options);
        if (program === undefined) return;
        ran++;
        assert.deepEqual(program.run(target), { aborted: "enough" });
        assert.deepEqual(target, before);
        assert.equal(target.event, event);
      }),
    );
    assert.ok(ran > 20, `${ran} programs compiled`);
  });
});
