import { existsSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { Fault } from "@plinth/fault";
import type { Resources } from "../config.ts";
import { deviceProgram } from "./device-program.ts";
import { isUnifiedController, takesTasks, unifiedBase, wordsOf } from "./directory.ts";
import type { CgroupPlan, PlannedDirectory, Setting } from "./plan.ts";
import { CONTROLLERS } from "./settings.ts";
import type { CgroupSystem, Hierarchy } from "./system.ts";

export interface ContainerCgroupOptions {
  readonly system: CgroupSystem;
  /** The directory's name where `cgroupsPath` is not given. */
  readonly name: string;
  /** linux.cgroupsPath: from the root of each hierarchy, or from the cgroup this process is in. */
  readonly cgroupsPath?: string | undefined;
  readonly resources: Resources;
  /** A directory in each hierarchy, so that every resource can be changed later; or only where one is needed. */
  readonly hierarchies: "all" | "needed";
  /** An ordinary user, or root in a user namespace: goes without a cgroup where nothing is asked of it. */
  readonly isRootless: boolean;
}

export interface ContainerCgroup {
  readonly plan: CgroupPlan;
  /** On v2 alone: struct bpf_insn[] of BPF_PROG_TYPE_CGROUP_DEVICE to attach to the directory of members. */
  readonly deviceProgram: Buffer | undefined;
}

/** What linux.resources asks for: directories with their settings. Fault "unsupported" names what cannot be had here. */
export function planContainerCgroup(options: ContainerCgroupOptions): ContainerCgroup {
  const { system, hierarchies, isRootless } = options;
  const below = placeBelow(options);
  // Devices are denied by whoever may make their nodes; to others the kernel denies making them.
  const { devices = [], ...rest } = options.resources;
  const asked: Resources = isRootless ? rest : { ...rest, devices };
  const settings = settingsByController(system, asked);
  const v1 = new Map<string, V1Share>();
  for (const [name, hierarchy] of system.v1) {
    const its = settings.v1.get(name) ?? [];
    if (its.length === 0 && hierarchies === "needed" && name !== MEMBERS_V1) continue;
    const share = v1.get(hierarchy.mount) ?? { hierarchy, controllers: [], settings: [] };
    share.controllers.push(name);
    share.settings.push(...its);
    v1.set(hierarchy.mount, share);
  }
  const directories: PlannedDirectory[] = [];
  const unified = unifiedDirectory(options, below, settings.unified);
  if (unified !== undefined) directories.push(unified);
  for (const { hierarchy, controllers, settings: its } of v1.values()) {
    const directory = plannedDirectory(
      hierarchy.mount,
      below.isAbsolute ? hierarchy.mount : hierarchy.own,
      below,
      {
        version: 1,
        controllers,
        settings: its,
      },
    );
    if (takesTasks(directory.base)) directories.push(directory);
    else if (its.length > 0 || !isRootless) throw mayNotWrite(directory.base, its);
  }
  const isFiltered = !isRootless && unified !== undefined && !system.v1.has("devices");
  return {
    plan: { members: membersIn(directories), directories },
    deviceProgram: isFiltered ? deviceProgram(devices) : undefined,
  };
}

interface V1Share {
  readonly hierarchy: Hierarchy;
  readonly controllers: string[];
  readonly settings: Setting[];
}

/** Without v2, the hierarchy whose members are listed; one that can be frozen, so that all can be ended at once. */
const MEMBERS_V1 = "freezer";

function membersIn(directories: readonly PlannedDirectory[]): string | null {
  const freezer = directories.find(({ controllers }) => controllers.includes(MEMBERS_V1));
  return (directories.find(({ version }) => version === 2) ?? freezer ?? directories[0])?.path ?? null;
}

/** A path below a hierarchy's root, or below the cgroup this process is in. */
interface Below {
  readonly isAbsolute: boolean;
  /** Begins with a slash. */
  readonly path: string;
}

function placeBelow({ cgroupsPath = "", name }: ContainerCgroupOptions): Below {
  if (/^[^/]*:[^/]*:[^/]*$/.test(cgroupsPath))
    throw new Fault("unsupported", `Cannot use the cgroup "${cgroupsPath}": it is one for systemd to make`, {
      hint: "Let the manager of containers make cgroups itself: its driver for cgroups is then called cgroupfs.",
    });
  const path = normalize(`/${cgroupsPath === "" ? name : cgroupsPath}`).replace(/\/$/, "");
  if (path === "")
    throw new Fault("invalid", `Cannot use the cgroup "${cgroupsPath}": it is not the container's own`);
  return { isAbsolute: cgroupsPath.startsWith("/"), path };
}

interface Settings {
  readonly v1: ReadonlyMap<string, readonly Setting[]>;
  readonly unified: { readonly controllers: readonly string[]; readonly settings: readonly Setting[] };
}

function settingsByController(system: CgroupSystem, asked: Resources): Settings {
  const v1 = new Map<string, readonly Setting[]>();
  const controllers: string[] = [];
  const settings: Setting[] = [];
  for (const [name, controller] of Object.entries(CONTROLLERS)) {
    const isV1 = system.v1.has(name);
    const its = isV1 ? controller.v1(asked) : controller.v2(asked);
    if (its.length === 0) continue;
    if (isV1) v1.set(name, its);
    else if (system.unified !== undefined && isUnifiedController(system.unified, controller.v2Name)) {
      controllers.push(controller.v2Name);
      settings.push(...its);
    } else throw noController(its[0]!.file, name);
  }
  for (const [file, value] of Object.entries(asked.unified ?? {})) {
    const [, controller] = /^([a-z0-9_]+)\.[a-z0-9_.]+$/i.exec(file) ?? [];
    if (controller === undefined)
      throw new Fault("invalid", `Cannot set linux.resources.unified: "${file}" is not a file of a cgroup`);
    if (system.unified === undefined) throw noController(file, controller);
    if (controller !== "cgroup") {
      if (!isUnifiedController(system.unified, controller)) throw noController(file, controller);
      if (!controllers.includes(controller)) controllers.push(controller);
    }
    for (const line of value.split("\n")) settings.push({ file, value: line });
  }
  return { v1, unified: { controllers, settings } };
}

const noController = (file: string, name: string): Fault =>
  new Fault("unsupported", `Cannot set ${file}: this kernel offers no "${name}" cgroup controller here`);

const mayNotWrite = (directory: string, settings: readonly Setting[]): Fault =>
  new Fault(
    "unsupported",
    `Cannot ${settings[0] === undefined ? "make a cgroup" : `set ${settings[0].file}`}: this user may not write to ${directory}`,
    { hint: "Run it as root, or in a cgroup that was handed to this user (systemd: Delegate=yes)." },
  );

function unifiedDirectory(
  { system: { unified, version }, hierarchies, isRootless }: ContainerCgroupOptions,
  below: Below,
  { controllers, settings }: Settings["unified"],
): PlannedDirectory | undefined {
  if (unified === undefined) return undefined;
  const all =
    hierarchies === "all" && version === "v2" ? wordsOf(join(unified.mount, "cgroup.controllers")) : [];
  const base = below.isAbsolute
    ? unified.mount
    : (unifiedBase(unified, [...new Set([...controllers, ...all])]) ?? unifiedBase(unified, controllers));
  if (base === undefined) {
    if (settings.length > 0 || (version === "v2" && !isRootless)) throw mayNotWrite(unified.own, settings);
    return undefined;
  }
  const available = wordsOf(join(base, "cgroup.controllers"));
  const handedOn = new Set([...controllers, ...all.filter((name) => available.includes(name))]);
  const planned = { version: 2, controllers: [...handedOn], settings } as const;
  const directory = plannedDirectory(unified.mount, base, below, planned);
  if (takesTasks(directory.base)) return directory;
  if (settings.length > 0) throw mayNotWrite(directory.base, settings);
  return undefined;
}

function plannedDirectory(
  mount: string,
  start: string,
  below: Below,
  planned: Pick<PlannedDirectory, "version" | "controllers" | "settings">,
): PlannedDirectory {
  const path = join(start, below.path);
  let base = dirname(path);
  while (base !== mount && !existsSync(base)) base = dirname(base);
  return { path, mount, base, ...planned };
}
