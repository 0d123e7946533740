import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Clock } from "@plinth/clock";
import { Fault } from "@plinth/fault";
import { childrenOf, removeDirectory, wordsOf } from "./directory.ts";
import type { CgroupPlan, PlannedDirectory, Setting } from "./plan.ts";

/** Makes the directories with their limits. Throws the system's error; what was made is removed again. */
export function makeCgroups(plan: CgroupPlan): void {
  const made: PlannedDirectory[] = [];
  try {
    for (const directory of plan.directories) {
      makeDirectory(directory);
      made.push(directory);
      for (const setting of directory.settings) applySetting(directory.path, setting);
    }
  } catch (error) {
    for (const directory of made) removePlanned(directory);
    throw error;
  }
}

/** Whoever ends a container removes empty directories above its own, maybe the very one this one is about to be in. */
const MAKE_ROUNDS = 10;

function makeDirectory(directory: PlannedDirectory): void {
  for (let round = 1; ; round += 1) {
    try {
      makeSteps(directory);
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT" || round === MAKE_ROUNDS) throw error;
    }
  }
}

function makeSteps({ path, mount, base, version, controllers }: PlannedDirectory): void {
  let nearest = base;
  while (nearest !== mount && !existsSync(nearest)) nearest = dirname(nearest);
  const steps = stepsBetween(nearest, path);
  try {
    if (version === 2 && controllers.length > 0)
      for (const above of stepsBetween(mount, nearest)) handOn(dirname(above), controllers);
    for (const step of steps) {
      if (version === 2) handOn(dirname(step), controllers);
      if (makeOne(step, step === path) && version === 1 && controllers.includes("cpuset")) inherit(step);
    }
  } catch (error) {
    removeEmpty(steps);
    throw error;
  }
}

/** Directories below `base`, down to `path`. */
function stepsBetween(base: string, path: string): string[] {
  assert(path === base || path.startsWith(`${base}/`), "a planned directory is below its base");
  const steps: string[] = [];
  for (let step = path; step !== base; step = dirname(step)) steps.unshift(step);
  return steps;
}

/** The last one is to be nobody else's: whoever is in it would be killed with the container. */
function makeOne(path: string, isOwn: boolean): boolean {
  try {
    mkdirSync(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    if (isOwn && (cgroupMembers(path) ?? []).length > 0)
      throw new Fault("conflict", `Cannot make the cgroup ${path}: it is there, with processes in it`, {
        cause: error,
      });
    return false;
  }
}

function handOn(parent: string, controllers: readonly string[]): void {
  const file = join(parent, "cgroup.subtree_control");
  const enabled = wordsOf(file);
  for (const name of controllers) if (!enabled.includes(name)) writeFileSync(file, `+${name}`);
}

/** A new cpuset of v1 has no processors and no memory, and takes no process until it has. */
function inherit(path: string): void {
  for (const file of ["cpuset.cpus", "cpuset.mems"])
    writeFileSync(join(path, file), readFileSync(join(dirname(path), file), "utf8").trim());
}

/** Writes one line. Fault when the kernel has no such file, or does not take the line; its error is the cause. */
export function applySetting(directory: string, setting: Setting): void {
  const { file, value, otherwise } = setting;
  const path = join(directory, file);
  try {
    // Without O_CREAT: what a kernel lacks cannot be made.
    writeFileSync(path, value, { flag: "r+" });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" && otherwise === "nothing") return;
    if (code === "ENOENT" && typeof otherwise === "object") applySetting(directory, otherwise);
    else if (code === "ENOENT")
      throw new Fault("unsupported", `Cannot set ${file}: this kernel has no such file`, { cause: error });
    else throw new Fault("invalid", `Cannot set ${path} to "${value}": ${code}`, { cause: error });
  }
}

/** A killed process leaves its cgroup only when reaped, which takes its new parent a moment. */
const REMOVE_ROUNDS = 50;
const REMOVE_PAUSE_MS = 20;

/** Removes the directories once their last member is gone; those still in use after a second are returned. */
export async function removeCgroups(plan: CgroupPlan, clock: Clock): Promise<string[]> {
  let left = [...plan.directories];
  for (let round = 0; round < REMOVE_ROUNDS; round += 1) {
    left = left.filter((directory) => !removePlanned(directory));
    if (left.length === 0) break;
    await clock.sleep(REMOVE_PAUSE_MS);
  }
  return left.map(({ path }) => path);
}

function removePlanned({ path, base }: PlannedDirectory): boolean {
  if (!removeDirectory(path)) return false;
  removeEmpty(stepsBetween(base, path).slice(0, -1));
  return true;
}

/** From the innermost outward, up to the first that others still use. */
function removeEmpty(steps: readonly string[]): void {
  try {
    for (const step of steps.toReversed()) if (existsSync(step)) rmdirSync(step);
  } catch {
    // In use: whoever uses it removes it.
  }
}

/** Pids in a cgroup and those below it; undefined when it is not there. */
export function cgroupMembers(directory: string): number[] | undefined {
  try {
    const own = readFileSync(join(directory, "cgroup.procs"), "utf8").split("\n").filter(Boolean).map(Number);
    return [...own, ...childrenOf(directory).flatMap((child) => cgroupMembers(child) ?? [])];
  } catch {
    return undefined;
  }
}
