import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { ResourceLimits } from "@plinth/resource";
import type { Limitation } from "../driver.ts";
import type { Resources } from "../oci/config.ts";
import { isUnifiedController, takesTasks, unifiedBase } from "../oci/cgroup/directory.ts";
import type { CgroupPlan, PlannedDirectory, Setting } from "../oci/cgroup/plan.ts";
import { CONTROLLERS } from "../oci/cgroup/settings.ts";
import type { CgroupSystem, Hierarchy } from "../oci/cgroup/system.ts";

type Controller = "memory" | "cpu" | "pids";
type Resource = Exclude<Limitation["resource"], "disk">;

const controllerOf: Record<Resource, Controller> = { memory: "memory", cpu: "cpu", processes: "pids" };

const CPU_PERIOD_US = 100_000;
/** The kernel refuses shorter quotas. */
const CPU_QUOTA_US_MIN = 1000;

/** Limits as a container's configuration states them. Swap is closed, or a memory limit would only move the rest there. */
export function resourcesOf({ memoryBytes, cpus, processes }: ResourceLimits): Resources {
  const quota = Math.max(CPU_QUOTA_US_MIN, Math.round((cpus ?? 0) * CPU_PERIOD_US));
  return {
    ...(memoryBytes !== undefined && { memory: { limit: memoryBytes, swap: memoryBytes } }),
    ...(cpus !== undefined && { cpu: { quota, period: CPU_PERIOD_US } }),
    ...(processes !== undefined && { pids: { limit: processes } }),
  };
}

/** Kernels without swap accounting lack the file; there is then nothing of the kind to close. */
const withoutSwap = (setting: Setting): Setting =>
  /memsw|swap/.test(setting.file) ? { ...setting, otherwise: "nothing" } : setting;

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
  const directories = new Map<string, PlannedDirectory>();
  const add = (hierarchy: Hierarchy, base: string, planned: Planned): string => {
    const path = join(base, name);
    const there = directories.get(path);
    directories.set(path, {
      path,
      mount: hierarchy.mount,
      base,
      version: planned.version,
      controllers: [...(there?.controllers ?? []), ...planned.controllers],
      settings: [...(there?.settings ?? []), ...planned.settings],
    });
    return path;
  };
  const resources = resourcesOf(limits);
  const onUnified: Controller[] = [];
  for (const resource of wanted(limits)) {
    const controller = controllerOf[resource];
    const v1 = system.v1.get(controller);
    if (v1 !== undefined) {
      const settings = CONTROLLERS[controller]!.v1(resources).map(withoutSwap);
      if (takesTasks(v1.own)) add(v1, v1.own, { version: 1, controllers: [controller], settings });
      else limitations.push(limitation(resource, `this user may not write to ${v1.own}`));
    } else if (system.unified !== undefined && isUnifiedController(system.unified, controller)) {
      if (unifiedBase(system.unified, [...onUnified, controller]) !== undefined) onUnified.push(controller);
      else
        limitations.push(
          limitation(
            resource,
            `no cgroup from ${system.unified.own} up lets this user hand on its "${controller}" controller`,
          ),
        );
    } else {
      limitations.push(limitation(resource, `this kernel offers no "${controller}" cgroup controller here`));
    }
  }
  let members: string | null = null;
  if (system.unified !== undefined) {
    const base = unifiedBase(system.unified, onUnified);
    const settings = onUnified
      .flatMap((controller) => CONTROLLERS[controller]!.v2(resources))
      .map(withoutSwap);
    if (base !== undefined)
      members = add(system.unified, base, { version: 2, controllers: onUnified, settings });
  }
  if (members === null) {
    // Any v1 hierarchy lists its members as well; one that is needed anyway costs nothing.
    const v1 = ["pids", "freezer", "name=systemd", "memory"].map((key) => system.v1.get(key));
    const usable = v1.find((hierarchy) => hierarchy !== undefined && takesTasks(hierarchy.own));
    members = directories.keys().next().value ?? null;
    if (members === null && usable !== undefined)
      members = add(usable, usable.own, { version: 1, controllers: [], settings: [] });
  }
  return { plan: { members, directories: [...directories.values()] }, limitations };
}

type Planned = Pick<PlannedDirectory, "version" | "controllers" | "settings">;

function limitation(resource: Resource, reason: string): Limitation {
  return {
    resource,
    reason: `Cannot limit ${resource}: ${reason}`,
    hint:
      'Run Plinth as root or in a cgroup delegated to it (systemd: Delegate=yes), or set "resources.enforce" to ' +
      '"best-effort".',
  };
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
