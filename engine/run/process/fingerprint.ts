import { existsSync } from "node:fs";
import type { ResourceLimits } from "@plinth/resource";
import type { Fingerprint } from "../driver.ts";
import { readCgroupSystem } from "../oci/cgroup/system.ts";
import { planCgroups } from "./cgroup.ts";

/** One of each, to learn which could be held; the amounts do not matter. */
const EVERY_LIMIT: ResourceLimits = { memoryBytes: 2 ** 30, cpus: 1, processes: 100, bestEffort: true };

/** What this machine lets the process driver do. Changes nothing. */
export function fingerprintProcessDriver(): Fingerprint {
  const system = readCgroupSystem();
  const { plan, limitations } = planCgroups(system, EVERY_LIMIT, "plinth");
  const limited = (resource: string): string =>
    limitations.some((limitation) => limitation.resource === resource) ? "no" : "yes";
  const available = existsSync("/bin/sh");
  return {
    driver: "process",
    available,
    reason: available ? undefined : "/bin/sh is missing",
    attributes: {
      "cgroup.version": system.version,
      "cgroup.writable": plan.members === null ? "no" : "yes",
      // By session and mark, a process that leaves its session and clears its environment is not found.
      "members.found-by": plan.members === null ? "session and environment mark" : "cgroup",
      "limit.memory": limited("memory"),
      "limit.cpu": limited("cpu"),
      "limit.processes": limited("processes"),
    },
    limitations,
  };
}
