/** Finds the test files: `x.test.ts` beside `x.ts` are unit tests; those in app/tests drive whole processes. */
import { globSync } from "node:fs";

const WHOLE_SYSTEM = "app/tests/";

function tests(): string[] {
  return globSync(
    "{foundation,protocol,language,engine,control,app,examples,benchmarks,scripts}/**/*.test.ts",
    {
      exclude: (path) => path.includes("node_modules"),
    },
  ).sort();
}

export function unitTests(): string[] {
  return tests().filter((path) => !path.startsWith(WHOLE_SYSTEM));
}

export function systemTests(): string[] {
  return tests().filter((path) => path.startsWith(WHOLE_SYSTEM));
}
