import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import type { Clock } from "@plinth/clock";
import type { ResourceLimits } from "@plinth/resource";
import type { Limitation } from "../driver.ts";

type Controller = "memory" | "cpu" | "pids";
type Resource = Limitation["resource"];

const controllerOf: Record<Resource, Controller> = { memory: "memory", cpu: "cpu", processes: "pids" };

/** The cgroup hierarchies this process sees; directories are those this process is in. */
export interface CgroupSystem {
  readonly version: "none" | "v1" | "v2" | "hybrid";
  readonly unified: Hierarchy | undefined;
  /** By controller. */
  readonly v1: ReadonlyMap<string, Hierarchy>;
}

interface Hierarchy {
  readonly mount: string;
  readonly own: string;
}

/** What to make for one task. An empty plan means: no cgroup, members are found by session and mark. */
export interface CgroupPlan {
  /** The directory whose cgroup.procs lists all members. */
  readonly members: string | null;
  readonly directories: readonly PlannedDirectory[];
}

interface PlannedDirectory {
  readonly path: string;
  /** Values by file name, written before the command joins. */
  readonly settings: Readonly<Record<string, string>>;
}

export function readCgroupSystem(): CgroupSystem {
  const v1 = new Map<string, Hierarchy>();
  let unified: Hierarchy | undefined;
  try {
    const own = new Map<string, string>();
    for (const line of readFileSync("/proc/self/cgroup", "utf8").trim().split("\n")) {
      const [, names, path] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
      for (const name of (names ?? "").split(",")) own.set(name, path ?? "/");
    }
    for (const line of readFileSync("/proc/self/mountinfo", "utf8").trim().split("\n")) {
      // ID PARENT DEVICE ROOT MOUNT OPTIONS TAGS... - TYPE SOURCE SUPER-OPTIONS
      const [left, right] = line.split(" - ");
      const [, , , root = "/", mount = ""] = left!.split(" ");
      const [type, , options = ""] = right!.split(" ");
      const hierarchy = (name: string): Hierarchy => {
        const path = own.get(name) ?? "/";
        const inside = root === "/" || path === root || path.startsWith(`${root}/`);
        // "/.." is what a cgroup outside of our namespace looks like.
        const below = !inside || path.startsWith("/..") ? "/" : root === "/" ? path : path.slice(root.length);
        return { mount, own: join(mount, below) };
      };
      if (type === "cgroup2") unified ??= hierarchy("");
      if (type === "cgroup") {
        for (const option of options.split(",")) if (own.has(option)) v1.set(option, hierarchy(option));
      }
    }
  } catch {
    // No /proc/self/cgroup: a kernel without cgroups.
  }
  const version = unified === undefined ? (v1.size === 0 ? "none" : "v1") : v1.size === 0 ? "v2" : "hybrid";
  return { version, unified, v1 };
}

function canWrite(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

function wordsOf(path: string): string[] {
  try {
    return readFileSync(path, "utf8").split(/\s+/).filter(Boolean);
  } catch {
    return [];
  }
}

const takesTasks = (directory: string): boolean =>
  canWrite(directory) && canWrite(join(directory, "cgroup.procs"));

/**
 * Where v2 lets us make a cgroup with these controllers: our own cgroup or the nearest above it. A v2 cgroup that
 * holds processes, other than the root, cannot hand controllers on.
 */
function unifiedBase(unified: Hierarchy, controllers: readonly Controller[]): string | undefined {
  for (let directory = unified.own; directory.startsWith(unified.mount); directory = dirname(directory)) {
    if (!takesTasks(directory)) continue;
    const available = wordsOf(join(directory, "cgroup.controllers"));
    const enabled = wordsOf(join(directory, "cgroup.subtree_control"));
    const isRoot = !existsSync(join(directory, "cgroup.type"));
    const mayEnable = isRoot || wordsOf(join(directory, "cgroup.procs")).length === 0;
    if (controllers.every((name) => enabled.includes(name) || (mayEnable && available.includes(name))))
      return directory;
  }
  return undefined;
}

function isUnifiedController(unified: Hierarchy, name: string): boolean {
  return wordsOf(join(unified.mount, "cgroup.controllers")).includes(name);
}

const CPU_PERIOD_US = 100_000;
/** The kernel refuses shorter quotas. */
const CPU_QUOTA_US_MIN = 1000;

/** The kernel's files for one limit. Swap is closed, or a memory limit would only move the rest there. */
function settingsOf(resource: Resource, limits: ResourceLimits, unified: boolean): Record<string, string> {
  if (resource === "memory") {
    const bytes = String(limits.memoryBytes);
    return unified
      ? { "memory.max": bytes, "memory.swap.max": "0" }
      : { "memory.limit_in_bytes": bytes, "memory.memsw.limit_in_bytes": bytes };
  }
  if (resource === "cpu") {
    const quota = String(Math.max(CPU_QUOTA_US_MIN, Math.round((limits.cpus ?? 0) * CPU_PERIOD_US)));
    return unified
      ? { "cpu.max": `${quota} ${CPU_PERIOD_US}` }
      : { "cpu.cfs_period_us": String(CPU_PERIOD_US), "cpu.cfs_quota_us": quota };
  }
  return { "pids.max": String(limits.processes) };
}

function wanted(limits: ResourceLimits): Resource[] {
  const resources: Resource[] = [];
  if (limits.memoryBytes !== undefined) resources.push("memory");
  if (limits.cpus !== undefined) resources.push("cpu");
  if (limits.processes !== undefined) resources.push("processes");
  return resources;
}

/** The plan for one task, and the limits it cannot hold. `name` becomes the directories' name. */
export function planCgroups(
  system: CgroupSystem,
  limits: ResourceLimits,
  name: string,
): { plan: CgroupPlan; limitations: Limitation[] } {
  const limitations: Limitation[] = [];
  const directories = new Map<string, Record<string, string>>();
  const onUnified: Resource[] = [];
  for (const resource of wanted(limits)) {
    const controller = controllerOf[resource];
    const v1 = system.v1.get(controller);
    if (v1 !== undefined) {
      if (takesTasks(v1.own)) {
        const path = join(v1.own, name);
        directories.set(path, { ...directories.get(path), ...settingsOf(resource, limits, false) });
      } else limitations.push(limitation(resource, `this user may not write to ${v1.own}`));
    } else if (system.unified !== undefined && isUnifiedController(system.unified, controller)) {
      const base = unifiedBase(system.unified, [
        ...onUnified.map((other) => controllerOf[other]),
        controller,
      ]);
      if (base === undefined)
        limitations.push(
          limitation(
            resource,
            `no cgroup from ${system.unified.own} up lets this user hand on its "${controller}" controller`,
          ),
        );
      else onUnified.push(resource);
    } else {
      limitations.push(limitation(resource, `this kernel offers no "${controller}" cgroup controller here`));
    }
  }
  let members: string | null = null;
  if (system.unified !== undefined) {
    const base = unifiedBase(
      system.unified,
      onUnified.map((resource) => controllerOf[resource]),
    );
    if (base !== undefined) {
      members = join(base, name);
      const settings: Record<string, string> = {};
      for (const resource of onUnified) Object.assign(settings, settingsOf(resource, limits, true));
      directories.set(members, settings);
    }
  }
  if (members === null) {
    // Any v1 hierarchy lists its members as well; one that is needed anyway costs nothing.
    const v1 = ["pids", "freezer", "name=systemd", "memory"].map((key) => system.v1.get(key));
    const base = v1.find((hierarchy) => hierarchy !== undefined && takesTasks(hierarchy.own));
    members = directories.keys().next().value ?? (base === undefined ? null : join(base.own, name));
    if (members !== null && !directories.has(members)) directories.set(members, {});
  }
  const planned = [...directories].map(([path, settings]) => ({ path, settings }));
  return { plan: { members, directories: planned }, limitations };
}

function limitation(resource: Resource, reason: string): Limitation {
  return {
    resource,
    reason: `Cannot limit ${resource}: ${reason}`,
    hint:
      'Run Plinth as root or in a cgroup delegated to it (systemd: Delegate=yes), or set "resources.enforce" to ' +
      '"best-effort".',
  };
}

/** Makes the directories with their limits. Throws the system's error; what was made is removed again. */
export function makeCgroups(plan: CgroupPlan): void {
  try {
    for (const { path, settings } of plan.directories) {
      const parent = dirname(path);
      const enabled = wordsOf(join(parent, "cgroup.subtree_control"));
      for (const controller of ["memory", "cpu", "pids"]) {
        const needed = Object.keys(settings).some((file) => file.startsWith(`${controller}.`));
        if (needed && existsSync(join(parent, "cgroup.subtree_control")) && !enabled.includes(controller))
          writeFileSync(join(parent, "cgroup.subtree_control"), `+${controller}`);
      }
      mkdirSync(path);
      for (const [file, value] of Object.entries(settings)) {
        // Kernels without swap accounting lack the file; there is then nothing of the kind to close.
        if (/memsw|swap/.test(file) && !existsSync(join(path, file))) continue;
        writeFileSync(join(path, file), value);
      }
    }
  } catch (error) {
    for (const { path } of plan.directories) removeDirectory(path);
    throw error;
  }
}

/** What a task made below its own cgroup goes with it. */
function childrenOf(directory: string): string[] {
  try {
    return readdirSync(directory, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => join(directory, name));
  } catch {
    return [];
  }
}

function removeDirectory(path: string): boolean {
  try {
    for (const child of childrenOf(path)) removeDirectory(child);
    rmdirSync(path);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ENOENT";
  }
}

/** A killed process leaves its cgroup only when reaped, which takes its new parent a moment. */
const REMOVE_ROUNDS = 50;
const REMOVE_PAUSE_MS = 20;

/** Removes the directories once their last member is gone; those still in use after a second are returned. */
export async function removeCgroups(plan: CgroupPlan, clock: Clock): Promise<string[]> {
  let left = plan.directories.map(({ path }) => path);
  for (let round = 0; round < REMOVE_ROUNDS; round += 1) {
    left = left.filter((path) => !removeDirectory(path));
    if (left.length === 0) break;
    await clock.sleep(REMOVE_PAUSE_MS);
  }
  return left;
}

/** Pids in a cgroup and those below it; undefined when it is not there. */
export function cgroupMembers(directory: string): number[] | undefined {
  try {
    const own = readFileSync(join(directory, "cgroup.procs"), "utf8").split("\n").filter(Boolean).map(Number);
    return [...own, ...childrenOf(directory).flatMap((child) => cgroupMembers(child) ?? [])];
  } catch {
    return undefined;
  }
}

/** Kills every member in one step, new ones included. False where the kernel cannot (v1, before Linux 5.14). */
export function killCgroup(directory: string): boolean {
  const file = join(directory, "cgroup.kill");
  if (!existsSync(file)) return false;
  try {
    writeFileSync(file, "1");
    return true;
  } catch {
    return false;
  }
}

/** CPU time of all members that ever were; undefined where only v1 would know. */
export function cgroupCpuSeconds(directory: string): number | undefined {
  try {
    const match = /^usage_usec (\d+)$/m.exec(readFileSync(join(directory, "cpu.stat"), "utf8"));
    return match === null ? undefined : Number(match[1]) / 1e6;
  } catch {
    return undefined;
  }
}

/** How many processes the kernel ended because the task was at its memory limit. */
export function outOfMemoryKills(plan: CgroupPlan): number {
  let kills = 0;
  for (const { path } of plan.directories) {
    for (const file of ["memory.oom_control", "memory.events"]) {
      try {
        kills += Number(/^oom_kill (\d+)$/m.exec(readFileSync(join(path, file), "utf8"))?.[1] ?? 0);
      } catch {
        // This hierarchy counts no memory.
      }
    }
  }
  return kills;
}
