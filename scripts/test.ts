/** `npm test`: set-up, static checks, then every test; ends in the line "N passed, N failed". */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { run } from "node:test";
import { spec } from "node:test/reporters";
import { parseArgs } from "node:util";
import { buildDashboard } from "./dashboard-build.ts";
import { installDebianPackages } from "./debian-packages.ts";
import { staticChecks } from "./static-checks.ts";
import {
  computingTests,
  programTests,
  systemTests,
  TOGETHER,
  UNIT_TESTS_AT_ONCE,
  unitTests,
} from "./tests.ts";

const { values, positionals } = parseArgs({
  options: { soak: { type: "boolean", default: false } },
  allowPositionals: true,
});

/** Rounds of kill-and-look tests: enough in `npm test` to meet the usual bug, in a soak to meet the rare one. */
const rounds = values.soak ? "200" : "4";
process.env["PLINTH_ROUNDS"] ??= rounds;
if (values.soak) process.env["PLINTH_SOAK"] = "1";
// Some 250 files of tests are a process each, and load much of the same code: the first that does compiles it for all.
process.env["NODE_COMPILE_CACHE"] ??= join(import.meta.dirname, "../node_modules/.cache/plinth-tests");

let passed = 0;
let failed = 0;
const skipped: string[] = [];

/** A test that has not ended by then hangs: the longest takes a fraction of it, soaks are told to take their time. */
const TEST_TIMEOUT_MS = values.soak ? 3_600_000 : 240_000;

/** Files that say nothing for this long have tests that ended and something that did not: a leak, told as failed. */
const STALL_MS = TEST_TIMEOUT_MS + 60_000;

type Say = (text: string) => void;

const say: Say = (text) => void process.stdout.write(text);

interface Way {
  readonly concurrency: number;
  /** All in one process. */
  readonly together?: boolean;
  readonly tell?: Say;
}

async function runTests(
  files: readonly string[],
  { concurrency, together = false, tell = say }: Way,
): Promise<void> {
  if (files.length === 0) return;
  const stalled = new AbortController();
  const watch = setTimeout(() => stalled.abort(new Error("tests have stalled")), STALL_MS);
  const stream = run({
    ...(together ? { files: [TOGETHER], argv: [...files] } : { files: [...files] }),
    concurrency,
    timeout: TEST_TIMEOUT_MS,
    signal: stalled.signal,
  });
  stream.on("test:start", () => watch.refresh());
  stream.on("test:pass", ({ name, skip, details }) => {
    if (details.type === "suite") return;
    if (skip === undefined || skip === false) passed++;
    else skipped.push(typeof skip === "string" ? `${name} (${skip})` : name);
  });
  stream.on("test:fail", ({ details }) => {
    if (details.type !== "suite") failed++;
  });
  const shown = stream.compose(spec);
  for await (const text of shown) tell(text as string);
  clearTimeout(watch);
  if (stalled.signal.aborted) failed++;
}

const chosen = (files: string[]): string[] =>
  positionals.length === 0 ? files : files.filter((file) => positionals.some((part) => file.includes(part)));

// Packages wait for the network and the disk, checks compute.
const packages = installDebianPackages();
if (positionals.length === 0) {
  for (const [name, command, ...parameters] of staticChecks) {
    const [status] = await once(spawn(command, parameters, { stdio: "inherit" }), "close");
    if (status === 0) passed++;
    else failed++;
    console.log(`${status === 0 ? "✔" : "✖"} ${name}`);
  }
}
await packages;
if (!buildDashboard()) failed++;
// What is told later cannot be read among what is told at the same time.
const later: string[] = [];
const tell: Say = (text) => void later.push(text);
await Promise.all([
  runTests(chosen([...unitTests(), ...programTests()]), { concurrency: UNIT_TESTS_AT_ONCE }),
  runTests(chosen(computingTests()), { concurrency: 1, together: true, tell }),
]);
const [lane = [], ...others] = systemTests();
await Promise.all([
  runTests(chosen(lane), { concurrency: 1 }),
  ...others.map((files) => runTests(chosen(files), { concurrency: 1, tell })),
]);
say(later.join(""));

for (const name of skipped) console.log(`skipped: ${name}`);
console.log(`${passed} passed, ${failed} failed`);
if (failed > 0 || passed === 0) process.exitCode = 1;
