import assert from "node:assert/strict";
import {
  closeSync,
  constants,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  unlinkSync,
  watch,
  writeSync,
} from "node:fs";
import { on } from "node:events";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { Fault, messageOf } from "@plinth/fault";
import { bootId, isRunning, type ProcessIdentity, signalProcess } from "@plinth/process";
import { launch, unexpectedEnd } from "../init/launch.ts";
import { type EncodedProgram, encodeProgram, type Program } from "../init/program.ts";
import type { Report, RunningInit } from "../init/running-init.ts";
import { hostArchitecture } from "../machine/architecture.ts";
import { type CgroupMount, readCgroupMounts } from "./cgroup-mounts.ts";
import type { Container, ContainerExit, CreateOptions } from "./container.ts";
import { type ContainerPlan, containerProgram } from "./program.ts";
import { StepFault } from "./step-fault.ts";
import {
  CANNOT_START_FILE,
  type KeptProcesses,
  EXIT_FILE,
  exitOf,
  readProcesses,
  readStartFailure,
  RUNNING_FILE,
  START_FILE,
  waitsForStart,
} from "./state-files.ts";

let lastCapability: number | undefined;

/** Of this kernel. */
export function readLastCapability(): number {
  lastCapability ??= Number(readFileSync("/proc/sys/kernel/cap_last_cap", "utf8"));
  return lastCapability;
}

let initialUserNamespace: boolean | undefined;

/** Whether every user id is mapped, to itself. */
function isInitialUserNamespace(): boolean {
  initialUserNamespace ??= /^\s*0\s+0\s+4294967295\s*$/.test(readFileSync("/proc/self/uid_map", "utf8"));
  return initialUserNamespace;
}

/** All that decides on the container's program, with what only this machine knows; `explain` takes the same. */
export function planContainer(options: Omit<CreateOptions, "init">): ContainerPlan {
  const { config, cgroup } = options;
  const isOrdinary = process.geteuid?.() !== 0;
  return {
    config,
    bundle: options.bundle,
    stateDirectory: options.stateDirectory,
    mark: options.mark,
    bootId: bootId(),
    cgroup,
    seccomp: options.seccomp,
    overlay: options.overlay,
    consoleSocket: options.consoleSocket,
    logFile: options.logFile,
    startsAtOnce: options.startsAtOnce === true,
    descriptors: options.descriptors?.length ?? 0,
    noPivot: options.noPivot === true,
    noNewKeyring: options.noNewKeyring === true,
    reaper: options.reaper === true,
    orphan: options.orphan === true,
    asksAtNamespaces: options.onNamespaces !== undefined,
    asksForIdMaps: options.onIdMaps !== undefined,
    isOrdinary,
    deniesGroups: isOrdinary && options.onIdMaps === undefined,
    makesDevices: !isOrdinary && isInitialUserNamespace(),
    lastCapability: readLastCapability(),
    cgroups: cgroupMounts(options),
  };
}

function cgroupMounts({ config, cgroup }: Omit<CreateOptions, "init">): CgroupMount[] {
  if (config.mounts?.some(({ type }) => type === "cgroup") !== true) return [];
  const types = new Set(config.linux?.namespaces?.map(({ type }) => type));
  // In a user namespace, v1 hierarchies cannot be mounted at all.
  const ownView = types.has("cgroup") && !types.has("user");
  const shown = ownView ? undefined : (cgroup?.directories ?? []);
  return readCgroupMounts(readFileSync("/proc/self/mountinfo", "utf8"), shown);
}

/**
 * Makes a container whose command waits to be started. Faults say which step failed and why; nothing is left then. If
 * this process dies before it resolves, the container ends, too.
 */
export function createContainer(options: CreateOptions): Promise<Container> {
  return createWith(containerProgram(planContainer(options)), options);
}

/** The same with a program that is given. */
export async function createWith(steps: Program, options: CreateOptions): Promise<Container> {
  const { id, signal, stateDirectory } = options;
  signal?.throwIfAborted();
  const program = encodeProgram(steps, hostArchitecture());
  forget(stateDirectory);
  const init = await begin(program, options);
  // What it has made dies with it.
  const abort = (): void => init.kill();
  signal?.addEventListener("abort", abort, { once: true });
  try {
    const { kind, value } = await untilCreated(init, options);
    // The child may have said so before it died.
    signal?.throwIfAborted();
    const processes = readProcesses(stateDirectory, options.mark);
    if (processes === undefined) throw unexpectedEnd(`create "${id}"`, await init.ended);
    return new CreatedContainer(options, { init, processes, pid: value, isStarted: kind === "started" });
  } catch (error) {
    await init.abandon();
    // A shim that was killed just when its command began has not told anybody.
    const left = readProcesses(stateDirectory, options.mark);
    if (left !== undefined) signalProcess(left.main, "SIGKILL");
    forget(stateDirectory);
    signal?.throwIfAborted();
    throw error;
  } finally {
    signal?.removeEventListener("abort", abort);
  }
}

function begin(program: EncodedProgram, options: CreateOptions): Promise<RunningInit> {
  const { init, spawner, descriptors = [], stdio = ["ignore", "ignore", "ignore"] } = options;
  if (spawner === undefined)
    return launch({ init, program, stdio, descriptors, env: { PLINTH_INSTANCE_MARK: options.mark } });
  assert(descriptors.length === 0 && options.stdio === undefined, "a spawner hands over no descriptors");
  return spawner.spawn(program);
}

type Made = Report & { readonly kind: "created" | "started"; readonly value: number };

async function untilCreated(init: RunningInit, options: CreateOptions): Promise<Made> {
  const what = `create "${options.id}"`;
  const asked = [options.onIdMaps, options.onNamespaces].filter((ask) => ask !== undefined);
  for (;;) {
    const report = await init.next();
    if (report?.kind === "waiting") {
      await asked.shift()?.(report.value);
      // An answer may arrive before the end that was asked for meanwhile.
      options.signal?.throwIfAborted();
      init.answer();
    } else if (report?.kind === "created" || report?.kind === "started")
      return { kind: report.kind, value: report.value };
    else await refuse(what, report, init);
  }
}

async function refuse(what: string, report: Report | undefined, init: RunningInit): Promise<never> {
  if (report?.kind === "failed") {
    // By then it is written down, too.
    await init.ended;
    throw new StepFault(`Cannot ${what}`, report);
  }
  throw unexpectedEnd(what, await init.ended);
}

const OF_A_START: ReadonlySet<string> = new Set([RUNNING_FILE, EXIT_FILE, CANNOT_START_FILE, START_FILE]);

/** Removes what an earlier start left; only where no shim is. */
function forget(stateDirectory: string): void {
  for (const name of readdirSync(stateDirectory))
    if (OF_A_START.has(name)) unlinkSync(join(stateDirectory, name));
}

interface Creation {
  readonly init: RunningInit;
  readonly processes: KeptProcesses;
  readonly pid: number;
  readonly isStarted: boolean;
}

class CreatedContainer implements Container {
  readonly id: string;
  readonly pid: number;
  readonly shim: ProcessIdentity;
  readonly main: ProcessIdentity;
  readonly stdin: Writable | null;
  readonly stdout: Readable | null;
  readonly stderr: Readable | null;
  readonly #init: RunningInit;
  readonly #stateDirectory: string;
  readonly #startsAtOnce: boolean;
  readonly #started: Promise<void>;
  readonly #ended: Promise<ContainerExit>;

  constructor({ id, stateDirectory }: CreateOptions, { init, processes, pid, isStarted }: Creation) {
    this.id = id;
    this.pid = pid;
    this.shim = processes.shim;
    this.main = processes.main;
    this.stdin = init.stdin;
    this.stdout = init.stdout;
    this.stderr = init.stderr;
    this.#init = init;
    this.#stateDirectory = stateDirectory;
    this.#startsAtOnce = isStarted;
    this.#started = isStarted ? Promise.resolve() : this.#awaitStart();
    this.#ended = this.#started.then(() => this.#awaitEnd());
    // Whoever asks is told.
    this.#started.catch(() => {});
    this.#ended.catch(() => {});
  }

  async start(): Promise<void> {
    if (this.#startsAtOnce) return;
    try {
      openGate(this.id, this.#stateDirectory);
    } catch (error) {
      // It may have failed by itself meanwhile, and says why.
      await this.#started;
      throw error;
    }
    await this.#started;
  }

  wait(): Promise<ContainerExit> {
    return this.#ended;
  }

  [Symbol.dispose](): void {
    this.#init.close();
    this.#init.unref();
  }

  async #awaitStart(): Promise<void> {
    const report = await this.#init.next();
    if (report?.kind !== "started") await refuse(`start "${this.id}"`, report, this.#init);
  }

  async #awaitEnd(): Promise<ContainerExit> {
    const report = await this.#init.next();
    if (report?.kind !== "ended") return refuse(`wait for "${this.id}"`, report, this.#init);
    // The shim is the last to go; then nothing of the container is left.
    await this.#init.ended;
    return exitOf(report.value);
  }
}

/** Opens the start gate of a container, whoever created it. Resolves once its command runs. */
export async function startContainer(id: string, stateDirectory: string, mark: string): Promise<void> {
  const watcher = watch(stateDirectory);
  try {
    // Listened to before it can change.
    const changes = on(watcher, "change");
    const processes = readProcesses(stateDirectory, mark);
    openGate(id, stateDirectory);
    // Without a shim, nobody else removes it.
    if (processes?.shim.pid === processes?.main.pid)
      rmSync(join(stateDirectory, START_FILE), { force: true });
    while (waitsForStart(stateDirectory)) {
      if (processes === undefined || !isRunning(processes.shim)) break;
      await changes.next();
    }
  } finally {
    watcher.close();
  }
  const failure = readStartFailure(stateDirectory, mark);
  if (failure !== undefined) throw new Fault("unavailable", `Cannot start "${id}": ${failure.reason}`);
}

function openGate(id: string, stateDirectory: string): void {
  let fd: number;
  try {
    fd = openSync(join(stateDirectory, START_FILE), constants.O_WRONLY | constants.O_NONBLOCK);
  } catch (error) {
    // Nobody is at the other end, or there is no gate any more.
    throw new Fault("conflict", `Cannot start "${id}": it does not wait to be started`, {
      cause: messageOf(error),
    });
  }
  try {
    writeSync(fd, "\n");
  } finally {
    closeSync(fd);
  }
}
