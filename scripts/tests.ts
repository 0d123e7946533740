/** Finds the test files. Those of the `app` layer drive whole programs; all others are unit tests. */
import { globSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";

/** Most unit tests wait for processes and sockets: more at once than there are cores. The runner's own choice is one fewer. */
export const UNIT_TESTS_AT_ONCE: number = availableParallelism() + 1;

function tests(pattern: string): string[] {
  return globSync(`${pattern}/**/*.test.ts`, { exclude: (path) => path.includes("node_modules") }).sort();
}

/** Tests that only compute: in one process, since to start one for each file costs as much as they do. */
export function computingTests(): string[] {
  return tests("language");
}

/** Imports the test files that are its arguments. */
export const TOGETHER: string = join(import.meta.dirname, "together.ts");

/** What `npm run check` runs, beside those that only compute. */
export function unitTests(): string[] {
  return tests("{foundation,protocol,engine,control,examples,benchmarks,scripts}");
}

/**
 * Tests that wait more than they work, and that hold no port, bridge or process of this machine against others: systems
 * on machines of namespaces, those that only look, what comes to nothing, and a page in a browser.
 */
const SECOND_LANE: ReadonlySet<string> = new Set([
  ...[
    "hosts",
    "backup",
    "bad-input",
    "broken-release",
    "documents",
    "install",
    "rootless",
    "routes",
    "secrets",
    "seeing",
    "store-in-etcd",
  ].map((name) => `app/tests/${name}.test.ts`),
  "app/playground/playground.test.ts",
]);

/** One program at a time. */
export function programTests(): string[] {
  return tests("app/!(tests)").filter((file) => !SECOND_LANE.has(file));
}

/**
 * Whole systems under load and fault, in lanes. The systems of one lane share ports and the claims of this machine: one
 * at a time. What is in another lane may run beside them.
 */
export function systemTests(): string[][] {
  const files = tests("app/{tests,playground}");
  return [
    files.filter((file) => file.startsWith("app/tests/") && !SECOND_LANE.has(file)),
    files.filter((file) => SECOND_LANE.has(file)),
  ];
}
