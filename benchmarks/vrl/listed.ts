/**
 * What VRL's and Vector's own micro-benchmarks measure, with programs of ours: every function by its first example, and
 * three small remaps. They are listed; there is nothing to compare them with.
 */
import { compile, type Example, standardLibrary, type VrlObject } from "@plinth/vrl";
import { testHost } from "@plinth/vrl/testing";

export interface Listed {
  readonly name: string;
  readonly runsPerSecond: number;
}

const BATCH = 200;

const FUNCTION_FILES = new URL("../../language/vrl/stdlib/", import.meta.url);

/** As Vector names them. */
const remaps: readonly (readonly [name: string, source: string, event: () => VrlObject])[] = [
  ["remap: add_fields", `.team = "web"\n.shard = 7\n.copy = string!(.origin)`, () => ({ origin: "edge" })],
  [
    "remap: parse_json",
    ".parsed = parse_json!(string!(.message))",
    () => ({ message: '{"key": "value", "n": 1}' }),
  ],
  [
    "remap: coerce",
    `.n = to_int!(.n)\n.b = to_bool!(.b)\n.t = parse_timestamp!(.t, "%d/%m/%Y:%H:%M:%S %z")`,
    () => ({ n: "1234", b: "yes", t: "19/06/2026:17:20:49 -0400" }),
  ],
];

export async function measureListed(millisecondsEach: number): Promise<Listed[]> {
  const listed = remaps.map(([name, source, event]) => measure(name, source, event, millisecondsEach));
  for (const { name } of standardLibrary) {
    const file = new URL(`${name.replaceAll("_", "-")}.ts`, FUNCTION_FILES);
    const { examples } = (await import(file.href)) as { examples: readonly Example[] };
    const example = examples.find(
      ({ error, isCompiledOnly }) => error === undefined && isCompiledOnly !== true,
    );
    if (example === undefined) continue;
    const input = example.input ?? "{}";
    listed.push(measure(name, example.source, () => JSON.parse(input) as VrlObject, millisecondsEach));
  }
  return listed.flatMap((each) => (each === undefined ? [] : [each]));
}

function measure(
  name: string,
  source: string,
  event: () => VrlObject,
  milliseconds: number,
): Listed | undefined {
  const { program } = compile(source, { functions: standardLibrary, host: testHost() });
  if (program === undefined) return undefined;
  let [runs, seconds] = [0, 0];
  while (seconds * 1000 < milliseconds) {
    const targets = Array.from({ length: BATCH }, () => ({ event: event(), metadata: {} }));
    const before = process.cpuUsage();
    for (const target of targets) program.run(target);
    const { user, system } = process.cpuUsage(before);
    seconds += (user + system) / 1e6;
    runs += BATCH;
  }
  return { name, runsPerSecond: Math.round(runs / seconds) };
}
