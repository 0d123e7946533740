import { constants } from "node:fs";
import { constants as osConstants } from "node:os";
import { posix } from "node:path";
import { Fault } from "@plinth/fault";
import type { Program } from "../init/program.ts";
import { exitStep, receiveSteps, reportFailureInWords, reportStep } from "../init/report.ts";
import { REPORT_FD } from "../init/layout.ts";
import { call, fail, goTo, Label, Slot, type Step } from "../init/step.ts";
import type { Linux, Mount, OciConfig } from "../oci/config.ts";
import { sysctlPath } from "../oci/config-rules.ts";
import {
  becomeUserSteps,
  closeRestSteps,
  type CommandPlan,
  executeSteps,
  findCommandSteps,
  keepWithoutShim,
} from "./command.ts";
import type { CgroupMount } from "./cgroup-mounts.ts";
import { CgroupJoins } from "./cgroup-joins.ts";
import type { CgroupPlace, Overlay, SeccompProgram } from "./container.ts";
import { deviceLinkSteps, deviceSteps } from "./devices.ts";
import { directoryInRoot } from "./in-root.ts";
import * as kernel from "./kernel.ts";
import { propagationFlag } from "./mount-options.ts";
import { maskSteps, readOnlySteps } from "./hidden-paths.ts";
import { cloneMount, mountPoint, type MountPlace } from "./mount-calls.ts";
import { bindSource, mountSteps } from "./mounts.ts";
import { type IdMaps, namespaceRootSteps, Namespaces, timeNamespaceSteps, writeSteps } from "./namespaces.ts";
import { execLabelSteps, processSettingSteps } from "./process-settings.ts";
import { reaperSteps } from "./reaper.ts";
import {
  attachRootSteps,
  isolateMounts,
  leaveMountsSteps,
  makeRootSteps,
  moveRootSteps,
  pivotSteps,
  readOnlyRoot,
  returnSteps,
} from "./root.ts";
import { Line } from "./line.ts";
import { NOT_STARTED_CODE, shimSteps } from "./shim.ts";
import { START_FILE } from "./state-files.ts";
import {
  connectSteps,
  consoleSteps,
  openTerminal,
  readyTerminal,
  sendDescriptor,
  takeTerminal,
} from "./terminal.ts";

/** All that decides on a container's program; what had to be found out is found out by then. */
export interface ContainerPlan {
  readonly config: OciConfig;
  /** Absolute. */
  readonly bundle: string;
  readonly stateDirectory: string;
  readonly mark: string;
  readonly bootId: string;
  readonly cgroup?: CgroupPlace | undefined;
  readonly seccomp?: SeccompProgram | undefined;
  readonly overlay?: Overlay | undefined;
  readonly consoleSocket?: string | undefined;
  /** What both outputs are appended to. */
  readonly logFile?: string | undefined;
  /** Nobody has to open a gate. */
  readonly startsAtOnce: boolean;
  /** How many descriptors the command gets. */
  readonly descriptors: number;
  readonly noPivot: boolean;
  readonly noNewKeyring: boolean;
  readonly reaper: boolean;
  readonly orphan: boolean;
  /** Somebody answers when all namespaces are there. */
  readonly asksAtNamespaces: boolean;
  /** Somebody else writes the maps of ids. */
  readonly asksForIdMaps: boolean;
  /** An ordinary user makes it. */
  readonly isOrdinary: boolean;
  /** So by maps that it writes itself: then the kernel wants groups to stay as they are. */
  readonly deniesGroups: boolean;
  /** Root outside of all user namespaces makes devices; others show the host's. */
  readonly makesDevices: boolean;
  /** Number of this kernel's last capability. */
  readonly lastCapability: number;
  /** For mounts of type "cgroup". */
  readonly cgroups: readonly CgroupMount[];
}

/** What the init does to make a container: the shim's steps and those of the process that becomes the command. */
export function containerProgram(plan: ContainerPlan): Program {
  const { config } = plan;
  const { process } = config;
  if (process === undefined) throw new Fault("invalid", "Cannot make a container: its config has no process");
  const namespaces = new Namespaces(config.linux?.namespaces ?? []);
  const outside = namespaces.has("mount") ? undefined : outsideOf(plan, namespaces);
  const child = new Label("child");
  const failure = new Label("child failed");
  const line = new Line();
  const joins = new CgroupJoins(plan.cgroup);
  const ready = new Label("ready");
  const gate = plan.startsAtOnce ? undefined : new Slot("gate");
  const terminal: Terminal | undefined = process.terminal === true ? terminalOf(plan) : undefined;
  const clones = sourceClones(plan, namespaces);
  const mounting = mountingOf(plan, clones);
  const isForeign = namespaces.made.has("user") && !plan.isOrdinary;
  const shim = shimSteps({
    mark: plan.mark,
    bootId: plan.bootId,
    stateDirectory: plan.stateDirectory,
    cloneFlags: namespaces.cloneFlags,
    cgroup: plan.cgroup,
    joins,
    idMaps: idMapsOf(plan, namespaces),
    oomScoreAdj: process.oomScoreAdj,
    isFirst: true,
    orphans: plan.orphan,
    child,
    line,
    before: [
      ...(gate === undefined ? [] : gateSteps(plan.stateDirectory, gate)),
      ...(plan.logFile === undefined ? [] : logSteps(plan.logFile)),
      ...(terminal === undefined ? [] : connectSteps(terminal.socketPath, terminal.socket)),
      ...(outside === undefined ? [] : leaveMountsSteps(outside)),
      ...(isForeign ? cloneSourcesSteps(clones, plan.bundle) : []),
      ...(isForeign ? makeRootSteps(mounting.rootPath, mounting.place.root, plan.overlay) : []),
      ...namespaces.shimSteps(),
      ...(namespaces.made.has("time") ? timeNamespaceSteps(config.linux?.timeOffsets) : []),
    ],
  });
  const command: CommandPlan = {
    process,
    seccomp: plan.seccomp,
    lastCapability: plan.lastCapability,
    deniesGroups: plan.deniesGroups && namespaces.made.has("user"),
    descriptors: plan.descriptors,
  };
  const label = execLabelSteps(process);
  // Else it mounts while the shim does its part.
  const waitsEarly = namespaces.has("user") || namespaces.made.has("cgroup");
  // An ordinary user's is who it was, too, when its ids are mapped; without them it may mount no overlay.
  const mapsFirst = plan.isOrdinary && namespaces.made.has("user");
  const steps = [
    child,
    ...line.beginSteps(),
    ...joins.joinSteps(),
    ...label.open,
    ...namespaces.childSteps(),
    ...(mapsFirst ? line.waitSteps() : []),
    ...beginMountsSteps(plan, mounting, isForeign),
    // Until here it is the host's user, who can reach the root.
    ...(waitsEarly && !mapsFirst ? line.waitSteps() : []),
    ...(namespaces.has("user") ? becomeRootSteps(plan) : []),
    call("let nobody look into this process", "prctl", [kernel.PR_SET_DUMPABLE, 0, 0, 0, 0]),
    ...(namespaces.made.has("cgroup")
      ? [call("make a cgroup namespace", "unshare", [kernel.CLONE_NEWCGROUP])]
      : []),
    call("make files with exactly the mode that is asked for", "umask", [0]),
    ...nameSteps(config),
    ...mountNamespaceSteps(plan, mounting, { line, waitsEarly, outside }, terminal),
    call("begin a session", "setsid", []),
    ...(terminal === undefined ? [] : takeTerminal(terminal.slave, process.user?.uid ?? 0)),
    ...label.write,
    ...closeRestSteps(plan.descriptors, [line.child, ...(gate === undefined ? [] : [gate])]),
    ...processSettingSteps(process, config.linux, plan.noNewKeyring),
    ...becomeUserSteps(command),
    ...line.againSteps(),
    ...findCommandSteps(process),
    ...(plan.orphan ? [keepWithoutShim, ...reportStep("created", 0, { to: line.child })] : []),
    ...(gate === undefined
      ? []
      : [
          ...(plan.orphan ? [] : reportStep("created", line.pid)),
          ...receiveSteps("wait until it is started", gate),
          call("close the gate", "close", [gate]),
        ]),
    goTo("become the command", ready),
    failure,
    ...reportFailureInWords(line.child),
    exitStep(NOT_STARTED_CODE),
  ];
  const failureAtLast = new Label("command failed");
  const last = [
    ready,
    ...(gate === undefined ? stillWantedSteps() : []),
    ...(plan.reaper ? [keepWithoutShim, ...reaperSteps(line.child)] : []),
    ...executeSteps(command),
    failureAtLast,
    ...reportFailureInWords(line.child),
    exitStep(NOT_STARTED_CODE),
  ];
  return {
    sections: [
      { name: "shim", ...shim },
      { name: "container", steps, failure },
      // Whoever created it may be gone when it is started: then only a file can say what failed.
      { name: "command", steps: last, failure: failureAtLast, carriesWords: true },
    ],
  };
}

interface Terminal {
  readonly socketPath: string;
  readonly socket: Slot;
  readonly slave: Slot;
}

function terminalOf({ consoleSocket }: ContainerPlan): Terminal {
  if (consoleSocket === undefined)
    throw new Fault("invalid", "Cannot make a container with a terminal: no console socket is given");
  return { socketPath: consoleSocket, socket: new Slot("console socket"), slave: new Slot("terminal") };
}

/** Opened for both ends: it neither waits for the other now, nor ends when there is none later. */
function gateSteps(stateDirectory: string, gate: Slot): Step[] {
  const path = posix.join(stateDirectory, START_FILE);
  return [
    call(`make the gate ${path}`, "mknodat", [kernel.AT_FDCWD, path, kernel.S_IFIFO | 0o600, 0]),
    call("open the gate", "openat", [kernel.AT_FDCWD, path, kernel.O_RDWR | kernel.O_CLOEXEC], {
      keep: gate,
    }),
  ];
}

/** It and what it becomes write to it; it is nobody else's. */
function logSteps(path: string): Step[] {
  const log = new Slot("log");
  const flags = kernel.O_WRONLY | kernel.O_APPEND | kernel.O_CREAT | constants.O_NOFOLLOW | kernel.O_CLOEXEC;
  return [
    call(`open the log ${path}`, "openat", [kernel.AT_FDCWD, path, flags, 0o600], { keep: log }),
    call("write the output to it", "dup3", [log, 1, 0]),
    call("write the errors to it", "dup3", [log, 2, 0]),
    call("close the log", "close", [log]),
  ];
}

/** Whoever wants it has the other end of the report's socket. */
function stillWantedSteps(): (Step | Label)[] {
  const gone = new Label("nobody wants it");
  const wanted = new Label("somebody wants it");
  const words = "make sure that somebody wants it";
  return [
    call(words, "recvfrom", [REPORT_FD, Buffer.alloc(8), 1, kernel.MSG_DONTWAIT, 0, 0], {
      onZero: gone,
      on: { EAGAIN: wanted },
    }),
    gone,
    fail(words, osConstants.errno.ECANCELED),
    wanted,
  ];
}

/**
 * Without a mount namespace of its own, a container's processes are in that of its creator, below a root whose mounts
 * only the shim's namespace has: the machine gets none, and they are gone with the shim.
 */
function outsideOf({ orphan, config }: ContainerPlan, namespaces: Namespaces): Slot {
  const what = "Cannot make a container without a mount namespace of its own";
  if (namespaces.has("user"))
    throw new Fault("unsupported", `${what}: its user namespace has no rights over ours`);
  if (orphan) throw new Fault("unsupported", `${what}: no process of ours stays that could keep its mounts`);
  if (config.linux?.rootfsPropagation !== undefined)
    throw new Fault("unsupported", `${what}: "rootfsPropagation" is for mounts of its own`);
  return new Slot("the mounts of whoever creates the container");
}

function idMapsOf(plan: ContainerPlan, namespaces: Namespaces): IdMaps | "caller" | undefined {
  if (!namespaces.made.has("user")) return undefined;
  if (plan.asksForIdMaps) return "caller";
  const { uidMappings: uid = [], gidMappings: gid = [] } = plan.config.linux ?? {};
  return { uid, gid, deniesGroups: plan.deniesGroups };
}

/** In a user namespace, nobody yet; an ordinary user's may have no root, and is that user's as it is. */
function becomeRootSteps({ isOrdinary, deniesGroups }: ContainerPlan): Step[] {
  return [
    ...(deniesGroups ? [] : [call("have no further groups", "setgroups", [0, 0])]),
    ...namespaceRootSteps(isOrdinary),
  ];
}

function nameSteps({ hostname = "", domainname = "" }: OciConfig): Step[] {
  return [
    ...(hostname === ""
      ? []
      : [call(`set the host name ${hostname}`, "sethostname", [hostname, Buffer.byteLength(hostname)])]),
    ...(domainname === ""
      ? []
      : [
          call(`set the domain name ${domainname}`, "setdomainname", [
            domainname,
            Buffer.byteLength(domainname),
          ]),
        ]),
  ];
}

/** What the steps of one container's mounts have in common. */
interface Mounting {
  readonly place: MountPlace;
  /** Where the root is on the host. */
  readonly rootPath: string;
  /** MS_SHARED and so on, when the config says it. */
  readonly spreads: number | undefined;
}

function mountingOf({ config, bundle, cgroups }: ContainerPlan, clones: ReadonlyMap<Mount, Slot>): Mounting {
  if (config.root === undefined)
    throw new Fault("invalid", "Cannot make a container: its config has no root");
  return {
    rootPath: posix.resolve(bundle, config.root.path),
    spreads: propagationFlag(config.linux?.rootfsPropagation ?? ""),
    place: {
      root: new Slot("root"),
      bundle,
      cgroups,
      slots: { mount: new Slot("mount"), point: new Slot("mount point"), scratch: new Slot("directory") },
      label: config.linux?.mountLabel,
      clones,
    },
  };
}

/**
 * Root's shim takes copies of the mounts for a child with a user namespace, whose ids the host knows as nobody: it could
 * not reach what only root may. An ordinary user's child can do all that its shim can.
 */
function sourceClones({ config, isOrdinary }: ContainerPlan, namespaces: Namespaces): Map<Mount, Slot> {
  const isForeign = namespaces.made.has("user") && !isOrdinary;
  const binds = isForeign ? (config.mounts ?? []).filter((mount) => isBind(mount)) : [];
  return new Map(binds.map((mount) => [mount, new Slot(`mount for ${mount.destination}`)]));
}

function cloneSourcesSteps(clones: ReadonlyMap<Mount, Slot>, bundle: string): Step[] {
  return [...clones].map(([mount, slot]) => {
    const source = bindSource(mount, bundle);
    const isRecursive = mount.options?.includes("rbind") === true;
    return cloneMount(`take a copy of the mount at ${source}`, source, slot, isRecursive);
  });
}

/** Its own mounts begin: the root is there, and nothing of it is seen by the host. */
function beginMountsSteps(plan: ContainerPlan, mounting: Mounting, isMade: boolean): (Step | Label)[] {
  const { rootPath, spreads, place } = mounting;
  return [
    isolateMounts(isolation(spreads)),
    ...(isMade ? [] : makeRootSteps(rootPath, place.root, plan.overlay)),
    ...attachRootSteps(rootPath, place.root),
  ];
}

function takeRootSteps(root: Slot, { noPivot }: ContainerPlan, outside: Slot | undefined): Step[] {
  if (outside !== undefined) return returnSteps(root, outside);
  return noPivot ? moveRootSteps(root) : pivotSteps(root);
}

interface MountTurns {
  readonly line: Line;
  readonly waitsEarly: boolean;
  /** The mounts that the command is to be among, though its own are elsewhere. */
  readonly outside: Slot | undefined;
}

/** Everything that is mounted, hidden or protected, up to the new root. */
function mountNamespaceSteps(
  plan: ContainerPlan,
  { place, spreads }: Mounting,
  { line, waitsEarly, outside }: MountTurns,
  terminal: Terminal | undefined,
): (Step | Label)[] {
  const { config } = plan;
  const { linux = {}, mounts = [] } = config;
  const { root } = place;
  const ownDevices = !mounts.some((mount) => mountPoint(mount.destination) === "/dev" && isBind(mount));
  return [
    ...mounts.flatMap((mount) => mountSteps(mount, place)),
    ...(ownDevices
      ? deviceSteps(linux.devices ?? [], plan.makesDevices && !hasUserNamespace(linux), place)
      : []),
    ...(ownDevices ? deviceLinkSteps(place) : []),
    ...(terminal === undefined ? [] : terminalSteps(terminal, plan, place)),
    ...workingDirectorySteps(config.process?.cwd ?? "/", place),
    ...Object.entries(linux.sysctl ?? {}).flatMap(([name, value]) =>
      writeSteps(kernel.AT_FDCWD, `/proc/sys/${sysctlPath(name)}`, value, `set ${name} to ${value}`),
    ),
    ...(waitsEarly ? [] : line.waitSteps()),
    ...(plan.asksAtNamespaces
      ? [...reportStep("waiting", line.pid), ...receiveSteps("wait for what is done from outside", REPORT_FD)]
      : []),
    ...(linux.readonlyPaths ?? []).flatMap((one) => readOnlySteps(one, place)),
    ...(linux.maskedPaths ?? []).flatMap((one) => maskSteps(one, place)),
    ...(config.root?.readonly === true ? [readOnlyRoot(root)] : []),
    ...takeRootSteps(root, plan, outside),
    call("close the root", "close", [root]),
    ...(spreads === undefined
      ? []
      : [call(`let mounts spread as "${linux.rootfsPropagation}"`, "mount", ["none", "/", 0, spreads, 0])]),
  ];
}

const hasUserNamespace = ({ namespaces = [] }: Linux): boolean =>
  namespaces.some(({ type }) => type === "user");

const isBind = ({ type, options = [] }: Mount): boolean =>
  type === "bind" || options.includes("bind") || options.includes("rbind");

/** Mounts of the host are to be seen where the root is shared or a slave; never the other way round. */
function isolation(spreads: number | undefined): number {
  const kind = spreads === undefined ? kernel.MS_SLAVE : spreads & ~kernel.MS_REC;
  return (
    (kind === kernel.MS_SHARED || kind === kernel.MS_SLAVE ? kernel.MS_SLAVE : kernel.MS_PRIVATE) |
    kernel.MS_REC
  );
}

function terminalSteps(
  { socket, slave }: Terminal,
  { config }: ContainerPlan,
  place: MountPlace,
): (Step | Label)[] {
  const master = new Slot("terminal's master");
  return [
    openTerminal(master, place.root),
    ...readyTerminal(master, slave, config.process?.consoleSize),
    ...consoleSteps(slave, place),
    ...sendDescriptor("hand over the terminal", socket, master),
    call("close the terminal's master", "close", [master]),
    call("close the console socket", "close", [socket]),
  ];
}

/** It may be missing in the image. */
function workingDirectorySteps(cwd: string, { root, slots }: MountPlace): (Step | Label)[] {
  return [
    ...directoryInRoot({ root, path: posix.normalize(cwd), keep: slots.point, scratch: slots.scratch }),
    call("close it", "close", [slots.point]),
  ];
}
