/** Measures one runtime in a process of its own: `worker.ts WORKLOAD RUNTIME COUNT DIRECTORY`; prints a report. */
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
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

/** Of this process and all its ended children, theirs with them. */
function cpuMs(): number {
  const stat = readFileSync("/proc/self/stat", "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const ended = Number(fields[13]) + Number(fields[14]);
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000 + (ended * 1000) / TICKS_PER_SECOND;
}

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
console.log(JSON.stringify(await workloads[workload](runtime, Number(count), directory)));
// The shims of ended containers are gone, and nothing else is waited for.
process.exit(0);
