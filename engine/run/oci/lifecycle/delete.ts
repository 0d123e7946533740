import type { Clock } from "@plinth/clock";
import { Fault, messageOf } from "@plinth/fault";
import { isRunning, processIdentity, signalProcess } from "@plinth/process";
import { readProcesses } from "../../container/state-files.ts";
import { freezeCgroup, isFrozen, killCgroup, thawCgroup } from "../cgroup/control.ts";
import { cgroupMembers, removeCgroups } from "../cgroup/make.ts";
import type { CgroupPlan } from "../cgroup/plan.ts";
import type { ContainerDirectory, ContainerRecord } from "./container-directory.ts";
import { runAllHooks } from "./hooks.ts";
import { ociState, statusOf } from "./status.ts";

export interface DeleteOptions {
  readonly containers: ContainerDirectory;
  readonly clock: Clock;
  readonly warn: (message: string) => void;
}

/** Removes what is left of a container. Without `force`, one that runs is refused, and so is one that is not there. */
export async function deleteContainer(
  id: string,
  { force, ...options }: DeleteOptions & { readonly force: boolean },
): Promise<void> {
  const { containers } = options;
  let record: ContainerRecord;
  try {
    record = containers.read(id);
  } catch (error) {
    if (!force || !(error instanceof Fault) || (error.code !== "not-found" && error.code !== "corrupt"))
      throw error;
    // Claimed, and its creator ended before it wrote what it would make.
    containers.remove(id);
    return;
  }
  const status = statusOf(containers, record);
  if (!force && status !== "stopped" && status !== "created")
    throw new Fault("conflict", `cannot delete container ${id} that is not stopped: ${status}`);
  await destroyContainer(record, options);
}

/** Ends everything in it, removes its cgroups, runs its poststop hooks, and forgets it. */
export async function destroyContainer(record: ContainerRecord, options: DeleteOptions): Promise<void> {
  const { containers, clock, warn } = options;
  const { id, mark, cgroup } = record;
  const made = readProcesses(containers.pathOf(id), mark);
  for (const process of [record.main, made?.main, made?.shim])
    if (process !== undefined && process !== null) signalProcess(process, "SIGKILL");
  killMembers(cgroup);
  await untilEnded(record, clock);
  const left = await removeCgroups(cgroup, clock);
  if (left.length > 0)
    throw new Fault("unavailable", `Cannot remove the cgroup ${left[0]}: processes are left in it`);
  containers.remove(id);
  await runAllHooks("poststop", record.config.hooks?.poststop, ociState(record, "stopped", undefined), {
    clock,
    warn,
  });
}

/** Ends all in a cgroup, frozen ones, too. */
function killMembers(plan: CgroupPlan): void {
  if (plan.members === null) return;
  if (!killCgroup(plan.members))
    for (const pid of cgroupMembers(plan.members) ?? []) {
      const identity = processIdentity(pid);
      if (identity !== undefined) signalProcess(identity, "SIGKILL");
    }
  // On v1 nobody dies in the cold.
  if (isFrozen(plan)) thawCgroup(plan);
}

/** All the processes of a machine end within this time, if they end at all. */
const END_ROUNDS = 1000;
const END_PAUSE_MS = 10;

async function untilEnded({ main, cgroup, id }: ContainerRecord, clock: Clock): Promise<void> {
  for (let round = 0; round < END_ROUNDS; round += 1) {
    const members = cgroup.members === null ? [] : (cgroupMembers(cgroup.members) ?? []);
    if ((main === null || !isRunning(main)) && members.every((pid) => processIdentity(pid) === undefined))
      return;
    // What was forked while its parent was being killed.
    killMembers(cgroup);
    await clock.sleep(END_PAUSE_MS);
  }
  throw new Fault("timeout", `Cannot end container ${id}: its processes are still there`);
}

/** Sends a signal to the first process, or to all. Fault when it is not running. */
export async function killContainer(
  id: string,
  signal: number,
  { containers, clock, all }: Pick<DeleteOptions, "containers" | "clock"> & { readonly all: boolean },
): Promise<void> {
  const record = containers.read(id);
  const { main, cgroup } = record;
  if (all) {
    await signalAll(cgroup, signal, clock);
    return;
  }
  const status = statusOf(containers, record);
  if (main === null || status === "stopped") throw new Fault("conflict", "container not running");
  send(main.pid, signal);
  if (status === "paused" && signal === SIGKILL) thawCgroup(cgroup);
}

const SIGKILL = 9;

/** None can fork its way out: they stand still meanwhile. */
async function signalAll(cgroup: CgroupPlan, signal: number, clock: Clock): Promise<void> {
  if (cgroup.members === null)
    throw new Fault("unsupported", "Cannot signal all processes: the container has no cgroup");
  const wasFrozen = isFrozen(cgroup);
  const members = (): number[] => cgroupMembers(cgroup.members!) ?? [];
  if (members().length === 0) return;
  if (!wasFrozen) await freezeCgroup(cgroup, clock);
  try {
    for (const pid of members()) send(pid, signal);
  } finally {
    if (!wasFrozen || signal === SIGKILL) thawCgroup(cgroup);
  }
}

function send(pid: number, signal: number): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ESRCH") return;
    const why =
      code === "EINVAL"
        ? "invalid argument"
        : code === "EPERM"
          ? "operation not permitted"
          : messageOf(error);
    throw new Fault(code === "EINVAL" ? "invalid" : "forbidden", `unable to signal init: ${why}`, {
      cause: error,
    });
  }
}
