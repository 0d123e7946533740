/**
 * `npm run bench [-- NAME...] [--json] [--quick]`: measures against rivals, prints a table, keeps raw results. With
 * `--quick` alone: one table of five parts in 90 seconds; `--keep` puts it into results/quick.json and the README.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { runtimePath } from "@plinth/process";
import { type Case, type Figure, missingIn, type Outcome, ratioOf, type TableCase } from "./case.ts";
import { containers } from "./containers/case.ts";
import { deploy } from "./deploy/case.ts";
import { fairness } from "./fairness/case.ts";
import { grpc } from "./grpc/case.ts";
import { host } from "./host/case.ts";
import { http1 } from "./http1/case.ts";
import { openloop } from "./openloop/case.ts";
import { scale } from "./scale/case.ts";
import { store } from "./store/case.ts";
import { stream } from "./stream/case.ts";
import { formatTable } from "./table/format.ts";
import { withTable } from "./table/readme.ts";
import { measureParts } from "./table/report.ts";
import { tls } from "./tls/case.ts";
import { unpack } from "./unpack/case.ts";
import { vrl } from "./vrl/case.ts";
import { describeMachine, machineName } from "./machine.ts";

const cases: readonly Case[] = [
  http1,
  tls,
  grpc,
  stream,
  host,
  deploy,
  openloop,
  scale,
  fairness,
  store,
  vrl,
  unpack,
  containers,
];

/** Those of the one table. */
const tableCases: readonly TableCase[] = [http1, store, containers, vrl, deploy];

const RESULTS = join(import.meta.dirname, "results");
const README = join(import.meta.dirname, "..", "README.md");

/** Debian keeps nginx, haproxy and runc where an ordinary user's shell does not look. */
process.env["PATH"] = `${process.env["PATH"] ?? ""}:/usr/sbin:/sbin`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: "boolean" }, quick: { type: "boolean" }, keep: { type: "boolean" } },
});

const unknown = positionals.filter((name) => !cases.some((known) => known.name === name));
if (unknown.length > 0) {
  console.error(
    `bench: no case "${unknown.join('", "')}"; there are ${cases.map(({ name }) => name).join(", ")}`,
  );
  process.exitCode = 2;
} else if (values.keep && (!values.quick || positionals.length > 0)) {
  console.error("bench: --keep goes with --quick and without names: whole runs are kept anyway");
  process.exitCode = 2;
} else if (values.quick && positionals.length === 0) {
  await printTable();
} else {
  await benchmark(cases.filter(({ name }) => positionals.length === 0 || positionals.includes(name)));
}

async function printTable(): Promise<void> {
  const say = (line: string): void => console.error(line);
  const report = await measureParts(tableCases, describeMachine(runtimePath("bun")), say);
  console.log(values.json ? JSON.stringify(report, undefined, 2) : `\n${formatTable(report)}`);
  const isWhole = report.parts.every(({ failure }) => failure === undefined);
  if (!isWhole) process.exitCode = 1;
  if (!values.keep) return;
  if (!isWhole) {
    console.error("bench: not kept: a part failed, as the table says; the last run is still in the README");
    return;
  }
  const path = join(RESULTS, "quick.json");
  writeFileSync(path, `${JSON.stringify(report, undefined, 2)}\n`);
  writeFileSync(README, withTable(readFileSync(README, "utf8"), report));
  console.error(`kept in ${path} and ${README}`);
}

async function benchmark(chosen: readonly Case[]): Promise<void> {
  const machine = describeMachine(runtimePath("bun"));
  const quick = values.quick ?? false;
  const results: { case: string; does: string; figures: readonly Figure[]; raw: unknown }[] = [];
  for (const chosenCase of chosen) {
    const { name, does } = chosenCase;
    console.error(`\n${name}: ${does}`);
    const directory = mkdtempSync(join(tmpdir(), `plinth-bench-${name}-`));
    let outcome: Outcome;
    try {
      outcome = await chosenCase.run({ quick, directory, say: (line) => console.error(`  ${line}`) });
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
    results.push({ case: name, does, figures: outcome.figures, raw: outcome.raw });
    if (!values.json) console.log(table(name, outcome));
  }
  const report = {
    takenAt: new Date().toISOString(),
    quick,
    command: process.argv.slice(2).join(" "),
    machine,
    results,
  };
  if (values.json) console.log(JSON.stringify(report, undefined, 2));
  if (quick) return;
  const folder = join(RESULTS, `${report.takenAt.slice(0, 10)}-${machineName(machine)}`);
  mkdirSync(folder, { recursive: true });
  for (const result of results) {
    const path = join(folder, `${result.case}.json`);
    writeFileSync(path, `${JSON.stringify({ ...report, results: [result] }, undefined, 2)}\n`);
    console.error(`kept in ${path}`);
  }
}

function table(name: string, outcome: Outcome): string {
  const lines = [name];
  const missing = missingIn(outcome);
  if (missing.length > 0) lines.push(`  not measured: ${missing.join(" and ")} not installed`);
  for (const figure of outcome.figures) {
    const { outOf, aim } = figure;
    const of = outOf === undefined ? "" : ` of ${outOf.ours} and ${outOf.rival ?? 0}`;
    const what = `  ${figure.name}${of}${aim === undefined ? "" : ` (aim ${aim})`}`;
    const ours = `ours ${figure.ours.toFixed(2)} ${figure.unit}`;
    const ratio = ratioOf(figure);
    if (figure.rival === undefined || ratio === undefined) {
      lines.push(`${what}: ${ours}; ${figure.missing ?? figure.rivalName} is missing`);
      continue;
    }
    const { ratioMin, ratioMax = Number.POSITIVE_INFINITY } = figure;
    const holds = ratioMin === undefined ? ratio <= ratioMax : ratio >= ratioMin;
    const must = ratioMin === undefined ? `at most ${ratioMax}` : `at least ${ratioMin}`;
    const isFree = ratioMin === undefined && ratioMax === Number.POSITIVE_INFINITY;
    lines.push(
      `${what}: ${ours}, ${figure.rivalName} ${figure.rival.toFixed(2)}, ratio ${ratio.toFixed(2)}` +
        (isFree ? "" : `, must be ${must}: ${holds ? "holds" : "DOES NOT HOLD"}`),
    );
  }
  return lines.join("\n");
}
