import { rmSync } from "node:fs";
import { join } from "node:path";
import { runtimePath } from "@plinth/process";
import type { CaseOptions, Outcome, TableCase } from "../case.ts";
import { accepting, Children } from "../children.ts";
import type { LoadReport } from "./client.ts";
import { type Contender, diskDirectory, findRivals, plinth } from "./contenders.ts";
import { churnFigure, largeFigures, loadFigures, type Rival, watchFigures } from "./figures.ts";
import { measureChurn, measureLarge } from "./lasting.ts";
import { load } from "./load.ts";
import type { Turn } from "../rounds.ts";
import { measureRows } from "./rows.ts";
import { describeLoad, fresh, measureTurn } from "./turn.ts";
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
export const store: TableCase = {
  name: "store",
  does: "plinth store serve beside etcd 3.4 and 3.5, one load generator for all: throughput, latency and the server's processor time per operation, each write synced; watchers; a million keys; a store that is overwritten for long. A contender runs alone, in alternating order; medians.",
  run: measure,
  rows: {
    title: "Store",
    notes: ["64 clients, etcd's API, every write on disk before it is answered"],
    measure: measureRows,
  },
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
        const kinds = { workloads, watches };
        const result = await measureTurn(contender, join(directory, "data"), { ...scale, ...kinds }, say);
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
