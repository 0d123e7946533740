import { readlinkSync } from "node:fs";
import { type ProcessEntry, processIdentity, processTable } from "@plinth/process";

/** Undefined of processes that have ended, or that we may not look into. */
export function pidNamespace(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/pid`);
  } catch {
    return undefined;
  }
}

/**
 * The process by which a container's namespaces and files are seen: its first, or, where only root may look into that
 * one since it is our init, the oldest that it made. Undefined where there is none.
 */
export function visiblePid(main: number, table: () => ProcessEntry[] = processTable): number | undefined {
  if (pidNamespace(main) !== undefined) return main;
  // Others come to it later, when they lose their parents.
  const [oldest] = table()
    .filter(({ pid, parent }) => parent === main && pidNamespace(pid) !== undefined)
    .map(({ pid }) => processIdentity(pid))
    .filter((child) => child !== undefined)
    .sort((one, other) => one.startTicks - other.startTicks);
  return oldest?.pid;
}
