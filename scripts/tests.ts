/** Finds the test files. Those of the `app` layer drive whole programs; all others are unit tests. */
import { globSync } from "node:fs";

function tests(pattern: string): string[] {
  return globSync(`${pattern}/**/*.test.ts`, { exclude: (path) => path.includes("node_modules") }).sort();
}

/** What `npm run check` runs. */
export function unitTests(): string[] {
  return tests("{foundation,protocol,language,engine,control,examples,benchmarks,scripts}");
}

/** One program at a time. */
export function programTests(): string[] {
  return tests("app/!(tests)");
}

/** Whole systems under load and fault. */
export function systemTests(): string[] {
  return tests("app/tests");
}
