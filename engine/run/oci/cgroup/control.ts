import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Clock } from "@plinth/clock";
import { Fault } from "@plinth/fault";
import type { Resources } from "../config.ts";
import { wordsOf } from "./directory.ts";
import { applySetting } from "./make.ts";
import type { CgroupPlan, PlannedDirectory, Setting } from "./plan.ts";
import { CONTROLLERS } from "./settings.ts";

/** A process that sits in the kernel keeps the freezer waiting for so long at most. */
const FREEZE_ROUNDS = 500;
const FREEZE_PAUSE_MS = 4;

/** Stops all members, new ones included. Resolves once they stand still. */
export async function freezeCgroup(plan: CgroupPlan, clock: Clock): Promise<void> {
  const freezer = freezerOf(plan);
  if (freezer === undefined)
    throw new Fault("unsupported", "Cannot freeze: there is no cgroup that can be frozen");
  for (let round = 0; round < FREEZE_ROUNDS; round += 1) {
    // v1 does not always get hold of a process that forks just now; being asked again helps it.
    writeFileSync(freezer.file, freezer.frozen);
    if (isFrozen(plan)) return;
    await clock.sleep(FREEZE_PAUSE_MS);
  }
  writeFileSync(freezer.file, freezer.thawed);
  throw new Fault("timeout", `Cannot freeze ${freezer.file}: its processes did not stand still in time`);
}

export function thawCgroup(plan: CgroupPlan): void {
  const freezer = freezerOf(plan);
  if (freezer === undefined)
    throw new Fault("unsupported", "Cannot thaw: there is no cgroup that can be frozen");
  writeFileSync(freezer.file, freezer.thawed);
}

/** Whether all members stand still. */
export function isFrozen(plan: CgroupPlan): boolean {
  const freezer = freezerOf(plan);
  if (freezer === undefined) return false;
  try {
    return freezer.isFrozen();
  } catch {
    return false;
  }
}

interface Freezer {
  readonly file: string;
  readonly frozen: string;
  readonly thawed: string;
  readonly isFrozen: () => boolean;
}

function freezerOf({ directories }: CgroupPlan): Freezer | undefined {
  const unified = directories.find(({ version }) => version === 2);
  if (unified !== undefined && existsSync(join(unified.path, "cgroup.freeze"))) {
    const events = join(unified.path, "cgroup.events");
    return {
      file: join(unified.path, "cgroup.freeze"),
      frozen: "1",
      thawed: "0",
      isFrozen: () => /^frozen 1$/m.test(readFileSync(events, "utf8")),
    };
  }
  const v1 = directories.find(({ controllers }) => controllers.includes("freezer"));
  if (v1 === undefined) return undefined;
  const file = join(v1.path, "freezer.state");
  return { file, frozen: "FROZEN", thawed: "THAWED", isFrozen: () => wordsOf(file)[0] === "FROZEN" };
}

/** Kills every member in one step, new ones included. False where the kernel cannot (v1, before Linux 5.14). */
export function killCgroup(directory: string): boolean {
  const file = join(directory, "cgroup.kill");
  if (!existsSync(file)) return false;
  try {
    writeFileSync(file, "1");
    return true;
  } catch {
    return false;
  }
}

/** Changes limits of a running container. Those of resources that are not named stay as they are. */
export function updateCgroup(plan: CgroupPlan, resources: Resources): void {
  for (const [name, controller] of Object.entries(CONTROLLERS)) {
    const v1 = plan.directories.find((each) => each.version === 1 && each.controllers.includes(name));
    const directory = v1 ?? plan.directories.find((each) => holds(each, controller.v2Name));
    const settings = directory?.version === 1 ? controller.v1(resources) : controller.v2(resources);
    if (settings.length === 0) continue;
    if (directory === undefined)
      throw new Fault(
        "unsupported",
        `Cannot set ${settings[0]!.file}: the container has no "${name}" cgroup`,
      );
    applyAll(directory, settings);
  }
  const unified = Object.entries(resources.unified ?? {});
  const directory = plan.directories.find(({ version }) => version === 2);
  for (const [file, value] of unified) {
    if (directory === undefined || file.includes("/"))
      throw new Fault("unsupported", `Cannot set ${file}: the container has no such file of cgroup v2`);
    for (const line of value.split("\n")) applySetting(directory.path, { file, value: line });
  }
}

const holds = ({ version, controllers }: PlannedDirectory, name: string): boolean =>
  version === 2 && controllers.includes(name);

/**
 * The kernel refuses a limit of memory above that of memory and swap together, and a period too short for its quota:
 * which of two has to go first depends on what is there. What failed is tried again after the rest.
 */
function applyAll({ path }: PlannedDirectory, settings: readonly Setting[]): void {
  const again: Setting[] = [];
  for (const setting of settings) {
    try {
      applySetting(path, setting);
    } catch (error) {
      const cause = (error as Fault).cause as NodeJS.ErrnoException | undefined;
      if (cause?.code !== "EINVAL") throw error;
      again.push(setting);
    }
  }
  for (const setting of again) applySetting(path, setting);
}
