import { readFileSync, readdirSync } from "node:fs";

/** What tells one process from a later one with the same number: pids are reused, start times on one boot are not. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Field 22 of /proc/PID/stat: clock ticks between boot and the process's start. */
  readonly startTicks: number;
  readonly bootId: string;
}

let thisBoot: string | undefined;

/** This boot's id (/proc/sys/kernel/random/boot_id). */
export function bootId(): string {
  thisBoot ??= readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  return thisBoot;
}

// The command name is in parentheses and may itself hold spaces and parentheses: the last one closes it.
const fieldsOf = (stat: string): string[] => stat.slice(stat.lastIndexOf(")") + 2).split(" ");

/** The fields of /proc/PID/stat after the command name (field 3 on), or undefined when there is no such process. */
export function statFields(pid: number): string[] | undefined {
  try {
    return fieldsOf(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return undefined;
  }
}

/** The identity in the text of a /proc/PID/stat that somebody read earlier; undefined when it is not one. */
export function identityInStat(stat: string, boot: string): ProcessIdentity | undefined {
  const pid = Number.parseInt(stat, 10);
  const startTicks = Number(fieldsOf(stat)[19]);
  return pid > 0 && Number.isSafeInteger(startTicks) ? { pid, startTicks, bootId: boot } : undefined;
}

/** The identity of a running process; undefined when it is gone or only waits to be reaped. */
export function processIdentity(pid: number): ProcessIdentity | undefined {
  const fields = statFields(pid);
  if (fields === undefined || fields[0] === "Z" || fields[0] === "X") return undefined;
  return { pid, startTicks: Number(fields[19]), bootId: bootId() };
}

/** True while that very process, not a later one with its number, is running. */
export function isRunning(identity: ProcessIdentity): boolean {
  const now = processIdentity(identity.pid);
  return now !== undefined && now.startTicks === identity.startTicks && now.bootId === identity.bootId;
}

/**
 * Signals that very process. False when it is gone. Between the check and the signal lie microseconds, in which a
 * pid would have to be reaped and all others be used up before it could be a stranger's.
 */
export function signalProcess(identity: ProcessIdentity, signal: NodeJS.Signals): boolean {
  if (!isRunning(identity)) return false;
  try {
    return process.kill(identity.pid, signal);
  } catch {
    return false;
  }
}

/** One row of the process table. */
export interface ProcessEntry {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  readonly session: number;
}

/** All processes but those that only wait to be reaped. */
export function processTable(): ProcessEntry[] {
  const entries: ProcessEntry[] = [];
  for (const name of readdirSync("/proc")) {
    const pid = Number(name);
    if (!Number.isInteger(pid)) continue;
    const fields = statFields(pid);
    if (fields === undefined || fields[0] === "Z" || fields[0] === "X") continue;
    entries.push({ pid, parent: Number(fields[1]), group: Number(fields[2]), session: Number(fields[3]) });
  }
  return entries;
}

/** Whether NAME=VALUE was in a process's environment when it was started; false when that may not be read. */
export function hasInEnvironment(pid: number, name: string, value: string): boolean {
  try {
    return `\0${readFileSync(`/proc/${pid}/environ`, "latin1")}`.includes(`\0${name}=${value}\0`);
  } catch {
    return false;
  }
}

export interface ProcessUsage {
  /** Resident set in bytes. */
  readonly memoryBytes: number;
  /** User plus system time in seconds. */
  readonly cpuSeconds: number;
}

const PAGE_BYTES = 4096;
const TICKS_PER_SECOND = 100; // USER_HZ, fixed by the kernel's ABI

/** Memory and CPU time of one process, from /proc. */
export function processUsage(pid: number): ProcessUsage | undefined {
  const fields = statFields(pid);
  if (fields === undefined) return undefined;
  return {
    memoryBytes: Number(fields[21]) * PAGE_BYTES,
    cpuSeconds: (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND,
  };
}
