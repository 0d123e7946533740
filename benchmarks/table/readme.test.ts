import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { formatTable } from "./format.ts";
import { withTable } from "./readme.ts";
import type { Report } from "./report.ts";

/** What fits beside the pages of repositories, and into terminals of old. */
const WIDTH_MAX = 100;

const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
const report = JSON.parse(readFileSync(new URL("../results/quick.json", import.meta.url), "utf8")) as Report;

test("README.md shows the run that benchmarks/results/quick.json holds", () => {
  assert.equal(readme, withTable(readme, report), "run: npm run bench -- --quick --keep");
});

test("the table is no wider than a page", () => {
  for (const line of formatTable(report).split("\n")) assert.ok(line.length <= WIDTH_MAX, line);
});

test("withTable() puts one table into another's place and leaves the rest alone", () => {
  const other = withTable(readme, { ...report, takenAt: "2031-02-03T04:05:06.789Z" });
  assert.match(other, /2031-02-03/);
  assert.equal(withTable(other, report), readme);
});

test("withTable() refuses a text that has no place for it", () => {
  assert.throws(() => withTable("# Plinth\n", report), /the lines ".*" and ".*" are not in it/);
});
