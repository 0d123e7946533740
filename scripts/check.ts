/** `npm run check`: format, lint, types, layer order and unit tests; stops at the first that fails. */
import { spawnSync } from "node:child_process";
import { unitTests } from "./tests.ts";

const steps: readonly (readonly [name: string, command: string, ...parameters: string[]])[] = [
  ["format", "oxfmt", "--check", "."],
  ["lint", "oxlint", "--type-aware", "--deny-warnings"],
  ["types", "tsc", "-p", "."],
  ["dashboard types", "tsc", "-p", "app/dashboard"],
  ["tidy", process.execPath, "scripts/tidy.ts"],
  ["dead code", "knip", "--no-config-hints"],
  ["unit tests", process.execPath, "--test", "--test-reporter=dot", ...unitTests()],
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
