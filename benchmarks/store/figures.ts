import type { Figure } from "../case.ts";
import { medianOf, type Turn } from "../rounds.ts";
import { type Contender, plinth } from "./contenders.ts";
import type { ChurnReport, LargeReport } from "./lasting.ts";
import { type Goal, type Result, watches, workloads } from "./workloads.ts";

const WATCH_P99_MAX_MS = 100;
const LARGE_START_MAX_S = 5;
const LARGE_RESIDENT_MAX_MIB = 600;
/** Room for what a file's pages happen to hold. */
const CHURN_GROWTH_MAX = 1.05;

type Turns = readonly Turn<Contender, Result>[];

export interface Rival {
  readonly name: keyof Goal;
  /** Undefined where it is not installed. */
  readonly contender: Contender | undefined;
}

/** A figure of ours and a rival's, by medians. */
function compared(
  turns: Turns,
  { name: rivalName, contender }: Rival,
  figure: (result: Result) => number,
): Pick<Figure, "ours" | "rival" | "rivalName"> {
  const rival = contender === undefined ? undefined : medianOf(turns, contender, figure);
  return { ours: medianOf(turns, plinth, figure), rival, rivalName };
}

export function loadFigures(turns: Turns, rivals: readonly Rival[]): Figure[] {
  const figures: Figure[] = [];
  for (const { name, operation, clients, atLeast } of workloads) {
    for (const rival of rivals) {
      figures.push({
        name,
        unit: "operations/s",
        ...compared(turns, rival, ({ loads }) => loads[name]!.perSecond),
        ratioMin: atLeast[rival.name],
      });
      if (operation !== "put" || clients === 1 || rival.name !== "etcd 3.4") continue;
      figures.push({
        name: `${name}, 99th percentile`,
        unit: "ms",
        ...compared(turns, rival, ({ loads }) => loads[name]!.p99Ms),
        ratioMax: 1,
      });
    }
  }
  return figures;
}

export function watchFigures(turns: Turns, rivals: readonly Rival[]): Figure[] {
  const figures: Figure[] = [];
  for (const { name } of watches) {
    figures.push(
      {
        name: `${name}, delivered`,
        unit: "%",
        ours: medianOf(turns, plinth, ({ watches: each }) => {
          const { delivered, expected } = each[name]!;
          return (delivered / expected) * 100;
        }),
        rival: 100,
        rivalName: "limit",
        ratioMin: 1,
      },
      limit(
        `${name}, 99th percentile`,
        "ms",
        medianOf(turns, plinth, (result) => result.watches[name]!.p99Ms),
        WATCH_P99_MAX_MS,
      ),
    );
    for (const rival of rivals) {
      figures.push({
        name: `${name}, server`,
        unit: "µs CPU per put",
        ...compared(turns, rival, (result) => result.watches[name]!.serverMicros),
        ratioMax: 1,
      });
    }
  }
  return figures;
}

export function largeFigures({ keys, startSeconds, residentMib }: LargeReport): Figure[] {
  const name = `${keys.toLocaleString("en")} keys`;
  return [
    limit(`${name}, first answer after the start`, "s", startSeconds, LARGE_START_MAX_S),
    limit(`${name}, resident`, "MiB", residentMib, LARGE_RESIDENT_MAX_MIB),
  ];
}

/** The largest the file ever was, beside the largest of the first half: it reaches its size and stays there. */
export function churnFigure({ keys, diskMib }: ChurnReport): Figure {
  const firstHalf = diskMib.slice(0, Math.ceil(diskMib.length / 2));
  return {
    name: `${keys.toLocaleString("en")} keys overwritten ${diskMib.length} times, on disk`,
    unit: "MiB",
    ours: Math.max(...diskMib),
    rival: Math.max(...firstHalf),
    rivalName: "the first half",
    ratioMax: CHURN_GROWTH_MAX,
  };
}

function limit(name: string, unit: string, ours: number, most: number): Figure {
  return { name, unit, ours, rival: most, rivalName: "limit", ratioMax: 1 };
}
