import { rmSync } from "node:fs";
import { join } from "node:path";
import type { CaseOptions, Figure, Outcome } from "../case.ts";
import { alternate, medianOf, rawOf } from "../rounds.ts";
import { anyEtcd, type Contender, diskDirectory, plinth } from "./contenders.ts";
import { measureTurn, type TurnScale } from "./turn.ts";
import { type Result, workloads } from "./workloads.ts";

/** What each is called in the one table. */
const NAMES = [
  { workload: "put, 64 clients", rate: "writes", unit: "per second", cost: "µs CPU per write" },
  { workload: "get, 64 clients", rate: "reads", unit: "per second", cost: "µs CPU per read" },
] as const;

const ROUNDS = 2;
const SCALE: TurnScale = {
  keys: 10_000,
  warmSeconds: 0.5,
  seconds: 1,
  workloads: workloads.filter(({ name }) => NAMES.some(({ workload }) => workload === name)),
  watches: [],
};

/** Writes and reads, beside the newest etcd that is here. */
export async function measureRows({ say }: Omit<CaseOptions, "quick">): Promise<Outcome> {
  const rival = anyEtcd();
  const directory = diskDirectory();
  try {
    const contenders = [plinth, ...(rival === undefined ? [] : [rival.contender])];
    const turns = await alternate({
      contenders,
      rounds: ROUNDS,
      measure: (contender: Contender) => measureTurn(contender, join(directory, "data"), SCALE, say),
      say: () => {}, // each load has said it
      describe: () => "",
    });
    const compared = (figure: (result: Result) => number) => ({
      ours: medianOf(turns, plinth, figure),
      rival: rival && medianOf(turns, rival.contender, figure),
      rivalName: "etcd",
      rivalProgram: rival && `etcd ${rival.version}`,
    });
    const figures = NAMES.flatMap(({ workload, rate, unit, cost }): Figure[] => [
      { name: rate, unit, ...compared(({ loads }) => loads[workload]!.perSecond), ratioMin: 1 },
      { name: rate, unit: cost, ...compared(({ loads }) => loads[workload]!.serverMicros), ratioMax: 1 },
    ]);
    return { figures, raw: { scale: SCALE, turns: rawOf(turns, ({ name }) => name) } };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
