import { readFileSync } from "node:fs";
import { join } from "node:path";
import { childrenOf, wordsOf } from "./directory.ts";
import type { CgroupPlan, PlannedDirectory } from "./plan.ts";

/** What a container used of the machine, with the names that runc prints; times in nanoseconds, memory in bytes. */
export interface ContainerStats {
  readonly cpu: CpuStats;
  readonly cpuset: CpusetStats;
  readonly memory: MemoryStats;
  readonly pids: { readonly current?: number; readonly limit?: number };
  readonly blkio: Readonly<Record<string, readonly BlockIoEntry[]>>;
  readonly hugetlb: Readonly<Record<string, Usage>>;
}

export interface CpuStats {
  readonly usage: {
    readonly total?: number;
    readonly percpu?: readonly number[];
    readonly kernel: number;
    readonly user: number;
  };
  readonly throttling: {
    readonly periods?: number;
    readonly throttledPeriods?: number;
    readonly throttledTime?: number;
  };
}

/** Processors, memory nodes, and v1's switches by their files' names. */
export type CpusetStats = Readonly<Record<string, number | readonly number[]>>;

export interface MemoryStats {
  /** Of the page cache. */
  readonly cache?: number;
  readonly usage?: Usage;
  readonly swap?: Usage;
  readonly kernel?: Usage;
  readonly kernelTCP?: Usage;
  readonly raw?: Readonly<Record<string, number>>;
}

/** No `limit`: there is none. */
export interface Usage {
  readonly limit?: number;
  readonly usage?: number;
  readonly max?: number;
  readonly failcnt: number;
}

export interface BlockIoEntry {
  readonly major: number;
  readonly minor: number;
  readonly op: string;
  readonly value: number;
}

/** Of what a kernel does not count, there is nothing. */
export function cgroupStats(plan: CgroupPlan): ContainerStats {
  const unified = plan.directories.find(({ version }) => version === 2);
  const v1 = (controller: string): string | undefined =>
    plan.directories.find((each) => each.version === 1 && each.controllers.includes(controller))?.path;
  const v2 = (controller: string): string | undefined =>
    unified?.controllers.includes(controller) === true ? unified.path : undefined;
  const pids = v1("pids") ?? v2("pids");
  return {
    cpu: cpuStats(v1("cpu"), v1("cpuacct"), unified),
    cpuset: cpusetStats(v1("cpuset"), v2("cpuset")),
    memory: memoryStats(v1("memory"), v2("memory")),
    pids: pids === undefined ? {} : pidsStats(pids),
    blkio: blockIoStats(v1("blkio"), v2("io")),
    hugetlb: hugePageStats(v1("hugetlb"), v2("hugetlb")),
  };
}

const NANOSECONDS_PER_MICROSECOND = 1000;

function cpuStats(
  cpu: string | undefined,
  accounting: string | undefined,
  unified: PlannedDirectory | undefined,
): CpuStats {
  if (accounting !== undefined || cpu !== undefined) {
    const throttled = cpu === undefined ? {} : recordOf(cpu, "cpu.stat");
    const total = accounting === undefined ? undefined : numberOf(accounting, "cpuacct.usage");
    const percpu =
      accounting === undefined ? [] : wordsOf(join(accounting, "cpuacct.usage_percpu")).map(Number);
    const counted = accounting === undefined ? {} : recordOf(accounting, "cpuacct.stat");
    return {
      usage: {
        ...(total !== undefined && { total }),
        ...(percpu.length > 0 && { percpu }),
        kernel: (counted["system"] ?? 0) * NANOSECONDS_PER_TICK,
        user: (counted["user"] ?? 0) * NANOSECONDS_PER_TICK,
      },
      throttling: throttlingOf(throttled, throttled["throttled_time"]),
    };
  }
  const stat = unified === undefined ? {} : recordOf(unified.path, "cpu.stat");
  const nanoseconds = (name: string): number => (stat[name] ?? 0) * NANOSECONDS_PER_MICROSECOND;
  return {
    usage: {
      total: nanoseconds("usage_usec"),
      kernel: nanoseconds("system_usec"),
      user: nanoseconds("user_usec"),
    },
    throttling: throttlingOf(stat, nanoseconds("throttled_usec")),
  };
}

/** The kernel tells times to programs in hundredths of a second (USER_HZ), on every machine of today. */
const NANOSECONDS_PER_TICK = 10_000_000;

function throttlingOf(stat: Record<string, number>, time: number | undefined): CpuStats["throttling"] {
  const { nr_periods: periods, nr_throttled: throttledPeriods } = stat;
  return {
    ...(periods !== undefined && periods > 0 && { periods }),
    ...(throttledPeriods !== undefined && throttledPeriods > 0 && { throttledPeriods }),
    ...(time !== undefined && time > 0 && { throttledTime: time }),
  };
}

const CPUSET_SWITCHES = [
  "cpu_exclusive",
  "mem_hardwall",
  "mem_exclusive",
  "memory_migrate",
  "memory_spread_page",
  "memory_spread_slab",
  "memory_pressure",
  "sched_load_balance",
  "sched_relax_domain_level",
];

function cpusetStats(v1: string | undefined, v2: string | undefined): CpusetStats {
  const directory = v1 ?? v2;
  if (directory === undefined) return {};
  const switches = CPUSET_SWITCHES.flatMap((name) => {
    const [line] = v1 === undefined ? [] : linesOf(v1, `cpuset.${name}`);
    return line === undefined ? [] : [[name, Number(line)] as const];
  });
  const effective = v1 === undefined ? ".effective" : "";
  return {
    cpus: rangeOf(linesOf(directory, `cpuset.cpus${effective}`)[0] ?? ""),
    mems: rangeOf(linesOf(directory, `cpuset.mems${effective}`)[0] ?? ""),
    ...Object.fromEntries(switches),
  };
}

/** "0-2,5" in full. */
function rangeOf(text: string): number[] {
  return text
    .split(",")
    .filter(Boolean)
    .flatMap((part) => {
      const [first = 0, last = first] = part.split("-").map(Number);
      return Array.from({ length: last - first + 1 }, (_, index) => first + index);
    });
}

function memoryStats(v1: string | undefined, v2: string | undefined): MemoryStats {
  if (v1 !== undefined) {
    const raw = recordOf(v1, "memory.stat");
    const usage = (prefix: string): Usage =>
      usageOf(v1, {
        limit: `${prefix}limit_in_bytes`,
        usage: `${prefix}usage_in_bytes`,
        max: `${prefix}max_usage_in_bytes`,
        failures: `${prefix}failcnt`,
      });
    return {
      ...(raw["cache"] !== undefined && raw["cache"] > 0 && { cache: raw["cache"] }),
      usage: usage("memory."),
      swap: usage("memory.memsw."),
      kernel: usage("memory.kmem."),
      kernelTCP: usage("memory.kmem.tcp."),
      raw,
    };
  }
  if (v2 === undefined) return {};
  const raw = recordOf(v2, "memory.stat");
  const failures = recordOf(v2, "memory.events")["max"] ?? 0;
  const usage = (prefix: string): Usage =>
    usageOf(v2, { limit: `${prefix}max`, usage: `${prefix}current`, max: `${prefix}peak` });
  return {
    ...(raw["file"] !== undefined && raw["file"] > 0 && { cache: raw["file"] }),
    usage: { ...usage("memory."), failcnt: failures },
    swap: usage("memory.swap."),
    raw,
  };
}

interface UsageFiles {
  readonly limit: string;
  readonly usage: string;
  readonly max: string;
  readonly failures?: string;
}

function usageOf(directory: string, files: UsageFiles): Usage {
  const limit = numberOf(directory, files.limit);
  const usage = numberOf(directory, files.usage);
  const max = numberOf(directory, files.max);
  return {
    ...(limit !== undefined && { limit }),
    ...(usage !== undefined && { usage }),
    ...(max !== undefined && { max }),
    failcnt: (files.failures === undefined ? undefined : numberOf(directory, files.failures)) ?? 0,
  };
}

function pidsStats(directory: string): ContainerStats["pids"] {
  const current = numberOf(directory, "pids.current");
  const limit = numberOf(directory, "pids.max");
  return { ...(current !== undefined && { current }), ...(limit !== undefined && { limit }) };
}

/** Files of v1 by the names of the output. */
const BLOCK_IO_V1: Readonly<Record<string, string>> = {
  ioServiceBytesRecursive: "blkio.throttle.io_service_bytes_recursive",
  ioServicedRecursive: "blkio.throttle.io_serviced_recursive",
};
/** Keys of v2's io.stat: name of the output, and of the deed. */
const BLOCK_IO_V2: Readonly<Record<string, readonly [name: string, op: string]>> = {
  rbytes: ["ioServiceBytesRecursive", "Read"],
  wbytes: ["ioServiceBytesRecursive", "Write"],
  rios: ["ioServicedRecursive", "Read"],
  wios: ["ioServicedRecursive", "Write"],
};

function blockIoStats(v1: string | undefined, v2: string | undefined): ContainerStats["blkio"] {
  const stats: Record<string, BlockIoEntry[]> = {};
  const add = (name: string, device: string, op: string, value: string): void => {
    const [, major, minor] = /^(\d+):(\d+)$/.exec(device) ?? [];
    if (major === undefined) return;
    (stats[name] ??= []).push({ major: Number(major), minor: Number(minor), op, value: Number(value) });
  };
  if (v1 !== undefined) {
    for (const [name, file] of Object.entries(BLOCK_IO_V1))
      for (const line of linesOf(v1, file)) {
        const [device = "", op = "", value = ""] = line.split(" ");
        add(name, device, op, value);
      }
  } else if (v2 !== undefined) {
    for (const line of linesOf(v2, "io.stat")) {
      const [device = "", ...pairs] = line.split(" ");
      for (const pair of pairs) {
        const [key = "", value = ""] = pair.split("=");
        const known = BLOCK_IO_V2[key];
        if (known !== undefined) add(known[0], device, known[1], value);
      }
    }
  }
  return stats;
}

function hugePageStats(v1: string | undefined, v2: string | undefined): ContainerStats["hugetlb"] {
  const directory = v1 ?? v2;
  if (directory === undefined) return {};
  const stats: Record<string, Usage> = {};
  for (const size of hugePageSizes()) {
    const at = `hugetlb.${size}.`;
    stats[size] =
      v1 === undefined
        ? usageOf(directory, { limit: `${at}max`, usage: `${at}current`, max: `${at}peak` })
        : usageOf(directory, {
            limit: `${at}limit_in_bytes`,
            usage: `${at}usage_in_bytes`,
            max: `${at}max_usage_in_bytes`,
            failures: `${at}failcnt`,
          });
  }
  return stats;
}

/** Names such as 2MB, of the sizes this machine has. */
function hugePageSizes(): string[] {
  return childrenOf("/sys/kernel/mm/hugepages").flatMap((path) => {
    const kib = Number(/hugepages-(\d+)kB$/.exec(path)?.[1] ?? Number.NaN);
    if (Number.isNaN(kib)) return [];
    return [kib >= 2 ** 20 ? `${kib / 2 ** 20}GB` : kib >= 2 ** 10 ? `${kib / 2 ** 10}MB` : `${kib}KB`];
  });
}

function linesOf(directory: string, file: string): string[] {
  try {
    return readFileSync(join(directory, file), "utf8").split("\n").filter(Boolean);
  } catch {
    return [];
  }
}

/** Lines of a name and a number. */
function recordOf(directory: string, file: string): Record<string, number> {
  const entries = linesOf(directory, file).map((line) => line.split(" "));
  return Object.fromEntries(entries.map(([name = "", value = ""]) => [name, Number(value)]));
}

function numberOf(directory: string, file: string): number | undefined {
  const [line] = linesOf(directory, file);
  // "max" is no limit. v1's "none" is beyond what a double holds: JSON has it rounded.
  return line === undefined || !/^\d+$/.test(line) ? undefined : Number(line);
}

/** How many processes the kernel ended because the task was at its memory limit. */
export function outOfMemoryKills(plan: CgroupPlan): number {
  let kills = 0;
  for (const { path, version, controllers } of plan.directories) {
    // Records of before there were these lists have none.
    const mayCount = version === 2 || controllers.length === 0 || controllers.includes("memory");
    for (const file of mayCount ? ["memory.oom_control", "memory.events"] : []) {
      try {
        kills += Number(/^oom_kill (\d+)$/m.exec(readFileSync(join(path, file), "utf8"))?.[1] ?? 0);
      } catch {
        // This hierarchy counts no memory.
      }
    }
  }
  return kills;
}
