import { readFileSync } from "node:fs";
import { cpuSeconds } from "../children.ts";

/** What the kernel counts processor time in, on every architecture Plinth runs on. */
const TICKS_PER_SECOND = 100;

/** Seconds of processor time since some moment, by who used it. */
export interface ProcessorTime {
  readonly server: number;
  readonly client: number;
  /** Of the whole machine's processors, whoever used them. */
  readonly machine: number;
}

export function processorTime(serverPid: number): ProcessorTime {
  const { user, system } = process.cpuUsage();
  return { server: cpuSeconds(serverPid), client: (user + system) / 1e6, machine: machineSeconds() };
}

/** The share of the machine's processors, in cores, that neither server nor client used meanwhile. */
export function foreignCores(from: ProcessorTime, to: ProcessorTime, seconds: number): number {
  const own = to.server - from.server + (to.client - from.client);
  return Math.max(0, (to.machine - from.machine - own) / seconds);
}

/** The first line of /proc/stat: user, nice, system, idle, iowait, irq, softirq, steal. */
function machineSeconds(): number {
  const [line] = readFileSync("/proc/stat", "latin1").split("\n", 1);
  const ticks = line!.split(/\s+/).slice(1, 9).map(Number);
  const [idle, waiting] = [ticks[3]!, ticks[4]!];
  return (ticks.reduce((sum, each) => sum + each, 0) - idle - waiting) / TICKS_PER_SECOND;
}
