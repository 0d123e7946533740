/** The language's test files: many programs to a file, divided by lines of `#---`. `PLINTH_ONLY` limits them. */
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import { standardLibrary } from "./stdlib/index.ts";
import { testHost } from "./stdlib/call-for-test.ts";
import { readTestFile } from "./testing/test-file.ts";
import { runTestFile } from "./testing/run-test.ts";

const directory = join(import.meta.dirname, "tests");
const only = process.env["PLINTH_ONLY"] ?? "";

for (const path of globSync("**/*.vrl", { cwd: directory }).sort()) {
  if (!path.includes(only)) continue;
  suite(path, () => {
    for (const [index, text] of readFileSync(join(directory, path), "utf8").split("#---\n").entries()) {
      const file = readTestFile(text);
      test(`${index + 1}: ${file.source.trim().split("\n")[0] ?? ""}`, () =>
        assert.equal(runTestFile(file, { functions: standardLibrary, host: testHost() }), undefined));
    }
  });
}
