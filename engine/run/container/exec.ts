import { closeSync, constants, openSync, readFileSync, readlinkSync } from "node:fs";
import type { Readable, Writable } from "node:stream";
import { Fault } from "@plinth/fault";
import { bootId, identityInStat, isRunning, type ProcessIdentity, processIdentity } from "@plinth/process";
import { launch, type Launched, unexpectedEnd } from "../init/launch.ts";
import { encodeProgram } from "../init/program.ts";
import { hostArchitecture } from "../machine/architecture.ts";
import type { NamespaceType } from "../oci/config.ts";
import { FIRST_DESCRIPTOR } from "./command.ts";
import type { ContainerExit, Executed, ExecOptions, ExecTarget } from "./container.ts";
import { readLastCapability } from "./create.ts";
import { type ExecPlan, execProgram } from "./exec-program.ts";
import { NAMESPACE_FILES } from "./namespaces.ts";
import { exitOf } from "./state-files.ts";
import { StepFault } from "./step-fault.ts";

/**
 * Runs a command in a container: in its main process's namespaces and cgroups, below its root. Resolves once it runs.
 * The container may have been created by an earlier process of ours. Fault `gone` when it has ended.
 */
export async function execIn(target: ExecTarget, options: ExecOptions): Promise<Executed> {
  const { signal, terminal } = options;
  signal?.throwIfAborted();
  const what = `run a command in "${target.id}"`;
  // Refers to that very process, however its number is used later.
  const main = openProcess(target.main);
  if (main === undefined) throw new Fault("gone", `Cannot ${what}: it is not running`);
  let launched: Launched;
  try {
    const joined = FIRST_DESCRIPTOR + (options.descriptors?.length ?? 0);
    const program = target.program?.(options.process, joined) ?? execProgram(planExec(main, target, options));
    launched = await launch({
      init: options.init,
      program: encodeProgram(program, hostArchitecture()),
      stdio: options.stdio ?? ["ignore", "ignore", "ignore"],
      descriptors: [
        ...(options.descriptors ?? []),
        main,
        ...(terminal !== undefined && "master" in terminal ? [terminal.master] : []),
      ],
      env: options.env ?? {},
    });
  } finally {
    closeSync(main);
  }
  const abort = (): void => void launched.child.kill("SIGKILL");
  signal?.addEventListener("abort", abort, { once: true });
  try {
    const pid = await untilStarted(what, launched);
    return new StartedCommand(what, launched, pid, signal);
  } catch (error) {
    launched.close();
    await launched.ended;
    signal?.throwIfAborted();
    throw error;
  } finally {
    signal?.removeEventListener("abort", abort);
  }
}

function openProcess(identity: ProcessIdentity): number | undefined {
  let fd: number;
  try {
    fd = openSync(`/proc/${identity.pid}`, constants.O_RDONLY | constants.O_DIRECTORY);
  } catch {
    return undefined;
  }
  const found = identityInStat(readOf(fd, "stat"), bootId());
  if (found?.startTicks === identity.startTicks && found.bootId === identity.bootId) return fd;
  closeSync(fd);
  return undefined;
}

/** Of a process's directory; empty when it has ended. */
function readOf(fd: number, name: "stat" | "setgroups"): string {
  try {
    return readFileSync(`/proc/self/fd/${fd}/${name}`, "utf8");
  } catch {
    return "";
  }
}

function planExec(main: number, target: ExecTarget, options: ExecOptions): ExecPlan {
  const namespaces = otherNamespaces(main);
  if (namespaces === undefined)
    throw new Fault("gone", `Cannot run a command in "${target.id}": it is not running`);
  const { terminal } = options;
  return {
    process: options.process,
    namespaces,
    cgroup: target.cgroup,
    seccomp: options.seccomp,
    descriptors: options.descriptors?.length ?? 0,
    terminal: terminal !== undefined && "master" in terminal ? "master" : terminal,
    orphan: options.orphan === true,
    isOrdinary: process.geteuid?.() !== 0,
    deniesGroups: namespaces.has("user") && readOf(main, "setgroups").startsWith("deny"),
    lastCapability: readLastCapability(),
  };
}

/** Those of a process that are not ours; undefined when it has ended. */
function otherNamespaces(main: number): Set<NamespaceType> | undefined {
  const others = new Set<NamespaceType>();
  for (const [type, file] of Object.entries(NAMESPACE_FILES) as [NamespaceType, string][]) {
    try {
      const theirs = readlinkSync(`/proc/self/fd/${main}/ns/${file}`);
      if (theirs !== readlinkSync(`/proc/self/ns/${file}`)) others.add(type);
    } catch (error) {
      // A kernel without such namespaces has no such file; an ended process has none at all.
      if (readOf(main, "stat") === "") return undefined;
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
  }
  return others;
}

/** The command's pid. */
async function untilStarted(what: string, launched: Launched): Promise<number> {
  const report = await launched.next();
  if (report?.kind === "started") return report.value;
  if (report?.kind === "failed") throw new StepFault(`Cannot ${what}`, report);
  throw unexpectedEnd(what, await launched.ended);
}

class StartedCommand implements Executed {
  readonly pid: number;
  readonly stdin: Writable | null;
  readonly stdout: Readable | null;
  readonly stderr: Readable | null;
  readonly #ended: Promise<ContainerExit>;

  constructor(what: string, launched: Launched, pid: number, signal?: AbortSignal) {
    this.pid = pid;
    // Undefined when it has ended already.
    const command = signal && processIdentity(pid);
    this.stdin = launched.child.stdin;
    this.stdout = launched.child.stdout;
    this.stderr = launched.child.stderr;
    const abort = (): void => void (command !== undefined && killGroup(command));
    signal?.addEventListener("abort", abort, { once: true });
    this.#ended = awaitEnd(what, launched).finally(() => signal?.removeEventListener("abort", abort));
    // Whoever asks is told.
    this.#ended.catch(() => {});
  }

  wait(): Promise<ContainerExit> {
    return this.#ended;
  }
}

/** With what it started: it leads a group of its own. */
function killGroup(command: ProcessIdentity): void {
  try {
    if (isRunning(command)) process.kill(-command.pid, "SIGKILL");
  } catch {
    // Gone meanwhile.
  }
}

async function awaitEnd(what: string, launched: Launched): Promise<ContainerExit> {
  const report = await launched.next();
  const ended = await launched.ended;
  launched.close();
  if (report?.kind !== "ended") throw unexpectedEnd(what, ended);
  return exitOf(report.value);
}
