import { readFileSync } from "node:fs";

/** What tells one process from a later one with the same number: pids are reused, start times on one boot are not. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Field 22 of /proc/PID/stat: clock ticks between boot and the process's start. */
  readonly startTicks: number;
  readonly bootId: string;
}

/** This boot's id (/proc/sys/kernel/random/boot_id). */
export function bootId(): string {
  return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
}

/** The fields of /proc/PID/stat after the command name (field 3 on), or undefined when there is no such process. */
export function statFields(pid: number): string[] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The command name is in parentheses and may itself hold spaces and parentheses: the last one closes it.
    return text.slice(text.lastIndexOf(")") + 2).split(" ");
  } catch {
    return undefined;
  }
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
