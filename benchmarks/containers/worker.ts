/** Measures one runtime in a process of its own: `worker.ts WORKLOAD RUNTIME COUNT DIRECTORY`; prints a report. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { messageOf } from "@plinth/fault";
import { processTable, statFields } from "@plinth/process";
import { median } from "../case.ts";
import { writeBundle } from "./bundle.ts";
import { openRuntime, type Runtime, type RuntimeName } from "./runtimes.ts";

export type Workload = "run" | "exec" | "many";

export interface WorkerReport {
  /** Median milliseconds of one, from beginning to end. */
  readonly ms: number;
  /** Of all processes that took part, in milliseconds for one. */
  readonly cpuMs: number;
  /** MiB resident of what watches over a container; of "exec" alone. */
  readonly supervisorMib?: number;
}

/** At once, of the many. */
const AT_ONCE = 16;
/** Before anything counts: compiled code, filled caches. */
const WARM = 20;

/** Clock ticks of /proc/PID/stat. */
const TICKS_PER_SECOND = 100;

/** Of this process and all it made, ended or not: what our runtime starts shims by lives on. */
function cpuMs(): number {
  const children = processTable().filter(({ parent }) => parent === process.pid);
  const { user, system } = process.cpuUsage();
  const ticks = endedTicks(process.pid) + sum(children.map(({ pid }) => ownTicks(pid) + endedTicks(pid)));
  return (user + system) / 1000 + (ticks * 1000) / TICKS_PER_SECOND;
}

/** Fields of /proc/PID/stat from the third on: utime, stime; cutime, cstime of the children that were waited for. */
const ownTicks = (pid: number): number => sum(ticksOf(pid).slice(0, 2));
const endedTicks = (pid: number): number => sum(ticksOf(pid).slice(2));
const ticksOf = (pid: number): number[] => (statFields(pid) ?? []).slice(11, 15).map(Number);
const sum = (numbers: readonly number[]): number => numbers.reduce((all, each) => all + each, 0);

async function timed(
  count: number,
  atOnce: number,
  work: (index: number) => Promise<void>,
): Promise<WorkerReport> {
  const times: number[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) {
      const startMs = performance.now();
      await work(next++);
      times.push(performance.now() - startMs);
    }
  };
  const [cpuBefore, startMs] = [cpuMs(), performance.now()];
  await Promise.all(Array.from({ length: atOnce }, worker));
  const wallMs = performance.now() - startMs;
  return { ms: atOnce === 1 ? median(times) : wallMs / count, cpuMs: (cpuMs() - cpuBefore) / count };
}

const workloads: Readonly<
  Record<Workload, (runtime: Runtime, count: number, directory: string) => Promise<WorkerReport>>
> = {
  run: async (runtime, count, directory) => {
    const bundle = await writeBundle(join(directory, "bundle"), ["/bin/true"]);
    for (let index = 0; index < WARM; index++) await runtime.run(`warm-${index}`, bundle);
    return await timed(count, 1, async (index) => await runtime.run(`run-${index}`, bundle));
  },
  many: async (runtime, count, directory) => {
    const bundle = await writeBundle(join(directory, "bundle"), ["/bin/true"]);
    for (let index = 0; index < WARM; index++) await runtime.run(`warm-${index}`, bundle);
    return await timed(count, AT_ONCE, async (index) => await runtime.run(`many-${index}`, bundle));
  },
  exec: async (runtime, count, directory) => {
    const script = "echo running; exec sleep 3600";
    const running = await runtime.start(
      "long",
      await writeBundle(join(directory, "bundle"), ["/bin/busybox", "sh", "-c", script]),
    );
    try {
      for (let index = 0; index < WARM; index++) await running.exec();
      const report = await timed(count, 1, async () => await running.exec());
      return { ...report, supervisorMib: running.supervisorMib() };
    } finally {
      await running.end();
    }
  },
};

const [workload, name, count, directory] = process.argv.slice(2) as [Workload, RuntimeName, string, string];
mkdirSync(directory, { recursive: true });
const runtime = await openRuntime(name, join(directory, "state"));
try {
  console.log(JSON.stringify(await workloads[workload](runtime, Number(count), directory)));
} catch (error) {
  console.error(messageOf(error));
  process.exitCode = 1;
}
// The shims of ended containers are gone, and nothing else is waited for.
process.exit();
