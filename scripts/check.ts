/** `npm run check`: static checks, then unit tests; stops at the first that fails. */
import { spawnSync } from "node:child_process";
import { staticChecks } from "./static-checks.ts";
import { computingTests, TOGETHER, UNIT_TESTS_AT_ONCE, unitTests } from "./tests.ts";

const testFlags = ["--test-reporter=dot", "--test-timeout=60000"];
const steps: typeof staticChecks = [
  ...staticChecks,
  // Of a file run without `--test` nobody else makes an end when a test of it hangs.
  ["computing tests", process.execPath, "--test-force-exit", ...testFlags, TOGETHER, ...computingTests()],
  [
    "unit tests",
    process.execPath,
    "--test",
    ...testFlags,
    `--test-concurrency=${UNIT_TESTS_AT_ONCE}`,
    ...unitTests(),
  ],
];

for (const [name, command, ...parameters] of steps) {
  const startMs = performance.now();
  const { status, error } = spawnSync(command, parameters, { stdio: "inherit" });
  const seconds = ((performance.now() - startMs) / 1000).toFixed(1);
  if (status !== 0) {
    console.error(`check: ${name} failed after ${seconds} s${error ? `: ${error.message}` : ""}`);
    process.exitCode = 1;
    break;
  }
  console.error(`check: ${name} ok (${seconds} s)`);
}
