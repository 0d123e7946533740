/**
 * One contender on one workload, alone in its process: `worker.ts INDEX vrl|hand SECONDS`. Prints a WorkerReport.
 */
import { compile, standardLibrary, type Target, webHost } from "@plinth/vrl";
import { workloads } from "./workloads.ts";

export interface WorkerReport {
  readonly events: number;
  /** Of the process, from the operating system, without what making the events takes. */
  readonly cpuSeconds: number;
}

/** Events are made in batches before they are run, so that making them is not measured. */
const BATCH = 10_000;

const [index = "", contender, seconds = ""] = process.argv.slice(2);
const workload = workloads[Number(index)]!;

function contenderRun(): (target: Target) => unknown {
  if (contender === "hand") return workload.byHand;
  const { program, diagnostics } = compile(workload.source, { functions: standardLibrary, host: webHost() });
  if (program === undefined) throw new Error(JSON.stringify(diagnostics));
  const outcome = program.run({ event: workload.event(0), metadata: {} });
  if (!("value" in outcome)) throw new Error(JSON.stringify(outcome));
  return (target) => program.run(target);
}

const run = contenderRun();
let events = 0;

function batch(): number {
  const targets: Target[] = Array.from({ length: BATCH }, () => ({
    event: workload.event(events++),
    metadata: {},
  }));
  const before = process.cpuUsage();
  for (const target of targets) run(target);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

/** Compiled code settles. */
const WARM_BATCHES = 10;
for (let warm = 0; warm < WARM_BATCHES; warm++) batch();
events = 0;
let cpuSeconds = 0;
while (cpuSeconds < Number(seconds)) cpuSeconds += batch();
const report: WorkerReport = { events, cpuSeconds };
console.log(JSON.stringify(report));
