import { accessSync, constants, existsSync, readdirSync, readFileSync, rmdirSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Hierarchy } from "./system.ts";

export function wordsOf(path: string): string[] {
  try {
    return readFileSync(path, "utf8").split(/\s+/).filter(Boolean);
  } catch {
    return [];
  }
}

/** Whether this user may make cgroups in a directory, and move processes there. */
export const takesTasks = (directory: string): boolean =>
  canWrite(directory) && canWrite(join(directory, "cgroup.procs"));

function canWrite(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * Where v2 lets us make a cgroup with these controllers: our own cgroup or the nearest above it. A v2 cgroup that
 * holds processes, other than the root, cannot hand controllers on.
 */
export function unifiedBase(unified: Hierarchy, controllers: readonly string[]): string | undefined {
  for (let directory = unified.own; directory.startsWith(unified.mount); directory = dirname(directory)) {
    if (!takesTasks(directory)) continue;
    const available = wordsOf(join(directory, "cgroup.controllers"));
    const enabled = wordsOf(join(directory, "cgroup.subtree_control"));
    const isRoot = !existsSync(join(directory, "cgroup.type"));
    const mayEnable = isRoot || wordsOf(join(directory, "cgroup.procs")).length === 0;
    if (controllers.every((name) => enabled.includes(name) || (mayEnable && available.includes(name))))
      return directory;
  }
  return undefined;
}

export function isUnifiedController(unified: Hierarchy, name: string): boolean {
  return wordsOf(join(unified.mount, "cgroup.controllers")).includes(name);
}

/** The cgroups right below one. */
export function childrenOf(directory: string): string[] {
  try {
    return readdirSync(directory, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => join(directory, name));
  } catch {
    return [];
  }
}

/** With all that was made below it. True once it is gone. */
export function removeDirectory(path: string): boolean {
  try {
    for (const child of childrenOf(path)) removeDirectory(child);
    rmdirSync(path);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ENOENT";
  }
}
