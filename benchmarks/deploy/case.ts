import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { type CaseOptions, type Figure, median, type Outcome, type TableCase } from "../case.ts";
import { isInstalled, programVersion } from "../programs.ts";
import { alternate, rawOf, type Turn } from "../rounds.ts";
import type { Contender } from "./contender.ts";
import { type DeployReport, type DeployScale, measureDeploys, RATE } from "./measure.ts";
import { byRestart, oneByOne } from "./nginx.ts";
import { byPlinth } from "./plinth.ts";

interface Scale extends DeployScale {
  readonly rounds: number;
}

const FULL: Scale = { rounds: 3, deploys: 5, pauseMs: 1000 };
const QUICK: Scale = { rounds: 1, deploys: 3, pauseMs: 500 };

/** A service is deployed again while people use it. */
export const deploy: TableCase = {
  name: "deploy",
  does: `A small program deployed again and again while clients ask ${RATE} times a second whatever the answers do, half of them on new connections: two instances by plinth up; one process behind nginx that is stopped and started again, as docker compose up -d does with a container; and two processes behind nginx, each taken out by nginx -s reload while it is replaced. Requests that failed, the longest time without a good answer, and how long a deploy takes.`,
  run: (options) => measure(options, options.quick ? QUICK : FULL),
  rows: {
    title: "Deploy under load",
    notes: [
      `${QUICK.deploys} deploys at ${RATE} requests a second; ours: two instances, plinth up; the rivals behind nginx:`,
      "  restart: one process, stopped and started again, as docker compose up -d does with a container",
      "  one by one: two processes, each taken out by nginx -s reload while it is replaced",
    ],
    measure: (options) => measure(options, QUICK),
  },
};

const RIVALS: readonly { readonly contender: Contender; readonly gapRatioMax: number }[] = [
  { contender: byRestart, gapRatioMax: 1 },
  // Nobody waits long for either.
  { contender: oneByOne, gapRatioMax: Number.POSITIVE_INFINITY },
];

async function measure(
  { directory, say }: Omit<CaseOptions, "quick">,
  { rounds, ...scale }: Scale,
): Promise<Outcome> {
  const ours = byPlinth();
  const turns = await alternate({
    contenders: [ours, ...(isInstalled("nginx") ? RIVALS.map(({ contender }) => contender) : [])],
    rounds,
    measure: (contender) => measureDeploys(contender, scale, mkdtempSync(join(directory, "turn-"))),
    say,
    describe: ({ name }, { asked, failed, gapMs, seconds }) =>
      `${name}: ${failed} of ${asked} requests failed, at most ${gapMs.toFixed(0)} ms without an answer, ` +
      `${median(seconds).toFixed(2)} s a deploy`,
  });
  const own = sumOf(turns, ours)!;
  const rivalProgram = programVersion("nginx");
  const figures = RIVALS.flatMap(({ contender, gapRatioMax }): Figure[] => {
    const other = sumOf(turns, contender);
    const compared = (of: (sum: DeploySum) => number) => ({
      ours: of(own),
      rival: other && of(other),
      rivalName: contender.name,
      rivalProgram,
      missing: "nginx",
    });
    return [
      {
        name: "failed requests",
        unit: "of all",
        ...compared(({ failed }) => failed),
        outOf: { ours: own.asked, rival: other?.asked },
        ratioMax: 1,
      },
      {
        name: "longest without an answer",
        unit: "ms",
        ...compared(({ gapMs }) => gapMs),
        ratioMax: gapRatioMax,
      },
      {
        name: "time of a deploy",
        unit: "s",
        ...compared(({ seconds }) => seconds),
        ratioMax: Number.POSITIVE_INFINITY,
      },
    ];
  });
  return { figures, raw: { rate: RATE, ...scale, turns: rawOf(turns, ({ name }) => name) } };
}

/** Of all turns of a contender: what failed in sum, the longest gap of any, the median deploy. */
interface DeploySum extends Omit<DeployReport, "seconds"> {
  readonly seconds: number;
}

/** Undefined without turns. */
function sumOf(turns: readonly Turn<Contender, DeployReport>[], contender: Contender): DeploySum | undefined {
  const reports = turns.filter((turn) => turn.contender === contender).map(({ result }) => result);
  if (reports.length === 0) return undefined;
  return {
    asked: reports.reduce((sum, { asked }) => sum + asked, 0),
    failed: reports.reduce((sum, { failed }) => sum + failed, 0),
    gapMs: Math.max(...reports.map(({ gapMs }) => gapMs)),
    seconds: median(reports.flatMap(({ seconds }) => seconds)),
  };
}
