import type { Clock } from "@plinth/clock";
import { Fault } from "@plinth/fault";
import { startContainer } from "../../container/create.ts";
import type { Init } from "../../init/init-file.ts";
import type { ContainerDirectory, ContainerRecord } from "./container-directory.ts";
import { runAllHooks, runHooksInside } from "./hooks.ts";
import { destroyContainer } from "./delete.ts";
import { ociState, statusOf } from "./status.ts";

export interface StartOptions {
  readonly containers: ContainerDirectory;
  readonly clock: Clock;
  /** Only where hooks have to be run inside. */
  readonly openInit: () => Promise<Init>;
  readonly warn: (message: string) => void;
}

/** Lets the command of a created container run. Resolves once it does. */
export async function startCreated(id: string, options: StartOptions): Promise<void> {
  const record = options.containers.read(id);
  const status = statusOf(options.containers, record);
  if (status === "stopped") throw new Fault("conflict", "cannot start a container that has stopped");
  if (status === "running") throw new Fault("conflict", "cannot start an already running container");
  if (status !== "created") throw new Fault("conflict", `cannot start a container in the ${status} state`);
  await beforeStart(record, options);
  await startContainer(id, options.containers.pathOf(id), record.mark);
  await afterStart(record, options);
}

/** The startContainer hooks. One that fails ends the container, as the specification asks. */
export async function beforeStart(record: ContainerRecord, options: StartOptions): Promise<void> {
  const { main, config } = record;
  const hooks = config.hooks?.startContainer ?? [];
  if (hooks.length === 0 || main === null) return;
  try {
    using init = await options.openInit();
    await runHooksInside("startContainer", hooks, ociState(record, "created", main.pid), {
      id: record.id,
      main,
      cgroup: record.cgroup,
      process: config.process ?? { cwd: "/" },
      init,
      clock: options.clock,
    });
  } catch (error) {
    await destroyContainer(record, options);
    throw error;
  }
}

/** The poststart hooks: their failures are told, and nothing else. */
export async function afterStart(
  record: ContainerRecord,
  { clock, warn }: Pick<StartOptions, "clock" | "warn">,
): Promise<void> {
  const state = ociState(record, "running", record.main?.pid);
  await runAllHooks("poststart", record.config.hooks?.poststart, state, { clock, warn });
}
