import type { Clock } from "@plinth/clock";
import { Fault } from "@plinth/fault";
import { freezeCgroup, thawCgroup } from "../cgroup/control.ts";
import type { ContainerDirectory } from "./container-directory.ts";
import { statusOf } from "./status.ts";

export async function pauseContainer(
  id: string,
  { containers, clock }: { readonly containers: ContainerDirectory; readonly clock: Clock },
): Promise<void> {
  const record = containers.read(id);
  const status = statusOf(containers, record);
  if (status !== "running" && status !== "created") throw new Fault("conflict", "container not running");
  await freezeCgroup(record.cgroup, clock);
}

export function resumeContainer(id: string, containers: ContainerDirectory): void {
  const record = containers.read(id);
  if (statusOf(containers, record) !== "paused") throw new Fault("conflict", "container not paused");
  thawCgroup(record.cgroup);
}
