import {
  hasInEnvironment,
  isRunning,
  type ProcessEntry,
  type ProcessIdentity,
  processIdentity,
  processTable,
  processUsage,
  signalProcess,
  statFields,
} from "@plinth/process";
import type { TaskStats } from "../driver.ts";
import { killCgroup } from "../oci/cgroup/control.ts";
import { cgroupMembers } from "../oci/cgroup/make.ts";
import { cgroupCpuSeconds } from "./cgroup.ts";
import { pidNamespace, visiblePid } from "./visible.ts";

/** In the environment of everything a start consists of; unlike PLINTH_INSTANCE never used twice. */
export const MARK_VARIABLE = "PLINTH_INSTANCE_MARK";

/** What all processes of one start have in common. */
export interface Membership {
  /** The cgroup all are in, where there is one. */
  readonly cgroup: string | undefined;
  /** Leader of the session of all that did not leave it. */
  readonly launcher: ProcessIdentity;
  readonly main: ProcessIdentity;
  readonly mark: string;
  /** The main process is the first of a pid namespace: all members are in it, and none outlives it. */
  readonly ownPids?: boolean;
}

/** By the cgroup, or by the pid namespace; undefined where there is neither. */
function listedMembers(
  { cgroup, ownPids, main }: Membership,
  table: () => ProcessEntry[] = processTable,
): number[] | undefined {
  if (cgroup !== undefined) return cgroupMembers(cgroup);
  if (ownPids !== true) return undefined;
  const seen = isRunning(main) ? visiblePid(main.pid, table) : undefined;
  const namespace = seen === undefined ? undefined : pidNamespace(seen);
  if (namespace === undefined) return [];
  return table()
    .map(({ pid }) => pid)
    .filter((pid) => pidNamespace(pid) === namespace);
}

/** A session's number is free for others once its leader and all its members are gone: then it says nothing. */
function ownSession({ launcher, main }: Membership): number | undefined {
  return isRunning(launcher) || isRunning(main) ? launcher.pid : undefined;
}

/**
 * The launcher's children but the main process are what it runs itself: to look for members, to wait, and to put the
 * exit code where it is read. Of the members none can become one of them.
 */
function isLaunchersOwn({ launcher, main }: Membership, pid: number, parent: number): boolean {
  return parent === launcher.pid && pid !== main.pid;
}

/** Pids of all members but the launcher and what it runs. Without a cgroup this looks through the whole process table. */
export function membersOf(membership: Membership): number[] {
  const listed = listedMembers(membership);
  const { main } = membership;
  // Recorded before it joins its cgroup: for that moment it is not listed.
  if (listed !== undefined)
    return listed.includes(main.pid) || !isRunning(main) ? listed : [main.pid, ...listed];
  const ours = ownSession(membership);
  return processTable()
    .filter(({ pid, session }) => session === ours || hasInEnvironment(pid, MARK_VARIABLE, membership.mark))
    .filter(({ pid, parent }) => pid !== membership.launcher.pid && !isLaunchersOwn(membership, pid, parent))
    .map(({ pid }) => pid);
}

/** Kills all members but the launcher, which stays to write how the main process ended. */
export function killMembers(membership: Membership): void {
  signalProcess(membership.main, "SIGKILL");
  if (membership.cgroup !== undefined && killCgroup(membership.cgroup)) return;
  for (const identity of membersOf(membership).map(processIdentity)) {
    // Asked again after its start time was read: that very process is a member, not one that had its number before.
    if (identity !== undefined && isMember(membership, identity.pid)) signalProcess(identity, "SIGKILL");
  }
}

function isMember(membership: Membership, pid: number): boolean {
  const listed = listedMembers(membership);
  if (listed !== undefined) return listed.includes(pid);
  const [, parent, , session] = statFields(pid) ?? [];
  if (isLaunchersOwn(membership, pid, Number(parent))) return false;
  return hasInEnvironment(pid, MARK_VARIABLE, membership.mark) || Number(session) === ownSession(membership);
}

let recentTable: ProcessEntry[] | undefined;

/** One look at the process table serves all who ask in the same turn of the event loop: `ps` asks for everybody. */
function tableOfThisTurn(): ProcessEntry[] {
  if (recentTable === undefined) {
    recentTable = processTable();
    setImmediate(() => (recentTable = undefined));
  }
  return recentTable;
}

/** Memory and CPU time of the members that did not leave the session, or of the whole cgroup. */
export function statsOf(membership: Membership): TaskStats | undefined {
  const ours = ownSession(membership);
  const pids =
    listedMembers(membership, tableOfThisTurn) ??
    tableOfThisTurn()
      .filter(({ pid, session }) => session === ours && pid !== session)
      .map(({ pid }) => pid);
  let memoryBytes = 0;
  let cpuSeconds = 0;
  let processes = 0;
  for (const pid of pids) {
    const usage = processUsage(pid);
    if (usage === undefined) continue;
    memoryBytes += usage.memoryBytes;
    cpuSeconds += usage.cpuSeconds;
    processes += 1;
  }
  if (processes === 0) return undefined;
  const whole = membership.cgroup === undefined ? undefined : cgroupCpuSeconds(membership.cgroup);
  return { memoryBytes, cpuSeconds: whole ?? cpuSeconds, processes };
}
