import { execFile } from "node:child_process";
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { runtimePath } from "@plinth/process";
import type { Case, CaseOptions, Figure, Outcome } from "../case.ts";
import { isInstalled } from "../children.ts";
import { alternate, medianOf, rawOf, type Turn } from "../rounds.ts";
import { hasBusybox } from "./bundle.ts";
import { RUNTIMES, type RuntimeName } from "./runtimes.ts";
import type { WorkerReport, Workload } from "./worker.ts";

const WORKER = new URL("./worker.ts", import.meta.url).pathname;

/** Most that the shim may take, in MiB. */
const SHIM_MIB_MAX = 0.3;

/** cgroup v2 beside v1, which crun refuses: no contender sees it. */
const UNIFIED = "/sys/fs/cgroup/unified";

/** Our runtime in the process of the daemon, and as a program, beside crun and runc. */
export const containers: Case = {
  name: "containers",
  does: "Containers of one bundle (BusyBox, the starter configuration, cgroups of v1) by Plinth in the daemon's process and by plinth-oci, crun and runc as the daemon's children: created, started, awaited and removed, one at a time and 16 at a time; a command in a running one; memory of what watches over it. Medians of a contender's turns, in alternating order.",
  run: measure,
};

interface Contender {
  readonly workload: Workload;
  readonly runtime: RuntimeName;
}

const WORKLOADS: readonly Workload[] = ["run", "many", "exec"];

async function measure({ quick, directory, say }: CaseOptions): Promise<Outcome> {
  const missing = [
    ...(process.getuid?.() === 0 ? [] : ["root"]),
    ...(hasBusybox() ? [] : ["busybox-static"]),
  ];
  if (missing.length > 0) return { figures: [], raw: { missing } };
  const runtimes = RUNTIMES.filter((name) => name.startsWith("plinth") || isInstalled(name));
  // What a command line costs, one run tells.
  const contenders = WORKLOADS.flatMap((workload) =>
    runtimes
      .filter((runtime) => workload === "run" || runtime !== "plinth-oci")
      .map((runtime): Contender => ({ workload, runtime })),
  );
  const nameOf = ({ workload, runtime }: Contender): string => `${workload}, ${runtime}`;
  const turns = await alternate({
    contenders,
    rounds: quick ? 1 : 5,
    measure: async (contender: Contender) => await measureOne(contender, quick, join(directory, "turn")),
    say,
    describe: (contender, { ms, cpuMs, supervisorMib }) =>
      `${nameOf(contender)}: ${ms.toFixed(2)} ms, ${cpuMs.toFixed(2)} ms of processor time` +
      (supervisorMib === undefined ? "" : `, supervisor ${supervisorMib.toFixed(2)} MiB`),
  });
  return { figures: figuresOf(turns, contenders), raw: { turns: rawOf(turns, nameOf) } };
}

async function measureOne(
  { workload, runtime }: Contender,
  quick: boolean,
  directory: string,
): Promise<WorkerReport> {
  const count = { run: quick ? 20 : 100, many: quick ? 64 : 500, exec: quick ? 20 : 100 }[workload];
  const line = [runtimePath("node")!, WORKER, workload, runtime, String(count), directory];
  const script = existsSync(UNIFIED) ? `umount ${UNIFIED} && exec "$@"` : 'exec "$@"';
  try {
    const { stdout, stderr } = await promisify(execFile)("unshare", [
      "--mount",
      "--propagation",
      "private",
      "/bin/sh",
      "-c",
      script,
      "worker",
      ...line,
    ]);
    if (stderr !== "") process.stderr.write(stderr);
    return JSON.parse(stdout) as WorkerReport;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Most that ours may be, as a multiple of the rival's; the aim is said in the name. */
const MUSTS: readonly {
  readonly workload: Workload;
  readonly what: string;
  readonly rival: RuntimeName;
  readonly ratioMax: number;
  readonly aim: string;
}[] = [
  { workload: "run", what: "create, start, exit", rival: "crun", ratioMax: 1, aim: "0.6" },
  { workload: "run", what: "create, start, exit", rival: "runc", ratioMax: 0.5, aim: "0.25" },
  { workload: "many", what: "500, 16 at a time", rival: "crun", ratioMax: 1, aim: "0.7" },
  { workload: "exec", what: "a command in a running one", rival: "crun", ratioMax: 1, aim: "0.6" },
];

function figuresOf(
  turns: readonly Turn<Contender, WorkerReport>[],
  contenders: readonly Contender[],
): Figure[] {
  const of = (
    workload: Workload,
    runtime: RuntimeName,
    figure: (report: WorkerReport) => number,
  ): number | undefined => {
    const contender = contenders.find((each) => each.workload === workload && each.runtime === runtime);
    return contender && medianOf(turns, contender, figure);
  };
  const compared = MUSTS.flatMap(({ workload, what, rival, ratioMax, aim }): Figure[] =>
    (["ms", "cpuMs"] as const).map((key) => ({
      name: `${what}${key === "ms" ? "" : ", processor time"} (aim ${aim})`,
      unit: "ms",
      ours: of(workload, "plinth", (report) => report[key])!,
      rival: of(workload, rival, (report) => report[key]),
      rivalName: rival,
      ratioMax,
    })),
  );
  return [
    ...compared,
    {
      name: "the same by the command line of plinth-oci (aim 3)",
      unit: "ms",
      ours: of("run", "plinth-oci", ({ ms }) => ms)!,
      rival: of("run", "crun", ({ ms }) => ms),
      rivalName: "crun",
      ratioMax: Number.POSITIVE_INFINITY,
    },
    {
      name: "the shim, resident (aim 0.05)",
      unit: "MiB",
      ours: of("exec", "plinth", ({ supervisorMib = 0 }) => supervisorMib)!,
      rival: SHIM_MIB_MAX,
      rivalName: "limit",
      ratioMax: 1,
    },
  ];
}
