import { existsSync } from "node:fs";
import type { ResourceLimits } from "@plinth/resource";
import type { Fingerprint } from "../driver.ts";
import { findArchitecture } from "../machine/architecture.ts";
import { readCgroupSystem } from "../oci/cgroup/system.ts";
import { planCgroups } from "./cgroup.ts";

/** One of each, to learn which could be held; the amounts do not matter. */
const EVERY_LIMIT: ResourceLimits = {
  memoryBytes: 2 ** 30,
  cpus: 1,
  processes: 100,
  diskBytes: undefined,
  bestEffort: true,
};

/** What of all that the init cannot do without is not here. */
export function lacking(): string | undefined {
  if (findArchitecture() === undefined) return `there is no init for the processor "${process.arch}"`;
  return existsSync("/proc/self/stat") ? undefined : "/proc is not mounted";
}

/** What this machine lets the process driver do. Changes nothing. */
export function fingerprintProcessDriver(): Fingerprint {
  const system = readCgroupSystem();
  const { plan, limitations } = planCgroups(system, EVERY_LIMIT, "plinth");
  const limited = (resource: string): string =>
    limitations.some((limitation) => limitation.resource === resource) ? "no" : "yes";
  const reason = lacking();
  return {
    driver: "process",
    available: reason === undefined,
    reason,
    attributes: {
      "cgroup.version": system.version,
      "cgroup.writable": plan.members === null ? "no" : "yes",
      "members.found-by": plan.members === null ? "descent and environment mark" : "cgroup",
      "limit.memory": limited("memory"),
      "limit.cpu": limited("cpu"),
      "limit.processes": limited("processes"),
      "limit.disk": "no",
    },
    limitations,
  };
}
