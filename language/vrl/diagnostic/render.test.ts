import assert from "node:assert/strict";
import { test } from "node:test";
import { contextLabel, type Diagnostic, primaryLabel, type Severity } from "./diagnostic.ts";
import { render } from "./render.ts";

interface Case {
  readonly name: string;
  readonly source: string;
  readonly severity: Severity;
  readonly code: number;
  /** Whether it is primary, where, and what it says. */
  readonly labels: readonly (readonly [boolean, number, number, string])[];
  readonly notes: readonly string[];
  /** Without the notes that all have. */
  readonly expected: string;
}

const brew = `tea = brew(
  water: 95,
  leaf: "oolong",
  cups: 2,
  milk: 0,
  sugar: 1
)
pour(tea)
`;

const closing = [
  "= see language documentation at https://vrl.dev",
  "= try your code in the VRL REPL, learn more at https://vrl.dev/examples",
];

const cases: readonly Case[] = [
  {
    name: "a message beside its label",
    source: brew,
    severity: "error",
    code: 300,
    labels: [[true, 6, 10, "let it cool"]],
    notes: [],
    expected: `
error[E300]: something is wrong
  ┌─ :1:7
  │
1 │ tea = brew(
  │       ^^^^ let it cool
  │`,
  },
  {
    name: "messages below what two labels share",
    source: brew,
    severity: "error",
    code: 203,
    labels: [
      [true, 0, 3, "first"],
      [false, 0, 3, "second"],
    ],
    notes: [],
    expected: `
error[E203]: something is wrong
  ┌─ :1:1
  │
1 │ tea = brew(
  │ ^^^
  │ │
  │ first
  │ second
  │`,
  },
  {
    name: "three places on one line",
    source: brew,
    severity: "warning",
    code: 105,
    labels: [
      [true, 0, 3, "target"],
      [false, 4, 5, "sign"],
      [false, 6, 10, "call"],
    ],
    notes: ["hint: stir"],
    expected: `
warning[E105]: something is wrong
  ┌─ :1:1
  │
1 │ tea = brew(
  │ ^^^ - ---- call
  │ │   │
  │ │   sign
  │ target
  │
  = hint: stir
  = learn more about error code 105 at https://errors.vrl.dev/105`,
  },
  {
    name: "a label in another one",
    source: brew,
    severity: "error",
    code: 642,
    labels: [
      [true, 4, 8, ""],
      [false, 0, 10, "all of it"],
    ],
    notes: [],
    expected: `
error[E642]: something is wrong
  ┌─ :1:5
  │
1 │ tea = brew(
  │ ----^^^^--
  │ │
  │ all of it
  │`,
  },
  {
    name: "a label over several lines",
    source: brew,
    severity: "error",
    code: 300,
    labels: [
      [true, 6, 77, "this call"],
      [false, 83, 86, "what it yields"],
    ],
    notes: [],
    expected: `
error[E300]: something is wrong
  ┌─ :1:7
  │
1 │   tea = brew(
  │ ╭───────^
2 │ │   water: 95,
3 │ │   leaf: "oolong",
4 │ │   cups: 2,
5 │ │   milk: 0,
6 │ │   sugar: 1
7 │ │ )
  │ ╰─^ this call
8 │   pour(tea)
  │        --- what it yields
  │`,
  },
  {
    name: "a label that begins its line",
    source: brew,
    severity: "note",
    code: 801,
    labels: [[false, 14, 41, "two arguments"]],
    notes: [],
    expected: `
note[E801]: something is wrong
  ┌─ :2:3
  │
2 │ ╭   water: 95,
3 │ │   leaf: "oolong",
  │ ╰────────────────' two arguments
  │`,
  },
  {
    name: "labels over several lines in one another",
    source: brew,
    severity: "error",
    code: 300,
    labels: [
      [true, 6, 77, "outer"],
      [false, 21, 53, "inner"],
    ],
    notes: ["first line\nsecond line"],
    expected: `
error[E300]: something is wrong
  ┌─ :1:7
  │
1 │     tea = brew(
  │ ╭─────────^
2 │ │     water: 95,
  │ │ ╭──────────'
3 │ │ │   leaf: "oolong",
4 │ │ │   cups: 2,
  │ │ ╰──────────' inner
5 │ │     milk: 0,
6 │ │     sugar: 1
7 │ │   )
  │ ╰───^ outer
  │
  = first line
    second line`,
  },
  {
    name: "tabs, wide characters and those that take no room",
    source: "\t茶=\t🍵é + tea",
    severity: "error",
    code: 300,
    labels: [
      [true, 3, 4, "leaf"],
      [false, 10, 11, "plus"],
    ],
    notes: [],
    expected: `
error[E300]: something is wrong
  ┌─ :1:4
  │
1 │     茶= 🍵é + tea
  │        ^     - plus
  │        │
  │        leaf
  │`,
  },
  {
    name: "the end of a program",
    source: "tea =",
    severity: "error",
    code: 204,
    labels: [[true, 5, 5, "here"]],
    notes: [],
    expected: `
error[E204]: something is wrong
  ┌─ :1:6
  │
1 │ tea =
  │      ^ here
  │`,
  },
  {
    name: "nothing of a program",
    source: "",
    severity: "bug",
    code: 7,
    labels: [],
    notes: [],
    expected: `
bug[E007]: something is wrong`,
  },
  {
    name: "lines far from each other",
    source: "a\na\na\na\na\na\na\na\na\na\na\na\nb\nc",
    severity: "error",
    code: 300,
    labels: [
      [true, 0, 1, "this"],
      [false, 26, 27, "that"],
    ],
    notes: [],
    expected: `
error[E300]: something is wrong
   ┌─ :1:1
   │
 1 │ a
   │ ^ this
   ·
14 │ c
   │ - that
   │`,
  },
  {
    name: "one line between two",
    source: "a\nb\nc",
    severity: "error",
    code: 300,
    labels: [
      [true, 0, 1, "this"],
      [false, 4, 5, "that"],
    ],
    notes: [],
    expected: `
error[E300]: something is wrong
  ┌─ :1:1
  │
1 │ a
  │ ^ this
2 │ b
3 │ c
  │ - that
  │`,
  },
];

function diagnosticOf({ severity, code, labels, notes }: Case): Diagnostic {
  return {
    severity,
    code,
    message: "something is wrong",
    labels: labels.map(([isPrimary, start, end, message]) =>
      isPrimary ? primaryLabel(message, { start, end }) : contextLabel(message, { start, end }),
    ),
    notes,
  };
}

for (const one of cases) {
  test(`render() of ${one.name}`, () => {
    const lines = render([diagnosticOf(one)], one.source).split("\n");
    assert.deepEqual(
      lines.slice(-3).map((line) => line.trim()),
      [...closing, ""],
    );
    assert.equal(lines.slice(0, -3).join("\n"), one.expected);
  });
}

test("render() of nothing is empty", () => assert.equal(render([], brew), ""));

test("render() of two puts an empty line between them", () => {
  const [first] = cases;
  const diagnostic = diagnosticOf(first!);
  const one = render([diagnostic], brew);
  assert.equal(render([diagnostic, diagnostic], brew), one + one);
});

test("render() in colours is the same text in styles that all end", () => {
  for (const one of cases) {
    const plain = render([diagnosticOf(one)], one.source);
    const colored = render([diagnosticOf(one)], one.source, { color: true });
    const withoutStyles = colored.replaceAll(/\u001b\[[0-9;]*m/g, "");
    const trimmed = withoutStyles.split("\n").map((line) => line.trimEnd());
    assert.equal(trimmed.join("\n"), plain);
    assert.ok(colored.includes("\u001b[0m\u001b[1m"));
    assert.ok(colored.lastIndexOf("\u001b[0m") > colored.lastIndexOf("\u001b[3"));
  }
});

test("render() in colours marks what a primary label covers", () => {
  const diagnostic = diagnosticOf(cases[0]!);
  const red = "\u001b[0m\u001b[31m";
  const lines = render([diagnostic], brew, { color: true }).split("\n");
  assert.equal(
    lines[1],
    "\u001b[0m\u001b[1m\u001b[38;5;9merror[E300]\u001b[0m\u001b[1m: something is wrong\u001b[0m",
  );
  assert.ok(lines[4]?.endsWith(` tea = ${red}brew\u001b[0m(`));
  assert.ok(lines[5]?.endsWith(`       ${red}^^^^\u001b[0m ${red}let it cool\u001b[0m`));
});
