import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { ProcessEntry } from "@plinth/process";
import { CANNOT_START_FILE, type KeptProcesses } from "../container/state-files.ts";

/**
 * What differs in tasks that a release before our init started, and that run on: their launcher is a shell. It leads
 * their session and group, its children but the main process are tools it runs itself, and what it writes in
 * `cannot-start` has another form.
 */

/** Whether a process is in its session, which counts while somebody holds its number, and no tool of its own. */
export function isLaunchersMember(
  { shim, main }: KeptProcesses,
  { pid, parent, session }: ProcessEntry,
): boolean {
  return session === shim.pid && pid !== shim.pid && !isLaunchersTool({ shim, main }, { pid, parent });
}

export function isLaunchersTool(
  { shim, main }: KeptProcesses,
  { pid, parent }: Pick<ProcessEntry, "pid" | "parent">,
): boolean {
  return parent === shim.pid && pid !== main.pid;
}

export type LaunchersFailure = { readonly kind: "exec" | "join"; readonly rest: string };

/** Why the command never ran, `exec CODE`; or runs outside of the cgroup `join PATH`. */
export function launchersFailure(directory: string): LaunchersFailure | undefined {
  let text: string;
  try {
    text = readFileSync(join(directory, CANNOT_START_FILE), "utf8");
  } catch {
    return undefined;
  }
  const [, kind, rest = ""] = /^(exec|join) (.*)\n/.exec(text) ?? [];
  return kind === "exec" || kind === "join" ? { kind, rest } : undefined;
}
