/**
 * Programs of all sorts are run, and what comes of them must be of the types the checker told. `PLINTH_SOAK=1`: very many,
 * which also meets a value that is changed after it was taken.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { compile } from "../compile.ts";
import { parse } from "../parser/parse.ts";
import type { VrlObject } from "../runtime/value.ts";
import { array } from "../stdlib/array.ts";
import { testHost } from "../stdlib/call-for-test.ts";
import { del } from "../stdlib/del.ts";
import { filter } from "../stdlib/filter.ts";
import { forEach } from "../stdlib/for-each.ts";
import { mapValues } from "../stdlib/map-values.ts";
import { push } from "../stdlib/push.ts";
import { toInt } from "../stdlib/to-int.ts";
import { check } from "./check.ts";
import { isOf } from "./membership-for-test.ts";

const RUNS = process.env["PLINTH_SOAK"] === "1" ? 100_000 : 100;

const functions = [array, del, filter, forEach, mapValues, push, toInt];
const options = { functions, host: testHost(), timezone: "UTC" };

const segments = fc.array(fc.constantFrom(".a", ".b", "[0]", "[1]", "[-1]", "[-2]"), {
  minLength: 1,
  maxLength: 2,
});
const paths = fc.tuple(fc.constantFrom("x", "y", ""), segments).map(([root, [first = "", ...rest]]) => {
  const begin = root === "" && first.startsWith("[") ? ".a" : root;
  return begin + first + rest.join("");
});
const places = fc.oneof(fc.constantFrom("x", "y", "z", "."), paths);

type Pieces = { readonly value: string; readonly statement: string; readonly block: string };

const pieces = fc.letrec<Pieces>((tie) => {
  const value = tie("value");
  const block = tie("block");
  return {
    value: fc.oneof(
      { maxDepth: 3 },
      fc.constantFrom("1", "2.5", '"s"', "null", "true", "[]", "{}", "[1, 2]", '{ "a": 1 }'),
      places,
      fc
        .tuple(value, fc.constantFrom("+", "-", "*", "/", "||", "&&", "==", "<", "|", "??"), value)
        .map(([left, operator, right]) => `(${left} ${operator} ${right})`),
      fc
        .tuple(value, fc.constantFrom("+", "*", "||", "&&"), value, value)
        .map(([left, operator, right, other]) => `((${left} ${operator} ${right}) ?? ${other})`),
      fc.tuple(value, value).map(([left, right]) => `[${left}, ${right}]`),
      fc.tuple(value, value).map(([left, right]) => `{ "a": ${left}, "b": ${right} }`),
      value.map((argument) => `to_int!(${argument})`),
      fc.tuple(value, value).map(([list, item]) => `push!(${list}, ${item})`),
      fc.tuple(paths, fc.boolean()).map(([path, compact]) => `del(${path}, compact: ${compact})`),
      fc.tuple(places, value).map(([place, assigned]) => `(${place} = ${assigned})`),
      fc.tuple(value, block).map(([list, body]) => `map_values(array!(${list})) -> |v| { ${body} }`),
      fc.tuple(value, block).map(([list, body]) => `filter(array!(${list})) -> |_k, v| { ${body}; v == 1 }`),
    ),
    statement: fc.oneof(
      { maxDepth: 3 },
      fc.tuple(places, value).map(([place, assigned]) => `${place} = ${assigned}`),
      fc.tuple(places, places, value).map(([ok, error, tried]) => `${ok}, ${error} = ${tried}`),
      fc.tuple(places, value).map(([place, merged]) => `${place} |= ${merged}`),
      fc.tuple(value, block, block).map(([left, yes, no]) => `if ${left} == 1 { ${yes} } else { ${no} }`),
      fc.tuple(value, block).map(([list, body]) => `for_each(array!(${list})) -> |i, v| { ${body} }`),
      block.map((body) => `{ ${body} } ?? 1`),
      value,
    ),
    block: fc
      .array(tie("statement"), { minLength: 1, maxLength: 3 })
      .map((statements) => statements.join("; ")),
  };
});

const events = fc.constantFrom<VrlObject[]>(
  {},
  { a: 1, b: "s" },
  { a: [1, "t", { a: 2 }], b: { a: 1, b: [2.5] } },
  { a: { b: { a: 3 } }, b: [[], {}] },
);

/** Those of the statements, one after the other, that the checker has nothing against. */
function rightOf(statements: readonly string[]): string {
  let source = "x = .a\ny = .b\nz = null\n";
  for (const statement of statements) {
    const longer = `${source}${statement}\n`;
    const { program, diagnostics } = parse(longer);
    if (diagnostics.length === 0 && check(program, options).checked !== undefined) source = longer;
  }
  return source;
}

function holds(source: string, given: VrlObject): void {
  const { program } = compile(source, options);
  const target = { event: structuredClone(given), metadata: {} };
  const outcome = program!.run(target);
  if (!("value" in outcome)) return;
  const { result, event } = program!.types;
  assert.ok(isOf(outcome.value, result.kind.read), `${source} yields ${result.kind.toString()}`);
  assert.ok(isOf(target.event, event), `${source} leaves ${event.toString()}`);
}

test("types hold whatever a program does", () => {
  const statements = fc.array(pieces.statement, { minLength: 10, maxLength: 25 });
  fc.assert(fc.property(statements.map(rightOf), events, holds), { numRuns: RUNS });
});

test("types hold where something fails between two changes", () => {
  for (const source of [
    "{ ((. = [1, 1]) + 1); . = {}; to_int(.x) } ?? 1",
    "{ . = [1]; [to_int({})]; . = {}; 1 } ?? 1",
    "x, err = { (. = [1]) + 1; . = {}; 1 }",
    'x, err = { .a = 1; [to_int({})]; .a = "s" }',
    'x = 1; x, err = { x = "s"; [to_int({})]; x = 1.5 }; .x = x',
    ".b = 1; { del(.b); [to_int({})]; .b = 2 } ?? 1",
    ". = [[], 1]; { .[0] = 1; [to_int({})]; .[-2] = {} } ?? 1",
  ])
    holds(source, {});
});
