/**
 * `npm run vrl:conformance -- DIR`: runs every `.vrl` file below DIR in the format of `language/vrl/testing/test-file.ts`
 * and tells which fail. Files that programs name are read from the present directory.
 */
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { standardLibrary } from "@plinth/vrl";
import { readTestFile, runTestFile, testHost } from "@plinth/vrl/testing";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { quiet: { type: "boolean", default: false }, only: { type: "string", default: "" } },
});
const [directory] = positionals;
if (directory === undefined) {
  console.error("usage: npm run vrl:conformance -- DIR [--quiet] [--only PART-OF-PATH]");
  process.exit(2);
}

const secrets = new Map([
  ["my_secret", "secret value"],
  ["datadog_api_key", "secret value"],
]);
const host = testHost({
  readFile: (path) => new Uint8Array(readFileSync(path)),
  hostname: () => "localhost",
  environmentVariable: (name) => process.env[name],
  log: () => {},
  secrets: {
    get: (name) => secrets.get(name),
    set: (name, secret) => void secrets.set(name, secret),
    remove: (name) => void secrets.delete(name),
  },
});

let [passed, failed] = [0, 0];
for (const path of globSync("**/*.vrl", { cwd: directory }).sort()) {
  if (!path.includes(values.only)) continue;
  const problem = problemOf(join(directory, path));
  if (problem === undefined) passed++;
  else {
    failed++;
    console.log(values.quiet ? `FAILED ${path}` : `FAILED ${path}\n${problem}\n`);
  }
}
console.log(`${passed} passed, ${failed} failed`);
if (failed > 0) process.exitCode = 1;

function problemOf(path: string): string | undefined {
  try {
    return runTestFile(readTestFile(readFileSync(path, "utf8")), { functions: standardLibrary, host });
  } catch (error) {
    return `the library threw: ${error instanceof Error ? error.stack : String(error)}`;
  }
}
