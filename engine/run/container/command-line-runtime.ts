import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { randomBytes } from "node:crypto";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Clock } from "@plinth/clock";
import { Fault } from "@plinth/fault";
import { type ProcessIdentity, processIdentity, signalProcess } from "@plinth/process";
import type { Driver, ExecAbility, TaskHandle, TaskPlace } from "../driver.ts";
import type { ExitStatus } from "../exit-status.ts";
import type { TaskNetwork } from "../network/task-network.ts";
import { nextChange } from "../directory-change.ts";
import { removeDirectory } from "../oci/cgroup/directory.ts";
import { readCgroupSystem } from "../oci/cgroup/system.ts";
import { findTool, toolPath } from "../tool-path.ts";
import { ContainerHandle } from "./handle.ts";
import type {
  ContainerCommand,
  OciRuntime,
  OverlayRoot,
  PreparedContainer,
  RuntimeExecOptions,
} from "./runtime.ts";
import { messageIn, startFailure } from "./runtime-errors.ts";

const SCRIPT: string = fileURLToPath(new URL("run-container.sh", import.meta.url));
const SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/** The runtime's own processes are in the container's cgroup, and must not be refused by its limit. */
const RUNTIME_PROCESSES = 32;
/** What mount(2) takes as options: a page, with a NUL at its end. */
const OVERLAY_OPTION_BYTES_MAX = 4095;
/** Between two looks for what a runtime tells. */
const POLL_MS = 5;
/** A runtime has told by then which process a command is. */
const TOLD_WITHIN_MS = 2000;

export interface CommandLineRuntimeOptions {
  /** "crun", "runc", or the path of one. */
  readonly program: string;
  /** Keeps the runtime running, which stays until its container ends. */
  readonly driver: Driver & ExecAbility;
  readonly clock: Clock;
}

/** What recovery must know and the runtime does not say. Written before anything is started. */
interface KeptRecord {
  readonly program: string;
  readonly command: string;
  readonly network: TaskNetwork | null;
  /** Of the runtime's own, which it leaves when it is killed. */
  readonly cgroup: string | null;
}

/**
 * Containers by crun or runc. It runs under the process driver's launcher, in mounts of its own.
 * The environment stands in config.json, as the specification wants it, until the container has started; crun keeps a
 * copy in the instance's directory. Both are for the owner only.
 */
export class CommandLineRuntime implements OciRuntime {
  readonly name: string;
  readonly #options: CommandLineRuntimeOptions;

  constructor(options: CommandLineRuntimeOptions) {
    this.#options = options;
    this.name = options.program;
  }

  async start(container: PreparedContainer): Promise<TaskHandle> {
    const { id, stateDirectory, config, overlay, limits, logFile, network } = container;
    const program = programPath(this.#options.program);
    const cgroup = isCrun(program) ? undefined : ownCgroup(id, program);
    const files = filesOf(stateDirectory);
    for (const path of [files.pid, files.errors]) rmSync(path, { force: true });
    rmSync(files.runtime, { recursive: true, force: true });
    mkdirSync(files.bundle, { recursive: true, mode: 0o700 });
    const kept: KeptRecord = {
      program,
      command: config.process.args?.[0] ?? "",
      network: network ?? null,
      cgroup: cgroup?.directory ?? null,
    };
    writeFileSync(files.record, JSON.stringify(kept), { mode: 0o600 });
    const linux = { ...config.linux, ...(cgroup !== undefined && { cgroupsPath: cgroup.name }) };
    writeFileSync(files.config, JSON.stringify({ ...config, linux }), { mode: 0o600 });
    const keeper = await this.#options.driver.start({
      id,
      stateDirectory,
      command: [
        ...inOwnMounts(program, files.errors, overlay && { root: config.root.path, of: overlay }),
        program,
        ...globals(program, files),
        "run",
        "--bundle",
        files.bundle,
        "--pid-file",
        files.pid,
        id,
      ],
      directory: stateDirectory,
      env: { PATH: SYSTEM_PATH },
      limits: {
        ...limits,
        ...(limits.processes !== undefined && { processes: limits.processes + RUNTIME_PROCESSES }),
        diskBytes: undefined, // not for the kernel to hold it to
      },
      logFile,
    });
    const main = await this.#whenThere(keeper, stateDirectory);
    rmSync(files.config, { force: true });
    return this.#handle(keeper, main, stateDirectory, kept);
  }

  async recover(place: TaskPlace): Promise<TaskHandle | undefined> {
    const files = filesOf(place.stateDirectory);
    const kept = readRecord(files.record);
    if (kept === undefined) return undefined;
    const keeper = await this.#options.driver.recover(place);
    if (keeper === undefined) return undefined;
    const main = await this.#whenThere(keeper, place.stateDirectory);
    const handle = this.#handle(keeper, main, place.stateDirectory, kept);
    if (keeper.exit() !== undefined) await handle.wait();
    return handle;
  }

  async exec(
    handle: TaskHandle,
    { process: command }: ContainerCommand,
    options: RuntimeExecOptions,
  ): Promise<number> {
    if (!(handle instanceof ContainerHandle) || handle.exit() !== undefined)
      throw new Fault("gone", `Cannot run a command in "${handle.id}": it is not running`);
    if (options.terminal !== undefined)
      throw new Fault(
        "unsupported",
        `Cannot give a command in "${handle.id}" a terminal with runtime "${this.name}"`,
        {
          hint: "Leave -t out, or leave `runtime` out of the service: Plinth's own gives terminals.",
        },
      );
    const { stateDirectory } = handle;
    const files = filesOf(stateDirectory);
    const program = readRecord(files.record)?.program ?? programPath(this.#options.program);
    const own = join(stateDirectory, `exec-${randomBytes(8).toString("hex")}`);
    const paths = { process: `${own}.json`, pid: `${own}.pid`, errors: `${own}.errors` };
    writeFileSync(paths.process, JSON.stringify(command), { mode: 0o600 });
    const over = new AbortController();
    const end = (): void =>
      void this.#endCommand(paths.pid).finally(() => over.abort(options.signal?.reason));
    options.signal?.throwIfAborted();
    options.signal?.addEventListener("abort", end, { once: true });
    try {
      const line = [
        ...inOwnMounts(program, paths.errors),
        program,
        ...globals(program, { ...files, errors: paths.errors }),
        "exec",
      ];
      const code = await this.#options.driver.exec(
        handle.keeper,
        [...line, "--process", paths.process, "--pid-file", paths.pid, handle.id],
        { ...options, signal: over.signal, env: { PATH: SYSTEM_PATH }, directory: stateDirectory },
      );
      const failure = startFailure(paths.errors, command.args?.[0] ?? "", undefined);
      const why = failure === undefined ? "" : messageIn(paths.errors);
      if (why !== "" && failure?.code !== undefined) options.stderr?.write(`${why}\n`);
      return failure?.code ?? code;
    } finally {
      options.signal?.removeEventListener("abort", end);
      for (const path of Object.values(paths)) rmSync(path, { force: true });
    }
  }

  /** A runtime that is killed before it has said which process it made leaves that one to run on. */
  async #endCommand(pidFile: string): Promise<void> {
    const lateMs = this.#options.clock.monotonic() + TOLD_WITHIN_MS;
    let identity = identityOf(textIn(pidFile));
    while (identity === undefined && this.#options.clock.monotonic() < lateMs) {
      await this.#options.clock.sleep(POLL_MS);
      identity = identityOf(textIn(pidFile));
    }
    if (identity !== undefined) signalProcess(identity, "SIGKILL");
  }

  #handle(
    keeper: TaskHandle,
    main: ProcessIdentity | undefined,
    stateDirectory: string,
    kept: KeptRecord,
  ): ContainerHandle {
    const files = filesOf(stateDirectory);
    const settle = (exit: ExitStatus): Promise<ExitStatus> => {
      const failure = startFailure(files.errors, kept.command, kept.network ?? undefined);
      // A runtime that was killed keeps its records of a container that is gone.
      rmSync(files.runtime, { recursive: true, force: true });
      rmSync(files.bundle, { recursive: true, force: true });
      if (kept.cgroup !== null) removeDirectory(kept.cgroup);
      return Promise.resolve(failure ?? exit);
    };
    return new ContainerHandle({ keeper, main, stateDirectory, settle, clock: this.#options.clock });
  }

  /** The container's first process, once its runtime has told it; undefined when it ended without. */
  async #whenThere(keeper: TaskHandle, directory: string): Promise<ProcessIdentity | undefined> {
    const { pid } = filesOf(directory);
    for (;;) {
      const isOver = keeper.exit() !== undefined;
      // Read once: the runtime may fill it between two looks.
      const told = textIn(pid);
      const identity = identityOf(told);
      // A number that is another's by now is none of the task's.
      if (identity !== undefined && (isOver || keeper.members().includes(identity.pid))) return identity;
      if (isOver || (told !== "" && identity === undefined)) return undefined;
      await nextChange(directory, this.#options.clock);
    }
  }
}

interface Files {
  readonly record: string;
  readonly bundle: string;
  readonly config: string;
  readonly runtime: string;
  readonly pid: string;
  readonly errors: string;
}

function filesOf(directory: string): Files {
  const bundle = join(directory, "bundle");
  return {
    record: join(directory, "container.json"),
    bundle,
    config: join(bundle, "config.json"),
    runtime: join(directory, "runtime"),
    pid: join(directory, "pid"),
    errors: join(directory, "errors"),
  };
}

function readRecord(path: string): KeptRecord | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as KeptRecord;
  } catch {
    return undefined;
  }
}

/** What a file says; nothing where there is none yet. */
function textIn(path: string): string {
  try {
    return readFileSync(path, "utf8").trim();
  } catch {
    return "";
  }
}

/** The process whose number it is. */
function identityOf(text: string): ProcessIdentity | undefined {
  const pid = Number(text);
  return Number.isInteger(pid) && pid > 0 ? processIdentity(pid) : undefined;
}

/** What leads to where a runtime works: mounts of its own, the container's root among them. */
function inOwnMounts(
  program: string,
  errors: string,
  overlay?: { readonly root: string; readonly of: OverlayRoot },
): string[] {
  const own = [toolPath("unshare"), "--mount", "--propagation", "slave", "--"];
  const script = [toolPath("sh"), SCRIPT, errors, toolPath("umount"), toolPath("mount")];
  const root =
    overlay === undefined ? ["", "", ""] : [overlayOptions(overlay.of), overlay.of.directory, overlay.root];
  return [...own, ...script, ...root, ...hiddenMounts(program), "--"];
}

/**
 * Cgroups that a runtime must not see. crun gives up where v1 and v2 are mounted side by side, though it is told to
 * leave both alone. runc makes cgroups wherever it finds some, and does not go without those of devices.
 */
function hiddenMounts(program: string): string[] {
  const { version, unified, v1 } = readCgroupSystem();
  const side = version === "hybrid" && unified !== undefined ? [unified.mount] : [];
  const others = [...v1.values()]
    .map(({ mount }) => mount)
    .filter((mount) => mount !== v1.get("devices")?.mount);
  return isCrun(program) ? side : [...new Set([...side, ...others])];
}

const isCrun = (program: string): boolean => basename(program).startsWith("crun");

/** crun is told to leave cgroups alone: the container is in ours from its first instruction on. */
function globals(program: string, files: Files): string[] {
  const own = ["--root", files.runtime, "--log", files.errors, "--log-format", "json"];
  return isCrun(program) ? [...own, "--cgroup-manager", "disabled"] : own;
}

/**
 * runc makes a cgroup of devices, in that of its keeper or else in ours, under a name that we can take away. With
 * version 2 it makes one for everything, where no limit of Plinth's holds and no member is found.
 */
function ownCgroup(id: string, program: string): { readonly name: string; readonly directory: string } {
  const devices = readCgroupSystem().v1.get("devices");
  if (devices === undefined)
    throw new Fault(
      "unsupported",
      `Cannot start "${id}" with ${program}: it would leave its cgroup of version 2`,
      {
        hint: "Use crun, or leave `runtime` out: Plinth has one of its own.",
      },
    );
  const name = `plinth-${id}-runc`;
  return { name, directory: join(devices.own, name) };
}

/** Where a program is, from "crun" or a path. Fault: it is not here. */
function programPath(program: string): string {
  const path = program.startsWith("/") ? program : findTool(program);
  if (path !== undefined && existsSync(path)) return path;
  throw new Fault("unsupported", `Cannot start with runtime "${program}": it is not installed`, {
    hint: 'Install it, or leave "runtime" out: Plinth has one of its own.',
  });
}

/** For mount(8), in the layers' directory. Commas, colons and backslashes in paths would be read as its own. */
function overlayOptions({ lowerdirs, upper, work, xattrs }: OverlayRoot): string {
  const escaped = (path: string): string => path.replace(/[\\,:]/g, (character) => `\\${character}`);
  // What an image calls a device is none: that would be this machine's.
  const places = `nodev,lowerdir=${lowerdirs.map(escaped).join(":")},upperdir=${escaped(upper)},workdir=${escaped(work)}`;
  const options = xattrs === "user" ? `${places},userxattr` : places;
  if (Buffer.byteLength(options) <= OVERLAY_OPTION_BYTES_MAX) return options;
  throw new Fault(
    "unsupported",
    `Cannot mount ${lowerdirs.length} layers: mount(2) takes no options that long`,
    { hint: "Squash the image, choose a home with a shorter path, or use Plinth's own runtime." },
  );
}
