import { mkdirSync, rmSync } from "node:fs";
import { Children } from "../children.ts";
import type { LoadReport } from "./client.ts";
import { type Contender, serving } from "./contenders.ts";
import { fill, load, watchLoad } from "./load.ts";
import type { Result, WatchWorkload, Workload } from "./workloads.ts";

export interface TurnScale {
  readonly keys: number;
  readonly warmSeconds: number;
  readonly seconds: number;
  readonly workloads: readonly Workload[];
  readonly watches: readonly WatchWorkload[];
}

/** Runs with a directory that is gone afterwards. */
export async function fresh<Measured>(
  directory: string,
  run: (directory: string) => Promise<Measured>,
): Promise<Measured> {
  mkdirSync(directory, { mode: 0o700 });
  try {
    return await run(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** One contender on a store of its own, from empty: the loads, then the watches. */
export async function measureTurn(
  contender: Contender,
  directory: string,
  { keys, warmSeconds, seconds, workloads, watches }: TurnScale,
  say: (line: string) => void,
): Promise<Result> {
  return fresh(directory, async () => {
    await using children = new Children();
    const pid = await serving(contender, children, directory);
    await fill(keys, pid);
    const result: Result = { loads: {}, watches: {} };
    for (const { name, operation, clients } of workloads) {
      const report = await load({ operation, clients, keys, warmSeconds, seconds, pid });
      result.loads[name] = report;
      say(`${contender.name}, ${name}: ${describeLoad(report)}`);
    }
    for (const watch of watches) {
      const report = await watchLoad(watch, { warmSeconds, seconds, pid });
      result.watches[watch.name] = report;
      say(
        `${contender.name}, ${watch.name}: ${report.delivered} of ${report.expected} events, ` +
          `p50 ${report.p50Ms.toFixed(1)} ms, p99 ${report.p99Ms.toFixed(1)} ms, ` +
          `${report.serverMicros.toFixed(0)} µs CPU per put (load ${report.clientMicros.toFixed(0)} µs)${foreign(report)}`,
      );
    }
    return result;
  });
}

export function describeLoad(report: LoadReport): string {
  const { perSecond, p50Ms, p99Ms, serverMicros, clientMicros } = report;
  return (
    `${perSecond.toFixed(0)}/s, p50 ${p50Ms.toFixed(2)} ms, p99 ${p99Ms.toFixed(2)} ms, ` +
    `${serverMicros.toFixed(1)} µs CPU (load ${clientMicros.toFixed(1)} µs)${foreign(report)}`
  );
}

/** Above this share of a core others were at work too. */
const FOREIGN_CORES_SAID = 0.1;

function foreign({ foreignCores }: { readonly foreignCores: number }): string {
  return foreignCores < FOREIGN_CORES_SAID ? "" : `; others used ${foreignCores.toFixed(2)} cores`;
}
