import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { runtimePath } from "@plinth/process";
import type { CaseOptions, Figure, Outcome, TableCase } from "../case.ts";
import { alternate, medianOf, rawOf, type Turn } from "../rounds.ts";
import { coldCompilationMs, COMPILED_LINES, warmCompilationMs } from "./compilation.ts";
import { measureListed } from "./listed.ts";
import type { WorkerReport } from "./worker.ts";
import { workloads } from "./workloads.ts";

const WORKER = new URL("./worker.ts", import.meta.url).pathname;

/** Programs of 200 lines compile in these. */
const COLD_MS_MAX = 20;
const WARM_MS_MAX = 5;

/** Programs compiled to JavaScript beside JavaScript written by hand. */
export const vrl: TableCase = {
  name: "vrl",
  does: "VRL programs beside JavaScript by hand that does the same less exactly, each in a process of its own, on one core: events per second of processor time; and how long compiling takes.",
  run: measure,
  rows: {
    title: "VRL",
    notes: ["events a second of processor time; by hand: what one writes in JavaScript, exact or not"],
    measure: async ({ say }) => {
      const turns = await measureRates(ROWS, say);
      return { figures: rateFigures(turns), raw: { turns: rawOf(turns, nameOf) } };
    },
  },
};

interface Contender {
  readonly workload: number;
  readonly by: "vrl" | "hand";
}

type Turns = readonly Turn<Contender, WorkerReport>[];

interface Scale {
  readonly rounds: number;
  /** Of processor time. */
  readonly seconds: number;
}

const FULL: Scale = { rounds: 3, seconds: 10 };
const QUICK: Scale = { rounds: 1, seconds: 2 };
const ROWS: Scale = { rounds: 1, seconds: 1 };

const contenders: readonly Contender[] = workloads.flatMap((_, workload) => [
  { workload, by: "vrl" } as const,
  { workload, by: "hand" } as const,
]);

const nameOf = ({ workload, by }: Contender): string => `${workloads[workload]!.name}, ${by}`;

function measureRates({ rounds, seconds }: Scale, say: CaseOptions["say"]): Promise<Turns> {
  return alternate({
    contenders,
    rounds,
    measure: async ({ workload, by }: Contender): Promise<WorkerReport> => {
      const parameters = [WORKER, String(workload), by, String(seconds)];
      const { stdout } = await promisify(execFile)(runtimePath("node")!, parameters);
      return JSON.parse(stdout) as WorkerReport;
    },
    say,
    describe: (contender, { events, cpuSeconds }) =>
      `${nameOf(contender)}: ${Math.round(events / cpuSeconds)} events/s`,
  });
}

function rateFigures(turns: Turns): Figure[] {
  const rateOf = (contender: Contender): number =>
    medianOf(turns, contender, ({ events, cpuSeconds }) => events / cpuSeconds);
  return workloads.map(({ name, ratioMin, aim }, index) => ({
    name,
    aim: `${aim.toLocaleString("en")} events/s`,
    unit: "events/s",
    ours: rateOf(contenders[2 * index]!),
    rival: rateOf(contenders[2 * index + 1]!),
    rivalName: "by hand",
    rivalProgram: "JavaScript by hand",
    ratioMin,
  }));
}

async function measure({ quick, say }: CaseOptions): Promise<Outcome> {
  const turns = await measureRates(quick ? QUICK : FULL, say);
  const cold = await coldCompilationMs(quick ? 3 : 9);
  const warm = warmCompilationMs(quick ? 20 : 100);
  say(`${COMPILED_LINES} lines compile in ${cold.toFixed(1)} ms cold, ${warm.toFixed(1)} ms warm`);
  const listed = await measureListed(quick ? 2 : 50);
  for (const { name, runsPerSecond } of listed) say(`${name}: ${runsPerSecond} runs/s`);
  const compilation = (name: string, ours: number, limit: number): Figure => ({
    name: `${COMPILED_LINES} lines compiled ${name}`,
    unit: "ms",
    ours,
    rival: limit,
    rivalName: "limit",
    ratioMax: 1,
  });
  return {
    figures: [
      ...rateFigures(turns),
      compilation("cold", cold, COLD_MS_MAX),
      compilation("warm", warm, WARM_MS_MAX),
    ],
    raw: { turns: rawOf(turns, nameOf), cold, warm, listed },
  };
}
