import { execFile } from "node:child_process";
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { messageOf } from "@plinth/fault";
import { runtimePath } from "@plinth/process";
import type { CaseOptions, Figure, Outcome, TableCase } from "../case.ts";
import { isInstalled, programVersion } from "../programs.ts";
import { alternate, medianOf, rawOf, type Turn } from "../rounds.ts";
import { hasBusybox, isRootless } from "./bundle.ts";
import { RUNTIMES, type RuntimeName } from "./runtimes.ts";
import type { WorkerReport, Workload } from "./worker.ts";

const WORKER = new URL("./worker.ts", import.meta.url).pathname;

/** Most that the shim may take, in MiB. */
const SHIM_MIB_MAX = 0.3;

/** cgroup v2 beside v1, which crun refuses: no contender sees it. */
const UNIFIED = "/sys/fs/cgroup/unified";
const UNMOUNT = `umount ${UNIFIED} && exec "$@"`;
const IN_MOUNTS = ["unshare", "--mount", "--propagation", "private", "/bin/sh", "-c", UNMOUNT, "sh"] as const;

/** Our runtime in the process of the daemon, and as a program, beside crun and runc. */
export const containers: TableCase = {
  name: "containers",
  does: "Containers of one bundle (BusyBox, the starter configuration, cgroups of v1) by Plinth in the daemon's process and by plinth-oci, crun and runc as the daemon's children: created, started, awaited and removed, one at a time and 16 at a time; a command in a running one; memory of what watches over it. Medians of a contender's turns, in alternating order.",
  run: measure,
  rows: {
    title: `Container${isRootless ? " without root" : ""}`,
    notes: ["created, started, awaited and removed: BusyBox's `true`"],
    measure: measureRows,
  },
};

interface Contender {
  readonly workload: Workload;
  readonly runtime: RuntimeName;
}

type Counts = Readonly<Record<Workload, number>>;

const WORKLOADS: readonly Workload[] = ["run", "many", "exec"];
const FULL: Counts = { run: 100, many: 500, exec: 100 };
const QUICK: Counts = { run: 20, many: 64, exec: 20 };

const nameOf = ({ workload, runtime }: Contender): string => `${workload}, ${runtime}`;

async function measure({ quick, directory, say }: CaseOptions): Promise<Outcome> {
  const missing = [...(isRootless ? ["root"] : []), ...(hasBusybox() ? [] : ["busybox"])];
  if (missing.length > 0) return { figures: [], raw: { missing } };
  const runtimes = RUNTIMES.filter((name) => name.startsWith("plinth") || isInstalled(name));
  // What a command line costs, one run tells.
  const contenders = WORKLOADS.flatMap((workload) =>
    runtimes
      .filter((runtime) => workload === "run" || runtime !== "plinth-oci")
      .map((runtime): Contender => ({ workload, runtime })),
  );
  const counts = quick ? QUICK : FULL;
  const turns = await measureTurns(contenders, quick ? 1 : 5, counts, { directory, say });
  return { figures: figuresOf(mediansOf(turns, contenders)), raw: { turns: rawOf(turns, nameOf) } };
}

const ROWS_ROUNDS = 3;

/** One at a time, by ours in the daemon's process and by the rivals' programs. */
async function measureRows(options: Omit<CaseOptions, "quick">): Promise<Outcome> {
  if (!hasBusybox()) return { figures: [], raw: { missing: ["busybox"] } };
  const refusals = new Map<RuntimeName, string>();
  const contenders: Contender[] = [{ workload: "run", runtime: "plinth" }];
  for (const runtime of (["crun", "runc"] as const).filter(isInstalled)) {
    const refusal = await refusalOf({ workload: "run", runtime }, options);
    if (refusal === undefined) contenders.push({ workload: "run", runtime });
    else refusals.set(runtime, refusal);
  }
  const turns = await measureTurns(contenders, ROWS_ROUNDS, QUICK, options);
  const figures = comparedFigures(mediansOf(turns, contenders), ["run"]).map((figure) => ({
    ...figure,
    refusal: refusals.get(figure.rivalName as RuntimeName),
  }));
  return { figures, raw: { turns: rawOf(turns, nameOf) } };
}

/** Why a runtime runs no container here: each knows some kinds of cgroups, and some need root. */
async function refusalOf(
  contender: Contender,
  { directory, say }: Omit<CaseOptions, "quick">,
): Promise<string | undefined> {
  try {
    await measureOne(contender, 1, join(directory, "trial"));
    return undefined;
  } catch (error) {
    say(`${nameOf(contender)}: ${messageOf(error)}`);
    return messageOf(error);
  }
}

function measureTurns(
  contenders: readonly Contender[],
  rounds: number,
  counts: Counts,
  { directory, say }: Omit<CaseOptions, "quick">,
): Promise<Turn<Contender, WorkerReport>[]> {
  return alternate({
    contenders,
    rounds,
    measure: async (contender: Contender) =>
      await measureOne(contender, counts[contender.workload], join(directory, "turn")),
    say,
    describe: (contender, { ms, cpuMs, supervisorMib }) =>
      `${nameOf(contender)}: ${ms.toFixed(2)} ms, ${cpuMs.toFixed(2)} ms of processor time` +
      (supervisorMib === undefined ? "" : `, supervisor ${supervisorMib.toFixed(2)} MiB`),
  });
}

async function measureOne(
  { workload, runtime }: Contender,
  count: number,
  directory: string,
): Promise<WorkerReport> {
  const worker = [runtimePath("node")!, WORKER, workload, runtime, String(count), directory] as const;
  const [program, ...words] =
    existsSync(UNIFIED) && !isRootless ? ([...IN_MOUNTS, ...worker] as const) : worker;
  try {
    const { stdout, stderr } = await promisify(execFile)(program, words);
    if (stderr !== "") process.stderr.write(stderr);
    return JSON.parse(stdout) as WorkerReport;
  } catch (error) {
    const { stderr = "" } = error as { stderr?: string };
    const [reason] = stderr.split("\n", 1);
    throw new Error(reason, { cause: error });
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Most that ours may be, as a multiple of the rival's. */
const MUSTS: readonly {
  readonly workload: Workload;
  readonly what: string;
  readonly rival: RuntimeName;
  readonly ratioMax: number;
  readonly aim: string;
}[] = [
  { workload: "run", what: "create, start, exit", rival: "crun", ratioMax: 1, aim: "ratio 0.6" },
  { workload: "run", what: "create, start, exit", rival: "runc", ratioMax: 0.5, aim: "ratio 0.25" },
  { workload: "many", what: "500, 16 at a time", rival: "crun", ratioMax: 1, aim: "ratio 0.7" },
  { workload: "exec", what: "a command in a running one", rival: "crun", ratioMax: 1, aim: "ratio 0.6" },
];

/** The median of a contender's figure; undefined where it was not measured. */
type Medians = (
  workload: Workload,
  runtime: RuntimeName,
  figure: (report: WorkerReport) => number,
) => number | undefined;

function mediansOf(
  turns: readonly Turn<Contender, WorkerReport>[],
  contenders: readonly Contender[],
): Medians {
  return (workload, runtime, figure) => {
    const contender = contenders.find((each) => each.workload === workload && each.runtime === runtime);
    return contender && medianOf(turns, contender, figure);
  };
}

function comparedFigures(of: Medians, workloads: readonly Workload[]): Figure[] {
  return MUSTS.filter(({ workload }) => workloads.includes(workload)).flatMap(
    ({ workload, what, rival, ratioMax, aim }): Figure[] =>
      (["ms", "cpuMs"] as const).map((key) => ({
        name: what,
        aim,
        unit: key === "ms" ? "ms" : "ms CPU",
        ours: of(workload, "plinth", (report) => report[key])!,
        rival: of(workload, rival, (report) => report[key]),
        rivalName: rival,
        rivalProgram: programVersion(rival),
        ratioMax,
      })),
  );
}

function figuresOf(of: Medians): Figure[] {
  return [
    ...comparedFigures(of, WORKLOADS),
    {
      name: "the same by the command line of plinth-oci",
      aim: "ratio 3",
      unit: "ms",
      ours: of("run", "plinth-oci", ({ ms }) => ms)!,
      rival: of("run", "crun", ({ ms }) => ms),
      rivalName: "crun",
      ratioMax: Number.POSITIVE_INFINITY,
    },
    {
      name: "the shim, resident",
      aim: "0.05 MiB",
      unit: "MiB",
      ours: of("exec", "plinth", ({ supervisorMib = 0 }) => supervisorMib)!,
      rival: SHIM_MIB_MAX,
      rivalName: "limit",
      ratioMax: 1,
    },
  ];
}
