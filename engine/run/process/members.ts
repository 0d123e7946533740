import {
  hasInEnvironment,
  isRunning,
  type ProcessEntry,
  processIdentity,
  processTable,
  processUsage,
  signalProcess,
  statFields,
} from "@plinth/process";
import type { KeptProcesses } from "../container/state-files.ts";
import type { TaskStats } from "../driver.ts";
import { killCgroup } from "../oci/cgroup/control.ts";
import { cgroupMembers } from "../oci/cgroup/make.ts";
import { cgroupCpuSeconds } from "./cgroup.ts";
import { isLaunchersMember, isLaunchersTool } from "./earlier-launcher.ts";
import { pidNamespace, visiblePid } from "./visible.ts";

/** In the environment of everything a start consists of; unlike PLINTH_INSTANCE never used twice. */
export const MARK_VARIABLE = "PLINTH_INSTANCE_MARK";

/** What all processes of one start have in common. */
export interface Membership extends KeptProcesses {
  /** The cgroup all are in, where there is one. */
  readonly cgroup: string | undefined;
  readonly mark: string;
  /** Our init keeps it, not the launcher of an earlier release. */
  readonly byInit: boolean;
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

/**
 * Who can be told from the process table: all that descend from the shim, which nobody who loses a parent gets away
 * from, and the main process's session. A number counts only while its process is known to live.
 */
function related(membership: Membership, table: readonly ProcessEntry[]): ProcessEntry[] {
  const { shim, main, byInit } = membership;
  const [isShimThere, isMainThere] = [isRunning(shim), isRunning(main)];
  if (!byInit)
    return isShimThere || isMainThere ? table.filter((entry) => isLaunchersMember(membership, entry)) : [];
  const descendants = new Set(isShimThere ? descendantsOf(shim.pid, table) : []);
  return table.filter(({ pid, session }) => descendants.has(pid) || (isMainThere && session === main.pid));
}

function descendantsOf(ancestor: number, table: readonly ProcessEntry[]): number[] {
  const children = Map.groupBy(table, ({ parent }) => parent);
  const found: number[] = [];
  const rest = [ancestor];
  for (let pid = rest.pop(); pid !== undefined; pid = rest.pop()) {
    const next = (children.get(pid) ?? []).map((child) => child.pid);
    found.push(...next);
    rest.push(...next);
  }
  return found;
}

/** Pids of all members but the shim. Without a cgroup this looks through the whole process table. */
export function membersOf(membership: Membership): number[] {
  const listed = listedMembers(membership);
  const { shim, main, mark, byInit } = membership;
  // Recorded before it joins its cgroup: for that moment it is not listed.
  if (listed !== undefined)
    return listed.includes(main.pid) || !isRunning(main) ? listed : [main.pid, ...listed];
  const table = processTable();
  const known = new Set(related(membership, table));
  return table
    .filter((entry) => known.has(entry) || hasInEnvironment(entry.pid, MARK_VARIABLE, mark))
    .filter((entry) => entry.pid !== shim.pid && (byInit || !isLaunchersTool(membership, entry)))
    .map(({ pid }) => pid);
}

/** Kills all members but the shim, which stays to write how the main process ended. */
export function killMembers(membership: Membership): void {
  signalProcess(membership.main, "SIGKILL");
  if (membership.cgroup !== undefined && killCgroup(membership.cgroup)) return;
  const identities = membersOf(membership).map(processIdentity);
  // Asked again after start times were read: that very process is a member, not one that had its number before.
  const members = new Set(membersOf(membership));
  for (const identity of identities)
    if (identity !== undefined && members.has(identity.pid)) signalProcess(identity, "SIGKILL");
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

/** Memory and CPU time of those the process table knows as members, or of the whole cgroup. */
export function statsOf(membership: Membership): TaskStats | undefined {
  const pids =
    listedMembers(membership, tableOfThisTurn) ??
    related(membership, tableOfThisTurn()).map(({ pid }) => pid);
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

/** Signals the main process's group: its own, or that of an earlier release's launcher. */
export function signalGroup({ shim, main }: KeptProcesses, signal: NodeJS.Signals): void {
  const group = isRunning(main) ? Number(statFields(main.pid)?.[2]) : Number.NaN;
  if (group !== main.pid && group !== shim.pid) return void signalProcess(main, signal);
  try {
    process.kill(-group, signal);
  } catch {
    // All gone meanwhile.
  }
}
