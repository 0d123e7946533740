import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { runtimePath } from "@plinth/process";
import type { Case, CaseOptions, Outcome } from "../case.ts";
import { accepting, Children } from "../children.ts";
import type { LoadReport } from "./client.ts";
import { type Contender, diskDirectory, findRivals, plinth, serving } from "./contenders.ts";
import { churnFigure, largeFigures, loadFigures, type Rival, watchFigures } from "./figures.ts";
import { measureChurn, measureLarge } from "./lasting.ts";
import { fill, load, watchLoad } from "./load.ts";
import type { Turn } from "../rounds.ts";
import { type Result, watches, workloads } from "./workloads.ts";

const CANNED: string = new URL("./canned.ts", import.meta.url).pathname;
const CANNED_PORT = 27_902;

interface Scale {
  readonly rounds: number;
  readonly keys: number;
  readonly warmSeconds: number;
  readonly seconds: number;
  readonly largeKeys: number;
  readonly churnCycles: number;
}

const FULL: Scale = {
  rounds: 3,
  keys: 20_000,
  warmSeconds: 2,
  seconds: 10,
  largeKeys: 1_000_000,
  churnCycles: 40,
};
const QUICK: Scale = {
  rounds: 1,
  keys: 20_000,
  warmSeconds: 0.2,
  seconds: 0.5,
  largeKeys: 20_000,
  churnCycles: 4,
};

/** etcd's API beside etcd. */
export const store: Case = {
  name: "store",
  does: "plinth store serve beside etcd 3.4 and 3.5, one load generator for all: throughput, latency and the server's processor time per operation, each write synced; watchers; a million keys; a store that is overwritten for long. A contender runs alone, in alternating order; medians.",
  run: measure,
};

async function measure({ quick, say }: CaseOptions): Promise<Outcome> {
  const scale = quick ? QUICK : FULL;
  const { etcd34, etcd35, versions } = findRivals(say);
  const directory = diskDirectory();
  try {
    const ceiling = await measureCeiling(scale);
    say(`the load alone: ${describeLoad(ceiling)}`);
    const contenders = [plinth, etcd34, etcd35].filter((each) => each !== undefined);
    const turns: Turn<Contender, Result>[] = [];
    for (let round = 0; round < scale.rounds; round++) {
      for (const contender of round % 2 === 0 ? contenders : contenders.toReversed()) {
        const result = await measureContender(contender, join(directory, "data"), scale, say);
        turns.push({ contender, result });
      }
    }
    const large = await fresh(join(directory, "large"), (path) => measureLarge(path, scale.largeKeys));
    say(
      `plinth with ${large.keys} keys: starts in ${large.startSeconds.toFixed(2)} s, ` +
        `${large.residentMib.toFixed(0)} MiB resident, ${large.diskMib.toFixed(0)} MiB on disk`,
    );
    const churn = await fresh(join(directory, "churn"), (path) =>
      measureChurn(path, scale.keys, scale.churnCycles),
    );
    say(`plinth overwritten: ${churn.diskMib.map((each) => each.toFixed(0)).join(" ")} MiB on disk`);
    const rivals: readonly Rival[] = [
      { name: "etcd 3.4", contender: etcd34 },
      { name: "etcd 3.5", contender: etcd35 },
    ];
    return {
      figures: [
        ...loadFigures(turns, rivals),
        ...watchFigures(turns, rivals),
        ...largeFigures(large),
        churnFigure(churn),
      ],
      raw: {
        versions,
        scale,
        ceiling,
        rounds: turns.map(({ contender, result }) => ({ contender: contender.name, ...result })),
        large,
        churn,
      },
    };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Runs with a directory that is gone afterwards. */
async function fresh<Measured>(
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

/** What the load reaches where the server costs nothing. */
async function measureCeiling({ keys, warmSeconds, seconds }: Scale): Promise<LoadReport> {
  await using children = new Children();
  const pid = children.start(runtimePath("node")!, CANNED, `--port=${CANNED_PORT}`).pid!;
  await accepting(CANNED_PORT);
  return await load({
    operation: "get",
    clients: 64,
    keys,
    warmSeconds,
    seconds: Math.min(seconds, 3),
    pid,
    port: CANNED_PORT,
    unchecked: true,
  });
}

async function measureContender(
  contender: Contender,
  directory: string,
  scale: Scale,
  say: (line: string) => void,
): Promise<Result> {
  const { keys, warmSeconds, seconds } = scale;
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

function describeLoad(report: LoadReport): string {
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
