import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { closeSync, existsSync, mkdirSync, openSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Clock } from "@plinth/clock";
import { Fault, messageOf } from "@plinth/fault";
import {
  hasInEnvironment,
  isRunning,
  type ProcessIdentity,
  processIdentity,
  processTable,
  signalProcess,
} from "@plinth/process";
import type { ResourceLimits } from "@plinth/resource";
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
import { shellCode } from "../exit-status.ts";
import { cgroupMembers, makeCgroups, removeCgroups } from "../oci/cgroup/make.ts";
import type { PlannedDirectory } from "../oci/cgroup/plan.ts";
import { readCgroupSystem } from "../oci/cgroup/system.ts";
import { toolPath } from "../tool-path.ts";
import { checkDirectory } from "../working-directory.ts";
import { planCgroups } from "./cgroup.ts";
import { fingerprintProcessDriver } from "./fingerprint.ts";
import { ProcessHandle } from "./handle.ts";
import { MARK_VARIABLE } from "./members.ts";
import { beginCommand, enterCommand } from "./place.ts";
import {
  hasBegun,
  readExitCode,
  readRunning,
  readTask,
  removeTask,
  type TaskRecord,
  writeTask,
} from "./state.ts";

const SHELL = "/bin/sh";
const LAUNCHER: string = fileURLToPath(new URL("launcher.sh", import.meta.url));
const BEGIN: string = fileURLToPath(new URL("begin.sh", import.meta.url));
const ENTER: string = fileURLToPath(new URL("enter.sh", import.meta.url));
/** Ids become names of cgroups and environment values. */
const ID_PATTERN = /^[a-z0-9][a-z0-9.-]{0,159}$/;
/** A launcher that has not recorded its command by then never will. */
const LAUNCH_TIMEOUT_MS = 10_000;

export interface ProcessDriverOptions {
  readonly clock: Clock;
}

/** Runs instances as plain processes, each in a session and, where the machine lets us, a cgroup of its own. */
export function createProcessDriver(options: ProcessDriverOptions): Driver & ExecAbility {
  return new ProcessDriver(options.clock);
}

class ProcessDriver implements Driver, ExecAbility {
  readonly name = "process";
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  fingerprint(): Promise<Fingerprint> {
    return Promise.resolve(fingerprintProcessDriver());
  }

  check(limits: ResourceLimits): readonly Limitation[] {
    return planCgroups(readCgroupSystem(), limits, "plinth").limitations;
  }

  async start(spec: TaskSpec): Promise<TaskHandle> {
    if (!ID_PATTERN.test(spec.id)) throw new Fault("invalid", `Cannot start "${spec.id}": not a valid id`);
    checkDirectory(spec.directory);
    const mark = randomBytes(16).toString("hex");
    const { plan, limitations } = planCgroups(
      readCgroupSystem(),
      spec.limits,
      `plinth-${spec.id}-${mark.slice(0, 8)}`,
    );
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
    const child = await launch(spec, task, strict).catch(async (error: unknown) => {
      await removeCgroups(task.cgroups, this.#clock);
      throw error;
    });
    const handle = await this.#whenRunning(
      spec,
      task,
      () => child.exitCode !== null || child.signalCode !== null,
    );
    if (handle === undefined) {
      await this.#abandon(task);
      throw new Fault(
        "unavailable",
        `Cannot start "${spec.id}": the launcher ended before its command began`,
        {
          hint: `See ${spec.logFile}; a full disk is one cause.`,
        },
      );
    }
    const onExit = (code: number | null): void => handle.look(code ?? undefined);
    if (child.exitCode !== null) onExit(child.exitCode);
    else child.once("exit", onExit);
    return handle;
  }

  async recover(place: TaskPlace): Promise<TaskHandle | undefined> {
    const task = readTask(place.stateDirectory);
    if (task === undefined || task.id !== place.id) return undefined;
    // A daemon that died right after it said "go" leaves a launcher which has not written its file yet.
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
    const enter = await this.#enter(handle);
    options.signal?.throwIfAborted();
    const { cgroup } = handle.membership;
    const joins =
      cgroup === undefined || cgroupMembers(cgroup) === undefined ? [] : handle.task.cgroups.directories;
    const child = spawn(
      SHELL,
      [
        ENTER,
        String(joins.length),
        ...joins.map(({ path }) => `${path}/cgroup.procs`),
        "",
        ...(enter.length === 0 ? command : [...enter, SHELL, ENTER, "0", options.directory, ...command]),
      ],
      {
        cwd: options.directory,
        env: environmentOf(options.env, handle.task),
        // Its own group, so that ending it ends what it started; members of the task all the same, by mark.
        detached: true,
        stdio: [
          options.stdin ? "pipe" : "ignore",
          options.stdout ? "pipe" : "ignore",
          options.stderr ? "pipe" : "ignore",
        ],
      },
    );
    const end = (): void => {
      try {
        const isReaped = child.exitCode !== null || child.signalCode !== null;
        if (child.pid !== undefined && !isReaped) process.kill(-child.pid, "SIGKILL");
      } catch {
        // Gone already.
      }
    };
    options.signal?.addEventListener("abort", end, { once: true });
    try {
      if (options.stdin && child.stdin)
        options.stdin
          .on("error", end)
          .pipe(child.stdin)
          .on("error", () => {});
      if (options.stdout) child.stdout?.pipe(options.stdout, { end: false });
      if (options.stderr) child.stderr?.pipe(options.stderr, { end: false });
      const [code, signal] = (await once(child, "close")) as [number | null, NodeJS.Signals | null];
      options.signal?.throwIfAborted();
      return shellCode(code, signal);
    } catch (error) {
      options.signal?.throwIfAborted();
      throw new Fault("unavailable", `Cannot run a command in "${handle.id}": ${messageOf(error)}`, {
        cause: error,
      });
    } finally {
      options.signal?.removeEventListener("abort", end);
      if (child.stdin) options.stdin?.unpipe(child.stdin);
    }
  }

  /** What leads to where the task is, once it is there itself; nothing for one in the host's network. */
  async #enter(handle: ProcessHandle): Promise<string[]> {
    const { network } = handle.task;
    if (network === undefined || network === null) return [];
    while (!hasBegun(handle.stateDirectory)) {
      if (handle.exit() !== undefined)
        throw new Fault("gone", `Cannot run a command in "${handle.id}": it did not start`);
      await nextChange(handle.stateDirectory, this.#clock);
    }
    return enterCommand(network, handle.pid);
  }

  /** The handle once the launcher has recorded its command; undefined when `givenUp` says it never will. */
  async #whenRunning(
    place: TaskPlace,
    task: TaskRecord,
    givenUp: () => boolean,
  ): Promise<ProcessHandle | undefined> {
    const deadlineMs = this.#clock.monotonic() + LAUNCH_TIMEOUT_MS;
    for (;;) {
      const late = givenUp() || this.#clock.monotonic() > deadlineMs;
      // Read after asking: a launcher that is gone by then has written all it ever will.
      const running = readRunning(place.stateDirectory, task.mark);
      if (running !== undefined)
        return new ProcessHandle({ task, running, stateDirectory: place.stateDirectory, clock: this.#clock });
      if (late) return undefined;
      await nextChange(place.stateDirectory, this.#clock);
    }
  }

  /** A launcher that still hangs in its start must not begin once its task is forgotten. */
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

function checkNotRunning({ id, stateDirectory }: TaskSpec): void {
  const task = readTask(stateDirectory);
  const running = task && readRunning(stateDirectory, task.mark);
  // A launcher that has written the exit code has nothing left to do but end.
  if (task === undefined || running === undefined || readExitCode(stateDirectory, task.mark) !== undefined)
    return;
  if (!isRunning(running.main) && !isRunning(running.launcher)) return;
  throw new Fault("conflict", `Cannot start "${id}": it is running with pid ${running.main.pid}`, {
    hint: "Recover it instead.",
  });
}

/** A shell says "not executable" of a missing command when it may not read one of PATH's directories. */
function isFound(command: string, path = "/usr/bin:/bin"): boolean {
  if (command.includes("/")) return true;
  return path.split(":").some((directory) => existsSync(join(directory, command)));
}

function environmentOf(env: Readonly<Record<string, string>>, task: TaskRecord): Record<string, string> {
  return { PLINTH_INSTANCE: task.id, ...env, [MARK_VARIABLE]: task.mark };
}

async function launch(spec: TaskSpec, task: TaskRecord, strict: boolean): Promise<ChildProcess> {
  mkdirSync(dirname(spec.logFile), { recursive: true, mode: 0o700 });
  const log = openSync(spec.logFile, "a", 0o600);
  try {
    const { members, directories } = task.cgroups;
    const joins = directories.map(({ path }) => `${path}/cgroup.procs`);
    const begin = { shell: SHELL, script: BEGIN, stateDirectory: spec.stateDirectory, strict };
    const child = spawn(
      SHELL,
      [
        LAUNCHER,
        spec.stateDirectory,
        task.mark,
        toolPath("mv"),
        toolPath("sleep"),
        toolPath("grep"),
        members ?? "",
        ...beginCommand({ ...begin, joins, network: spec.network }, spec.command),
      ],
      {
        cwd: spec.directory,
        env: environmentOf(spec.env, task),
        detached: true,
        stdio: ["pipe", log, log],
      },
    );
    // It has its own environment from here on, so that a recovery sees its mark: only now may it run the command.
    await once(child, "spawn");
    child.stdin?.on("error", () => {}).end("go\n");
    child.unref();
    return child;
  } catch (error) {
    if (error instanceof Fault) throw error;
    throw new Fault("unavailable", `Cannot start "${spec.id}": ${messageOf(error)}`, { cause: error });
  } finally {
    closeSync(log);
  }
}
