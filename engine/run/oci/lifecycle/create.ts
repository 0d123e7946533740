import { randomUUID } from "node:crypto";
import { existsSync, realpathSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { type Clock, isoTime } from "@plinth/clock";
import { Fault, messageOf } from "@plinth/fault";
import { type ProcessIdentity, processIdentity } from "@plinth/process";
import type { Container, CreateOptions } from "../../container/container.ts";
import { createContainer } from "../../container/create.ts";
import type { Init } from "../../init/init-file.ts";
import type { Stdio } from "../../init/launch.ts";
import { planContainerCgroup } from "../cgroup/container-plan.ts";
import { makeCgroups } from "../cgroup/make.ts";
import { placeIn } from "../cgroup/place.ts";
import type { CgroupPlan } from "../cgroup/plan.ts";
import { readCgroupSystem } from "../cgroup/system.ts";
import type { OciConfig, Process } from "../config.ts";
import { readConfig } from "../read-config.ts";
import type { ContainerDirectory, ContainerRecord } from "./container-directory.ts";
import { destroyContainer } from "./delete.ts";
import { ownCapabilities } from "../own-capabilities.ts";
import { runHooks, runHooksInside } from "./hooks.ts";
import { seccompProgram } from "../../container/seccomp-program.ts";
import { ociState } from "./status.ts";

export interface BundleOptions {
  readonly id: string;
  readonly bundle: OpenedBundle;
  /** Added to the environment of its command. */
  readonly env?: readonly string[];
  readonly containers: ContainerDirectory;
  readonly init: Init;
  readonly clock: Clock;
  /** Says what does not hinder. */
  readonly warn: (message: string) => void;
  readonly stdio: readonly [Stdio, Stdio, Stdio];
  readonly isRootless: boolean;
  /** Whoever waits for the command's end is a reaper of orphans above us: no process of ours stays. */
  readonly orphan: boolean;
  readonly consoleSocket?: string | undefined;
  readonly noPivot?: boolean;
  readonly noNewKeyring?: boolean;
  /** Descriptors of ours that the command gets from 3 on. */
  readonly descriptors?: readonly number[];
}

export interface Created {
  readonly record: ContainerRecord;
  readonly container: Container;
}

/** Makes a container of a bundle, up to the start of its command. What fails leaves nothing behind. */
export async function createFromBundle(options: BundleOptions): Promise<Created> {
  const { id, containers, clock } = options;
  const { bundle, rootfs } = options.bundle;
  const config = withEnvironment(withoutIdleLabels(options.bundle, options.warn), options.env);
  const prepared = prepare(options, config);
  const directory = containers.claim(id);
  let record: ContainerRecord = {
    id,
    mark: randomUUID(),
    bundle,
    rootfs,
    created: isoTime(clock.now()),
    creator: self(),
    main: null,
    cgroup: { members: null, directories: [] },
    config,
  };
  try {
    containers.write(record);
    makeCgroups(prepared.cgroup);
    // Only from now on: with a container that fails, all that is in its cgroups is killed.
    record = { ...record, cgroup: prepared.cgroup };
    containers.write(record);
    const container = await createContainer({
      ...prepared.options,
      id,
      init: options.init,
      config,
      bundle,
      stateDirectory: directory,
      mark: record.mark,
      stdio: options.stdio,
      orphan: options.orphan,
      ...(hasCreateHooks(config) && { onNamespaces: (pid) => atNamespaces(record, pid, options) }),
    });
    record = { ...record, main: processIdentity(container.pid) ?? null };
    if (record.main === null) throw new Fault("unavailable", "container init exited prematurely");
    containers.write(record);
    return { record, container };
  } catch (error) {
    await destroyContainer(record, options).catch((left: unknown) => options.warn(messageOf(left)));
    throw error;
  }
}

/** Whose root the container's becomes: all processes in it that have its root now get the container's. */
function checkMountNamespace(path: string): void {
  const [joined, ...machine] = [path, "/proc/self/ns/mnt", "/proc/1/ns/mnt"].map((each) => {
    try {
      return statSync(each).ino;
    } catch {
      return undefined; // joining will tell, and another's is not ours to look at
    }
  });
  if (joined !== undefined && machine.includes(joined))
    throw new Fault(
      "unsupported",
      `Cannot join the mount namespace ${path}: it is the machine's, whose root would become the container's`,
    );
}

/** What `explain` and `create` both need; nothing is made by it. */
export function prepare(
  options: Pick<
    BundleOptions,
    "id" | "isRootless" | "consoleSocket" | "noPivot" | "noNewKeyring" | "descriptors"
  >,
  config: OciConfig,
): { readonly cgroup: CgroupPlan; readonly options: PreparedOptions } {
  const { consoleSocket, descriptors = [] } = options;
  const isTerminal = config.process?.terminal === true;
  if (isTerminal && consoleSocket === undefined)
    throw new Fault("invalid", "cannot allocate tty without a console socket");
  if (!isTerminal && consoleSocket !== undefined)
    throw new Fault("invalid", "cannot use a console socket: the process asks for no tty");
  for (const { type, path = "" } of config.linux?.namespaces ?? [])
    if (type === "mount" && path !== "") checkMountNamespace(path);
  const { plan, deviceProgram } = planContainerCgroup({
    system: readCgroupSystem(),
    name: options.id,
    cgroupsPath: config.linux?.cgroupsPath,
    resources: config.linux?.resources ?? {},
    hierarchies: "all",
    isRootless: options.isRootless,
  });
  const seccomp = seccompProgram(config.linux?.seccomp);
  return {
    cgroup: plan,
    options: {
      cgroup: { ...placeIn(plan), ...(deviceProgram !== undefined && { deviceProgram }) },
      ...(seccomp !== undefined && { seccomp }),
      ...(consoleSocket !== undefined && { consoleSocket: resolve(consoleSocket) }),
      ...(options.noPivot === true && { noPivot: true }),
      ...(options.noNewKeyring === true && { noNewKeyring: true }),
      descriptors,
    },
  };
}

type PreparedOptions = Pick<
  CreateOptions,
  "cgroup" | "seccomp" | "consoleSocket" | "noPivot" | "noNewKeyring" | "descriptors"
>;

/** Where the kernel has no SELinux in force, labels say nothing; other runtimes, too, leave them out. */
function withoutIdleLabels(opened: OpenedBundle, warn: (message: string) => void): OpenedBundle {
  const { config, process } = opened;
  const { mountLabel = "", ...linux } = config.linux ?? {};
  const { selinuxLabel = "", ...rest } = process;
  if ((mountLabel === "" && selinuxLabel === "") || existsSync("/sys/fs/selinux/enforce")) return opened;
  warn("SELinux is not enabled on this machine: mountLabel and selinuxLabel are left out");
  return { ...opened, process: rest, config: { ...config, linux, process: rest } };
}

function withEnvironment({ config, process }: OpenedBundle, env: readonly string[] = []): OciConfig {
  return env.length === 0
    ? config
    : { ...config, process: { ...process, env: [...(process.env ?? []), ...env] } };
}

export interface OpenedBundle {
  readonly config: OciConfig;
  readonly process: Process;
  readonly bundle: string;
  readonly rootfs: string;
}

/** Fault when the bundle is not one, with runc's words where its clients look at them. */
export function openBundle(path: string): OpenedBundle {
  let bundle: string;
  try {
    bundle = realpathSync(path);
  } catch (error) {
    throw new Fault("not-found", `chdir ${path}: no such file or directory`, { cause: error });
  }
  const config = readConfig(bundle);
  const { root, process } = config;
  if (process === undefined) throw new Fault("invalid", `Cannot use ${bundle}/config.json: process: missing`);
  if (root === undefined) throw new Fault("invalid", `Cannot use ${bundle}/config.json: root: missing`);
  const rootfs = resolve(bundle, root.path);
  try {
    if (!statSync(rootfs).isDirectory())
      throw new Fault("invalid", `Cannot use the root ${rootfs}: not a directory`);
  } catch (error) {
    if (error instanceof Fault) throw error;
    throw new Fault("not-found", `Cannot use the root: stat ${rootfs}: no such file or directory`, {
      cause: error,
    });
  }
  return { config, process, bundle, rootfs };
}

const hasCreateHooks = ({ hooks = {} }: OciConfig): boolean =>
  [hooks.prestart, hooks.createRuntime, hooks.createContainer].some(
    (each) => each !== undefined && each.length > 0,
  );

/**
 * prestart and createRuntime, then createContainer in the container's namespaces, where all paths are still the host's;
 * the container waits meanwhile. The environment is made by then, which the specification calls created.
 */
async function atNamespaces(
  record: ContainerRecord,
  pid: number,
  { clock, init }: BundleOptions,
): Promise<void> {
  const { hooks = {} } = record.config;
  const state = ociState(record, "created", pid);
  await runHooks("prestart", hooks.prestart, state, clock);
  await runHooks("createRuntime", hooks.createRuntime, state, clock);
  const inside = hooks.createContainer ?? [];
  if (inside.length === 0) return;
  const main = processIdentity(pid);
  if (main === undefined) throw new Fault("unavailable", "container init exited prematurely");
  const names = ownCapabilities();
  const capabilities = { bounding: names, effective: names, permitted: names };
  await runHooksInside("createContainer", inside, state, {
    id: record.id,
    main,
    cgroup: record.cgroup,
    process: { cwd: "/", capabilities },
    init,
    clock,
  });
}

function self(): ProcessIdentity {
  const identity = processIdentity(process.pid);
  if (identity === undefined)
    throw new Fault("unavailable", "Cannot find out who this process is: /proc is not there");
  return identity;
}
