import { randomBytes } from "node:crypto";
import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Clock } from "@plinth/clock";
import { Fault, messageOf } from "@plinth/fault";
import { processIdentity } from "@plinth/process";
import type { ResourceLimits } from "@plinth/resource";
import type { Limitation, TaskHandle, TaskPlace } from "../driver.ts";
import { type Init, initIn } from "../init/init-file.ts";
import { Spawner } from "../init/spawner.ts";
import type { CgroupPlan } from "../oci/cgroup/plan.ts";
import { deviceProgram } from "../oci/cgroup/device-program.ts";
import { planContainerCgroup } from "../oci/cgroup/container-plan.ts";
import { makeCgroups, removeCgroups } from "../oci/cgroup/make.ts";
import { placeIn } from "../oci/cgroup/place.ts";
import { readCgroupSystem } from "../oci/cgroup/system.ts";
import { planCgroups, resourcesOf } from "../process/cgroup.ts";
import { ProcessHandle } from "../process/handle.ts";
import { killMembers } from "../process/members.ts";
import { readTask, removeTask, type TaskRecord, writeTask } from "../process/state.ts";
import { visiblePid } from "../process/visible.ts";
import { NO_DEVICES } from "./config.ts";
import { createContainer } from "./create.ts";
import type { CgroupPlace, Container, Overlay } from "./container.ts";
import { execInContainer } from "./exec-in-container.ts";
import { NeverStarted } from "./never-started.ts";
import type {
  ContainerCommand,
  OciRuntime,
  OverlayRoot,
  PreparedContainer,
  RuntimeExecOptions,
} from "./runtime.ts";
import { writeMaps } from "./id-maps.ts";
import { initFailure, startFailure } from "./start-failure.ts";
import { type KeptProcesses, readProcesses } from "./state-files.ts";
import { seccompProgram } from "./seccomp-program.ts";
import { StepFault } from "./step-fault.ts";

export interface OwnRuntimeOptions {
  /** Where the init is written to, once. */
  readonly initDirectory: string;
  readonly clock: Clock;
}

/**
 * Containers by our own init: started from this process, kept by a shim of a few pages that outlives it. Nothing is
 * ever mounted on the machine, and no secret is written to a file.
 */
export class OwnRuntime implements OciRuntime {
  readonly name = "plinth";
  readonly #options: OwnRuntimeOptions;
  readonly #init: () => Promise<Init>;
  #spawner: Spawner | undefined;

  constructor(options: OwnRuntimeOptions) {
    this.#options = options;
    this.#init = initIn(options.initDirectory);
  }

  async start(prepared: PreparedContainer): Promise<TaskHandle> {
    const { id, stateDirectory, config, limits, logFile, network } = prepared;
    const { clock } = this.#options;
    const mark = randomBytes(16).toString("hex");
    const { plan, limitations } = planOf(prepared, `plinth-${id}-${mark.slice(0, 8)}`);
    const task: TaskRecord = {
      id,
      mark,
      startedAtMs: clock.now(),
      command: config.process.args?.[0] ?? "",
      isFound: true,
      directory: config.process.cwd,
      memoryBytes: limits.memoryBytes ?? null,
      cgroups: plan,
      notices: limitations.map(({ reason }) => reason),
      network: network ?? null,
      byInit: true,
    };
    writeTask(stateDirectory, task);
    try {
      makeCgroups(plan);
    } catch (error) {
      removeTask(stateDirectory);
      throw new Fault("unsupported", `Cannot make a cgroup for "${id}": ${messageOf(error)}`, {
        cause: error,
      });
    }
    try {
      return await this.#run(prepared, task, logFile);
    } catch (error) {
      await this.#abandon(task, stateDirectory);
      const exit = error instanceof StepFault ? startFailure(error, task) : undefined;
      if (exit === undefined) throw error;
      return new NeverStarted(task, exit);
    }
  }

  async recover({ id, stateDirectory }: TaskPlace): Promise<TaskHandle | undefined> {
    const task = readTask(stateDirectory);
    if (task === undefined || task.id !== id) return undefined;
    const running = readProcesses(stateDirectory, task.mark);
    // A shim that has written nothing yet gives up once it is ready: whoever wanted it is gone.
    if (running === undefined) {
      await this.#abandon(task, stateDirectory);
      return undefined;
    }
    const handle = this.#handle(task, running, stateDirectory);
    handle.look();
    if (handle.isEnding) await handle.wait();
    return handle;
  }

  async exec(handle: TaskHandle, command: ContainerCommand, options: RuntimeExecOptions): Promise<number> {
    if (!(handle instanceof ProcessHandle) || handle.exit() !== undefined)
      throw new Fault("gone", `Cannot run a command in "${handle.id}": it is not running`);
    const { task, membership } = handle;
    const seen = visiblePid(membership.main.pid);
    const target = seen === undefined ? undefined : processIdentity(seen);
    if (target === undefined)
      throw new Fault("gone", `Cannot run a command in "${handle.id}": it is not running`);
    return execInContainer({
      target: { id: handle.id, main: target, cgroup: placeOf(task) },
      mark: task.mark,
      init: await this.#init(),
      process: command.process,
      seccomp: seccompProgram(command.seccomp),
      options,
    });
  }

  async #run(prepared: PreparedContainer, task: TaskRecord, logFile: string): Promise<TaskHandle> {
    const { id, stateDirectory, config } = prepared;
    const init = await this.#init();
    this.#spawner ??= new Spawner(init, this.#options.initDirectory);
    const seccomp = seccompProgram(config.linux?.seccomp);
    const overlay = prepared.overlay === undefined ? undefined : overlayOf(prepared.overlay);
    mkdirSync(dirname(logFile), { recursive: true, mode: 0o700 });
    const container = await createContainer({
      id,
      init,
      spawner: this.#spawner,
      startsAtOnce: true,
      config,
      bundle: stateDirectory,
      stateDirectory,
      mark: task.mark,
      logFile,
      cgroup: placeOf(task),
      reaper: prepared.reaper,
      ...(seccomp !== undefined && { seccomp }),
      ...(overlay !== undefined && { overlay }),
      ...(prepared.maps?.byTools === true && { onIdMaps: (pid) => writeMaps(pid, prepared.maps!) }),
    });
    return this.#handle(task, container, stateDirectory, container);
  }

  #handle(
    task: TaskRecord,
    { shim, main }: KeptProcesses,
    stateDirectory: string,
    keeper?: Container,
  ): ProcessHandle {
    return new ProcessHandle({
      task,
      running: { shim, main },
      stateDirectory,
      clock: this.#options.clock,
      startFailure: () => initFailure(task, stateDirectory),
      asksMainOnly: true,
      ownPids: true,
      ...(keeper !== undefined && { keeper }),
    });
  }

  async #abandon(task: TaskRecord, stateDirectory: string): Promise<void> {
    const running = readProcesses(stateDirectory, task.mark);
    if (running !== undefined)
      killMembers({
        ...running,
        cgroup: task.cgroups.members ?? undefined,
        mark: task.mark,
        byInit: true,
        ownPids: true,
      });
    await removeCgroups(task.cgroups, this.#options.clock);
    removeTask(stateDirectory);
  }
}

function overlayOf({ directory, lowerdirs, upper, work, xattrs }: OverlayRoot): Overlay {
  return { lower: lowerdirs.map((name) => join(directory, name)), upper, work, xattrs };
}

const isOrdinary = (): boolean => process.geteuid?.() !== 0;

/** What a container is held by, and the limits that nobody can hold it to here though it may run without. */
function planOf(
  { config, limits }: PreparedContainer,
  name: string,
): { readonly plan: CgroupPlan; readonly limitations: readonly Limitation[] } {
  const system = readCgroupSystem();
  const { limitations } = planCgroups(system, limits, name);
  const [refused] = limitations;
  if (refused !== undefined && !limits.bestEffort)
    throw new Fault("unsupported", refused.reason, { hint: refused.hint });
  const without = new Set(limitations.map(({ resource }) => resource));
  const held: ResourceLimits = {
    ...limits,
    memoryBytes: without.has("memory") ? undefined : limits.memoryBytes,
    cpus: without.has("cpu") ? undefined : limits.cpus,
    processes: without.has("processes") ? undefined : limits.processes,
  };
  const resources = { ...config.linux?.resources, ...resourcesOf(held) };
  const { plan } = planContainerCgroup({
    system,
    name,
    resources,
    hierarchies: "needed",
    isRootless: isOrdinary(),
  });
  return { plan, limitations };
}

/**
 * Its devices are decided on by a program where v2 does that, whose rules are the same for all of ours. An ordinary
 * user may attach none, and needs none: in a user namespace nobody can make a device that opens.
 */
function placeOf({ cgroups }: TaskRecord): CgroupPlace {
  const place = placeIn(cgroups);
  const isByProgram = !isOrdinary() && place.unified !== undefined && !readCgroupSystem().v1.has("devices");
  return { ...place, ...(isByProgram && { deviceProgram: deviceProgram(NO_DEVICES) }) };
}
