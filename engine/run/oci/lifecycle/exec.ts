import type { Clock } from "@plinth/clock";
import { Fault } from "@plinth/fault";
import type { Executed } from "../../container/container.ts";
import { execIn } from "../../container/exec.ts";
import type { Init } from "../../init/init-file.ts";
import type { Stdio } from "../../init/launch.ts";
import type { Process } from "../config.ts";
import type { ContainerDirectory, ContainerRecord } from "./container-directory.ts";
import { placeIn } from "../cgroup/place.ts";
import { seccompProgram } from "../../container/seccomp-program.ts";
import { statusOf } from "./status.ts";

export interface ExecInContainerOptions {
  readonly containers: ContainerDirectory;
  readonly init: Init;
  readonly clock: Clock;
  readonly stdio: readonly [Stdio, Stdio, Stdio];
  /** No process of ours stays once it runs. */
  readonly orphan: boolean;
  /** Where a process with a terminal gets it from: a socket that is sent the master, or a master that is there. */
  readonly terminal?: { readonly consoleSocket: string } | { readonly master: number } | undefined;
  readonly descriptors?: readonly number[];
  /** Below the container's own cgroups: by controller, "" for all. */
  readonly subCgroups?: ReadonlyMap<string, string>;
  readonly ignorePaused?: boolean;
}

/** Runs one more process in a container, which may have been started by anybody. */
export async function execInContainer(
  record: ContainerRecord,
  process: Process,
  options: ExecInContainerOptions,
): Promise<Executed> {
  const { id, main, cgroup } = record;
  const status = statusOf(options.containers, record);
  if (main === null || status === "stopped" || status === "creating")
    throw new Fault("gone", "cannot exec in a stopped container");
  if (status === "paused" && options.ignorePaused !== true)
    throw new Fault("conflict", "cannot exec in a paused container (use --ignore-paused to override)");
  if (process.terminal === true && options.terminal === undefined)
    throw new Fault("invalid", "cannot allocate tty without a console socket");
  const seccomp = seccompProgram(record.config.linux?.seccomp);
  return await execIn(
    { id, main, cgroup: placeIn(cgroup, options.subCgroups) },
    {
      init: options.init,
      process,
      stdio: options.stdio,
      orphan: options.orphan,
      descriptors: options.descriptors ?? [],
      ...(seccomp !== undefined && { seccomp }),
      ...(options.terminal !== undefined && { terminal: options.terminal }),
    },
  );
}
