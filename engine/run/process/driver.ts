import { randomBytes } from "node:crypto";
import { closeSync, existsSync, mkdirSync, openSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Clock } from "@plinth/clock";
import { Fault, messageOf } from "@plinth/fault";
import {
  bootId,
  hasInEnvironment,
  isRunning,
  type ProcessIdentity,
  processIdentity,
  processTable,
  signalProcess,
} from "@plinth/process";
import type { ResourceLimits } from "@plinth/resource";
import { readLastCapability } from "../container/create.ts";
import { execInContainer } from "../container/exec-in-container.ts";
import { type KeptProcesses, readExit, readProcesses } from "../container/state-files.ts";
import { StepFault } from "../container/step-fault.ts";
import type {
  Driver,
  ExecAbility,
  ExecOptions,
  Fingerprint,
  Limitation,
  TaskHandle,
  TaskPlace,
  TaskSpec,
} from "../driver.ts";
import { nextChange } from "../directory-change.ts";
import { type Init, initIn } from "../init/init-file.ts";
import { launch, unexpectedEnd } from "../init/launch.ts";
import { encodeProgram } from "../init/program.ts";
import { hostArchitecture } from "../machine/architecture.ts";
import { cgroupMembers, makeCgroups, removeCgroups } from "../oci/cgroup/make.ts";
import type { PlannedDirectory } from "../oci/cgroup/plan.ts";
import { readCgroupSystem } from "../oci/cgroup/system.ts";
import { checkDirectory } from "../working-directory.ts";
import { planCgroups } from "./cgroup.ts";
import { fingerprintProcessDriver, lacking } from "./fingerprint.ts";
import { ProcessHandle } from "./handle.ts";
import { MARK_VARIABLE } from "./members.ts";
import { nameSwitch, type TaskPlacement } from "./place.ts";
import { joinProgram, taskProgram } from "./program.ts";
import { startFailure } from "./start-failure.ts";
import { hasBegun, readTask, removeTask, type TaskRecord, writeTask } from "./state.ts";

/** Ids become names of cgroups and environment values. */
const ID_PATTERN = /^[a-z0-9][a-z0-9.-]{0,159}$/;
/** A shim that has not recorded its command by then never will. */
const LAUNCH_TIMEOUT_MS = 10_000;

const NO_DISK: Limitation = {
  resource: "disk",
  reason: "Cannot limit disk: a process without a container writes to the machine's own files",
  hint: 'Give the service an `image` or `isolate: true`, or set "resources.enforce" to "best-effort".',
};

export interface ProcessDriverOptions {
  readonly clock: Clock;
  /** Where the init is kept. */
  readonly initDirectory: string;
}

/** Runs instances as plain processes, each in a session and, where the machine lets us, a cgroup of its own. */
export function createProcessDriver(options: ProcessDriverOptions): Driver & ExecAbility {
  return new ProcessDriver(options);
}

class ProcessDriver implements Driver, ExecAbility {
  readonly name = "process";
  readonly #clock: Clock;
  readonly #init: () => Promise<Init>;

  constructor({ clock, initDirectory }: ProcessDriverOptions) {
    this.#clock = clock;
    this.#init = initIn(initDirectory);
  }

  fingerprint(): Promise<Fingerprint> {
    return Promise.resolve(fingerprintProcessDriver());
  }

  check(limits: ResourceLimits): readonly Limitation[] {
    return planned(limits, "plinth").limitations;
  }

  async start(spec: TaskSpec): Promise<TaskHandle> {
    if (!ID_PATTERN.test(spec.id)) throw new Fault("invalid", `Cannot start "${spec.id}": not a valid id`);
    const lacks = lacking();
    if (lacks !== undefined) throw new Fault("unsupported", `Cannot start "${spec.id}": ${lacks}`);
    checkDirectory(spec.directory);
    checkTexts(spec.id, [...spec.command, ...Object.entries(spec.env).flat()]);
    const mark = randomBytes(16).toString("hex");
    const { plan, limitations } = planned(spec.limits, `plinth-${spec.id}-${mark.slice(0, 8)}`);
    const [refused] = limitations;
    if (refused !== undefined && !spec.limits.bestEffort)
      throw new Fault("unsupported", refused.reason, { hint: refused.hint });
    checkNotRunning(spec);
    let task: TaskRecord = {
      id: spec.id,
      mark,
      startedAtMs: this.#clock.now(),
      command: spec.command[0] ?? "",
      isFound: isFound(spec.command[0] ?? "", spec.env["PATH"]),
      directory: spec.directory,
      memoryBytes: spec.limits.memoryBytes ?? null,
      cgroups: plan,
      notices: limitations.map(({ reason }) => reason),
      network: spec.network ?? null,
      byInit: true,
    };
    const isLimited = plan.directories.some(hasSettings);
    const strict = isLimited && !spec.limits.bestEffort;
    writeTask(spec.stateDirectory, task);
    try {
      makeCgroups(plan);
    } catch (error) {
      const reason = `Cannot make a cgroup for "${spec.id}": ${messageOf(error)}`;
      if (strict) throw new Fault("unsupported", reason, { cause: error });
      task = {
        ...task,
        cgroups: { members: null, directories: [] },
        notices: isLimited ? [...task.notices, reason] : task.notices,
      };
      writeTask(spec.stateDirectory, task);
    }
    try {
      return await this.#launch(spec, task, strict);
    } catch (error) {
      await this.#abandon(task);
      throw error;
    }
  }

  async recover(place: TaskPlace): Promise<TaskHandle | undefined> {
    const task = readTask(place.stateDirectory);
    if (task === undefined || task.id !== place.id) return undefined;
    // A daemon that died right after it handed over the table leaves a shim which has not written its file yet.
    const handle = await this.#whenRunning(place, task, () => !isMarked(task.mark));
    if (handle === undefined) {
      await this.#abandon(task);
      removeTask(place.stateDirectory);
      return undefined;
    }
    // One that has ended is handed out once all that is left of it is gone and its exit is known.
    handle.look();
    if (handle.isEnding) await handle.wait();
    return handle;
  }

  async exec(handle: TaskHandle, command: readonly string[], options: ExecOptions): Promise<number> {
    if (!(handle instanceof ProcessHandle) || handle.exit() !== undefined)
      throw new Fault("gone", `Cannot run a command in "${handle.id}": it is not running`);
    if (options.terminal !== undefined)
      throw new Fault(
        "unsupported",
        `Cannot give a command in "${handle.id}" a terminal: it is no container`,
        {
          hint: "Leave -t out; -i gives it input.",
        },
      );
    options.signal?.throwIfAborted();
    const place = await this.#placeOf(handle);
    const { task, membership } = handle;
    const { cgroup, main } = membership;
    const isThere = cgroup !== undefined && cgroupMembers(cgroup) !== undefined;
    const env = environmentOf(options, task);
    return execInContainer({
      target: {
        id: handle.id,
        main,
        program: ({ args = [], env: entries = [], cwd }, descriptor) =>
          joinProgram({
            command: { args, env: entries, directory: cwd },
            cgroups: isThere ? task.cgroups : { members: null, directories: [] },
            place,
            main: descriptor,
          }),
      },
      mark: task.mark,
      init: await this.#init(),
      process: { args: command, env, cwd: options.directory },
      seccomp: undefined,
      options,
    });
  }

  /** Where a task is, once it is there itself; undefined for one in the host's network. */
  async #placeOf(handle: ProcessHandle): Promise<TaskPlacement | undefined> {
    const { network } = handle.task;
    if (network === undefined || network === null) return undefined;
    while (!hasBegun(handle.stateDirectory)) {
      if (handle.exit() !== undefined)
        throw new Fault("gone", `Cannot run a command in "${handle.id}": it did not start`);
      await nextChange(handle.stateDirectory, this.#clock);
    }
    return { network, nsswitch: "", lastCapability: readLastCapability() };
  }

  /** Resolves once its command runs, or is known not to. */
  async #launch(spec: TaskSpec, task: TaskRecord, strict: boolean): Promise<TaskHandle> {
    const { id, stateDirectory, logFile, network } = spec;
    const place = network && {
      network,
      nsswitch: nameSwitch(stateDirectory),
      lastCapability: readLastCapability(),
    };
    const program = taskProgram({
      command: { args: spec.command, env: environmentOf(spec, task), directory: spec.directory },
      stateDirectory,
      mark: task.mark,
      bootId: bootId(),
      cgroups: task.cgroups,
      strict,
      place,
    });
    const init = await this.#init();
    mkdirSync(dirname(logFile), { recursive: true, mode: 0o700 });
    const log = openSync(logFile, "a", 0o600);
    let launched;
    try {
      launched = await launch({
        init,
        program: encodeProgram(program, hostArchitecture()),
        stdio: ["ignore", log, log],
        // It has its own environment before it has its table, so that a recovery sees its mark before anything runs.
        env: { [MARK_VARIABLE]: task.mark },
      });
    } finally {
      closeSync(log);
    }
    const report = await launched.next();
    if (report?.kind !== "started") await launched.ended;
    launched.close();
    launched.unref();
    const running = readProcesses(stateDirectory, task.mark);
    if (running === undefined) {
      const what = `start "${id}"`;
      if (report?.kind === "failed") throw new StepFault(`Cannot ${what}`, report);
      throw unexpectedEnd(what, await launched.ended);
    }
    // Why a command cannot run is told by how its task ended.
    const handle = this.#handle(task, running, stateDirectory);
    void launched.ended.then(({ code }) => handle.look(code ?? undefined));
    return handle;
  }

  #handle(task: TaskRecord, running: KeptProcesses, stateDirectory: string): ProcessHandle {
    return new ProcessHandle({
      task,
      running,
      stateDirectory,
      clock: this.#clock,
      startFailure: () => startFailure(task, stateDirectory),
    });
  }

  /** The handle once the shim has recorded its command; undefined when `givenUp` says it never will. */
  async #whenRunning(
    { stateDirectory }: TaskPlace,
    task: TaskRecord,
    givenUp: () => boolean,
  ): Promise<ProcessHandle | undefined> {
    const deadlineMs = this.#clock.monotonic() + LAUNCH_TIMEOUT_MS;
    for (;;) {
      const late = givenUp() || this.#clock.monotonic() > deadlineMs;
      // Read after asking: a shim that is gone by then has written all it ever will.
      const running = readProcesses(stateDirectory, task.mark);
      if (running !== undefined) return this.#handle(task, running, stateDirectory);
      if (late) return undefined;
      await nextChange(stateDirectory, this.#clock);
    }
  }

  /** A shim that still hangs in its start must not begin once its task is forgotten. */
  async #abandon({ mark, cgroups }: TaskRecord): Promise<void> {
    for (const identity of markedProcesses(mark)) signalProcess(identity, "SIGKILL");
    await removeCgroups(cgroups, this.#clock);
  }
}

const isMarked = (mark: string): boolean =>
  processTable().some(({ pid }) => hasInEnvironment(pid, MARK_VARIABLE, mark));

function markedProcesses(mark: string): ProcessIdentity[] {
  return processTable()
    .map(({ pid }) => processIdentity(pid))
    .filter((identity) => identity !== undefined)
    .filter(({ pid }) => hasInEnvironment(pid, MARK_VARIABLE, mark));
}

const hasSettings = ({ settings }: PlannedDirectory): boolean => settings.length > 0;

function planned(limits: ResourceLimits, name: string): ReturnType<typeof planCgroups> {
  const { plan, limitations } = planCgroups(readCgroupSystem(), limits, name);
  return { plan, limitations: limits.diskBytes === undefined ? limitations : [...limitations, NO_DISK] };
}

function checkNotRunning({ id, stateDirectory }: TaskSpec): void {
  const task = readTask(stateDirectory);
  const running = task && readProcesses(stateDirectory, task.mark);
  // A shim that has written the exit code has nothing left to do but end.
  if (task === undefined || running === undefined || readExit(stateDirectory, task.mark) !== undefined)
    return;
  if (!isRunning(running.main) && !isRunning(running.shim)) return;
  throw new Fault("conflict", `Cannot start "${id}": it is running with pid ${running.main.pid}`, {
    hint: "Recover it instead.",
  });
}

/** The kernel takes texts up to their first NUL: what follows it would be lost without a word. */
function checkTexts(id: string, texts: readonly string[]): void {
  if (texts.some((text) => text.includes("\0")))
    throw new Fault("invalid", `Cannot start "${id}": its command or environment has a NUL in it`);
}

/** Of a missing command, exec says "may not be executed" when it may not read one of PATH's directories. */
function isFound(command: string, path = "/usr/bin:/bin"): boolean {
  if (command.includes("/")) return true;
  return command !== "" && path.split(":").some((directory) => existsSync(join(directory, command)));
}

/** NAME=VALUE; with PWD, as a shell sets it where it goes. */
function environmentOf({ env, directory }: Pick<TaskSpec, "env" | "directory">, task: TaskRecord): string[] {
  const whole = { PWD: directory, PLINTH_INSTANCE: task.id, ...env, [MARK_VARIABLE]: task.mark };
  return Object.entries(whole).map(([name, value]) => `${name}=${value}`);
}
