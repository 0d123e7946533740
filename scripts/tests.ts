/** Finds the test files: `x.test.ts` beside `x.ts` are unit tests; those in a folder "tests" of app drive whole processes. */
import { globSync } from "node:fs";

const WHOLE_SYSTEM = /^app\/(.*\/)?tests\//;

function tests(): string[] {
  return globSync(
    "{foundation,protocol,language,engine,control,app,examples,benchmarks,scripts}/**/*.test.ts",
    {
      exclude: (path) => path.includes("node_modules"),
    },
  ).sort();
}

export function unitTests(): string[] {
  return tests().filter((path) => !WHOLE_SYSTEM.test(path));
}

export function systemTests(): string[] {
  return tests().filter((path) => WHOLE_SYSTEM.test(path));
}
