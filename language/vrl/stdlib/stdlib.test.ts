/** Every example and test that a function's file holds, and that it holds enough of them. `PLINTH_ONLY=a,b` limits it. */
import assert from "node:assert/strict";
import { globSync } from "node:fs";
import { basename } from "node:path";
import { suite, test } from "node:test";
import { runExample } from "../testing/run-test.ts";
import { testHost } from "./call-for-test.ts";
import type { Example, FunctionDefinition } from "./define.ts";
import { standardLibrary } from "./index.ts";

/** What a file of a function exports. */
interface FunctionFile {
  readonly examples: readonly Example[];
  readonly tests?: readonly Example[];
}

const PROGRAMS_MIN = 5;
const only = process.env["PLINTH_ONLY"]?.split(",");

const files = new Map(
  globSync("*.ts", { cwd: import.meta.dirname })
    .filter(
      (file) =>
        !file.includes(".test.") &&
        !["define", "host", "index", "call-for-test"].includes(basename(file, ".ts")),
    )
    .map((file) => [basename(file, ".ts").replaceAll("-", "_"), file]),
);

test("each function has a file of its name, and each file its function", () => {
  assert.deepEqual([...files.keys()].sort(), standardLibrary.map(({ name }) => name).sort());
});

for (const definition of standardLibrary) {
  if (only !== undefined && !only.includes(definition.name)) continue;
  suite(definition.name, async () => {
    const { examples, tests = [] } = (await import(`./${files.get(definition.name)!}`)) as FunctionFile;
    test("its file holds enough programs", () =>
      assert.ok(examples.length > 0 && examples.length + tests.length >= PROGRAMS_MIN));
    test("it is described", () => describe(definition));
    for (const example of [...examples, ...tests])
      test(example.title, () =>
        assert.equal(runExample(example, { functions: standardLibrary, host: testHost() }), undefined),
      );
  });
}

function describe({ usage, parameters }: FunctionDefinition): void {
  assert.match(usage, /^[^]*\.$/);
  for (const { name, description } of parameters) assert.match(description, /\w.*\.$/s, name);
}
