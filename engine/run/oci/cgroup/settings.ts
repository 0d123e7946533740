import { Fault } from "@plinth/fault";
import type { CpuResources, Integer64, MemoryResources, Resources } from "../config.ts";
import { blockIoV1, blockIoV2 } from "./block-io.ts";
import { deviceRules } from "./devices.ts";
import type { Setting } from "./plan.ts";

/** How one controller of v1 is told about resources, and how v2 is. */
interface Controller {
  readonly v1: (resources: Resources) => Setting[];
  /** Its name there. */
  readonly v2Name: string;
  readonly v2: (resources: Resources) => Setting[];
}

const isSet = (value: Integer64 | undefined): value is Integer64 => value !== undefined && value != 0;

/** Files by controller of v1. Zero means "not set", as it does to Go's runtimes. */
export const CONTROLLERS: Readonly<Record<string, Controller>> = {
  memory: {
    v1: ({ memory = {} }) => memoryV1(memory),
    v2Name: "memory",
    v2: ({ memory = {} }) => memoryV2(memory),
  },
  cpu: { v1: ({ cpu = {} }) => cpuV1(cpu), v2Name: "cpu", v2: ({ cpu = {} }) => cpuV2(cpu) },
  cpuset: { v1: cpusets, v2Name: "cpuset", v2: cpusets },
  pids: { v1: processes, v2Name: "pids", v2: processes },
  blkio: {
    v1: ({ blockIO = {} }) => blockIoV1(blockIO),
    v2Name: "io",
    v2: ({ blockIO = {} }) => blockIoV2(blockIO),
  },
  hugetlb: {
    v1: (resources) => hugePages(resources, "limit_in_bytes"),
    v2Name: "hugetlb",
    v2: (resources) => hugePages(resources, "max"),
  },
  rdma: { v1: rdma, v2Name: "rdma", v2: rdma },
  net_cls: { v1: networkClass, v2Name: "net_cls", v2: networkClass },
  net_prio: { v1: networkPriorities, v2Name: "net_prio", v2: networkPriorities },
  // On v2 a program of the kernel does it: see device-program.ts.
  devices: { v1: deviceSettings, v2Name: "devices", v2: () => [] },
};

const setting = (file: string, value: Integer64 | string): Setting => ({ file, value: String(value) });

function memoryV1(memory: MemoryResources): Setting[] {
  const settings: Setting[] = [];
  const { limit, reservation, kernelTCP, swappiness, disableOOMKiller } = memory;
  // A limit that is taken away takes the one on both along, or it would stay what it was.
  const swap = limit !== undefined && limit == -1 && !isSet(memory.swap) ? -1 : memory.swap;
  if (isSet(limit)) settings.push(setting("memory.limit_in_bytes", limit));
  if (isSet(swap)) settings.push(setting("memory.memsw.limit_in_bytes", swap));
  if (isSet(reservation)) settings.push(setting("memory.soft_limit_in_bytes", reservation));
  if (isSet(kernelTCP)) settings.push(setting("memory.kmem.tcp.limit_in_bytes", kernelTCP));
  if (swappiness !== undefined) settings.push(setting("memory.swappiness", swappiness));
  if (disableOOMKiller === true) settings.push(setting("memory.oom_control", 1));
  return settings;
}

/** Counted together on v1, apart on v2. */
function memoryV2(memory: MemoryResources): Setting[] {
  const { limit, reservation, swappiness, disableOOMKiller, kernelTCP } = memory;
  if (disableOOMKiller === true) throw unsupported("memory.disableOOMKiller", "cgroup v2");
  if (swappiness !== undefined) throw unsupported("memory.swappiness", "cgroup v2");
  if (isSet(kernelTCP)) throw unsupported("memory.kernelTCP", "cgroup v2");
  const settings: Setting[] = [];
  const swap = swapAlone(limit, memory.swap);
  if (swap !== undefined) settings.push(setting("memory.swap.max", swap));
  if (isSet(limit)) settings.push(setting("memory.max", orMax(limit)));
  if (isSet(reservation)) settings.push(setting("memory.low", orMax(reservation)));
  return settings;
}

function swapAlone(limit: Integer64 | undefined, both: Integer64 | undefined): string | undefined {
  if (!isSet(both)) return limit !== undefined && limit == -1 ? "max" : undefined;
  if (both == -1) return "max";
  const rest = BigInt(both) - BigInt(limit ?? 0);
  if (!isSet(limit) || limit < 0 || rest < 0n)
    throw new Fault(
      "invalid",
      `Cannot limit swap: memory and swap together, ${both}, are not above a limit of memory`,
    );
  return String(rest);
}

const orMax = (value: Integer64): string => (value < 0 ? "max" : String(value));

function cpuV1(cpu: CpuResources): Setting[] {
  const settings: Setting[] = [];
  const add = (file: string, value: Integer64 | undefined): void => {
    if (isSet(value)) settings.push(setting(file, value));
  };
  add("cpu.rt_period_us", cpu.realtimePeriod);
  add("cpu.rt_runtime_us", cpu.realtimeRuntime);
  add("cpu.shares", cpu.shares);
  add("cpu.cfs_period_us", cpu.period);
  add("cpu.cfs_quota_us", cpu.quota);
  if (cpu.burst !== undefined) settings.push(setting("cpu.cfs_burst_us", cpu.burst));
  if (cpu.idle !== undefined) settings.push(setting("cpu.idle", cpu.idle));
  return settings;
}

/** The kernel's default, in microseconds. */
const CPU_PERIOD_US = 100_000;

function cpuV2(cpu: CpuResources): Setting[] {
  if (isSet(cpu.realtimePeriod) || isSet(cpu.realtimeRuntime))
    throw unsupported("cpu.realtime*", "cgroup v2");
  const settings: Setting[] = [];
  if (cpu.idle !== undefined) settings.push(setting("cpu.idle", cpu.idle));
  // An idle group has no weight.
  if (isSet(cpu.shares) && cpu.idle !== 1) settings.push(setting("cpu.weight", weightOf(cpu.shares)));
  if (isSet(cpu.quota) || isSet(cpu.period)) {
    const quota = isSet(cpu.quota) && cpu.quota > 0 ? String(cpu.quota) : "max";
    settings.push(setting("cpu.max", `${quota} ${isSet(cpu.period) ? cpu.period : CPU_PERIOD_US}`));
  }
  if (cpu.burst !== undefined) settings.push(setting("cpu.max.burst", cpu.burst));
  return settings;
}

const SHARES_MIN = 2n;
const SHARES_MAX = 262_144n;
const WEIGHT_MAX = 10_000n;

/** v2's weights, 1 to 10,000, for v1's shares, 2 to 262,144: evenly, as all runtimes do it. */
export function weightOf(shares: Integer64): Integer64 {
  const whole = BigInt(shares);
  if (whole >= SHARES_MAX) return WEIGHT_MAX;
  if (whole <= SHARES_MIN) return 1;
  return 1n + ((whole - SHARES_MIN) * (WEIGHT_MAX - 1n)) / (SHARES_MAX - SHARES_MIN);
}

function cpusets({ cpu = {} }: Resources): Setting[] {
  const settings: Setting[] = [];
  if (cpu.cpus !== undefined && cpu.cpus !== "") settings.push(setting("cpuset.cpus", cpu.cpus));
  if (cpu.mems !== undefined && cpu.mems !== "") settings.push(setting("cpuset.mems", cpu.mems));
  return settings;
}

function processes({ pids }: Resources): Setting[] {
  return isSet(pids?.limit) ? [setting("pids.max", orMax(pids.limit))] : [];
}

function hugePages({ hugepageLimits = [] }: Resources, suffix: string): Setting[] {
  return hugepageLimits.flatMap(({ pageSize, limit }): Setting[] => {
    if (!/^\d+[KMG]B$/.test(pageSize))
      throw new Fault("invalid", `Cannot limit huge pages: "${pageSize}" is not a size such as 2MB`);
    // What is reserved counts, too, where the kernel can tell.
    return [
      setting(`hugetlb.${pageSize}.${suffix}`, limit),
      { ...setting(`hugetlb.${pageSize}.rsvd.${suffix}`, limit), otherwise: "nothing" },
    ];
  });
}

function rdma(resources: Resources): Setting[] {
  return Object.entries(resources.rdma ?? {}).map(([device, { hcaHandles, hcaObjects }]) => {
    const parts = [device];
    if (hcaHandles !== undefined) parts.push(`hca_handle=${hcaHandles}`);
    if (hcaObjects !== undefined) parts.push(`hca_object=${hcaObjects}`);
    return setting("rdma.max", parts.join(" "));
  });
}

function networkClass({ network }: Resources): Setting[] {
  return isSet(network?.classID) ? [setting("net_cls.classid", network.classID)] : [];
}

function networkPriorities({ network }: Resources): Setting[] {
  return (network?.priorities ?? []).map(({ name, priority }) =>
    setting("net_prio.ifpriomap", `${name} ${priority}`),
  );
}

function deviceSettings({ devices }: Resources): Setting[] {
  if (devices === undefined) return [];
  return deviceRules(devices).map(({ allow, type, major, minor, access }) =>
    setting(`devices.${allow ? "allow" : "deny"}`, `${type} ${major ?? "*"}:${minor ?? "*"} ${access}`),
  );
}

const unsupported = (field: string, where: string): Fault =>
  new Fault("unsupported", `Cannot set linux.resources.${field}: ${where} has nothing of the kind`);
