import { chownSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Clock } from "@plinth/clock";
import { Fault } from "@plinth/fault";
import type { ResourceLimits } from "@plinth/resource";
import { namelessBytes } from "../disk/disk-usage.ts";
import type {
  DiskAbility,
  Driver,
  ExecAbility,
  ExecOptions,
  Limitation,
  TaskHandle,
  TaskPlace,
  TaskSpec,
} from "../driver.ts";
import type { Digest } from "../image/digest.ts";
import type { ImageStore, StoredImage } from "../image/store/store.ts";
import { hostArchitecture } from "../machine/architecture.ts";
import { defaultSeccompProfile } from "../oci/seccomp/default-profile.ts";
import type { LinuxSeccomp, Process } from "../oci/config.ts";
import { createProcessDriver } from "../process/driver.ts";
import { nameSwitch } from "../process/place.ts";
import { checkDirectory } from "../working-directory.ts";
import { unprotectedOomScore } from "../oom-score.ts";
import { argumentsOf, environmentIn } from "./arguments.ts";
import { CommandLineRuntime } from "./command-line-runtime.ts";
import { capabilitiesOf, containerConfig, type ContainerPlan } from "./config.ts";
import { type ContainerFingerprint, fingerprintContainerDriver } from "./fingerprint.ts";
import { makeHostSystem } from "./host-system.ts";
import { hostUser } from "./host-user.ts";
import { giveMapped } from "./in-user-namespace.ts";
import { OwnRuntime } from "./own-runtime.ts";
import { type RootlessAbility } from "./rootless.ts";
import { mapped, themselves } from "./rootless-user.ts";
import type { OciRuntime, OverlayRoot } from "./runtime.ts";
import type { TaskSandbox } from "./sandbox.ts";
import { checkAppArmor, hasSeccomp, readSeccompProfile } from "./security.ts";
import { clearContainer, containerBytes, readContainer, removeContainer, writeContainer } from "./state.ts";

export interface ContainerDriverOptions {
  readonly clock: Clock;
  /** Where images are; those of tasks are in it by then. */
  readonly images: Pick<ImageStore, "image" | "mountPlan" | "flatten" | "resolveUser">;
  /** Where the init of our own runtime is kept. */
  readonly initDirectory: string;
}

/** Of images that name no user. */
const ROOT = { uid: 0, gid: 0, additionalGids: [], home: "/root" } as const;

/** Runs instances in containers: of images, or in a read-only view of the machine's own system. */
export function createContainerDriver(options: ContainerDriverOptions): Driver & ExecAbility & DiskAbility {
  return new ContainerDriver(options);
}

class ContainerDriver implements Driver, ExecAbility, DiskAbility {
  readonly name = "container";
  readonly #options: ContainerDriverOptions;
  readonly #processes: Driver & ExecAbility;
  readonly #runtimes: Map<string, OciRuntime> = new Map();
  #fingerprint: Promise<ContainerFingerprint> | undefined;

  constructor(options: ContainerDriverOptions) {
    this.#options = options;
    this.#processes = createProcessDriver({ clock: options.clock, initDirectory: options.initDirectory });
  }

  /** A machine's abilities last; what it lacks may be mended meanwhile. */
  async fingerprint(): Promise<ContainerFingerprint> {
    this.#fingerprint ??= fingerprintContainerDriver(this.#options.initDirectory);
    const looked = this.#fingerprint;
    const found = await looked;
    if (!found.available && this.#fingerprint === looked) this.#fingerprint = undefined;
    return found;
  }

  check(limits: ResourceLimits): readonly Limitation[] {
    return this.#processes.check({ ...limits, diskBytes: undefined });
  }

  async start(spec: TaskSpec): Promise<TaskHandle> {
    const { id, sandbox, stateDirectory, limits, logFile, network } = spec;
    if (sandbox === undefined) throw new Fault("invalid", `Cannot start "${id}": it has no sandbox`);
    const { available, reason, hint, rootless } = await this.fingerprint();
    if (!available)
      throw new Fault("unsupported", `Cannot start "${id}" in a container: ${reason}`, {
        hint: hint ?? "`plinth doctor` says what this machine lacks.",
      });
    if (rootless !== undefined && sandbox.runtime !== "plinth")
      throw new Fault(
        "unsupported",
        `Cannot start "${id}" with the runtime "${sandbox.runtime}": without root, only Plinth's own makes containers`,
        { hint: "Leave `runtime` out, or run Plinth as root." },
      );
    if (sandbox.apparmor !== undefined) checkAppArmor(sandbox.apparmor);
    const before = await this.recover(spec);
    if (before !== undefined) {
      const isRunning = before.exit() === undefined;
      before[Symbol.dispose]();
      if (isRunning)
        throw new Fault("conflict", `Cannot start "${id}": it is running with pid ${before.pid}`, {
          hint: "Recover it instead.",
        });
    }
    await removeContainer(stateDirectory, this.#options.initDirectory);
    mkdirSync(stateDirectory, { recursive: true, mode: 0o700 });
    const { plan, overlay, home } = await this.#plan(spec, sandbox, rootless);
    for (const mount of sandbox.mounts)
      if (mount.isVolume === true) await makeVolume(mount.source, plan, this.#options.initDirectory);
    const config = containerConfig({ ...plan, oomScore: unprotectedOomScore() });
    const runtime = this.#runtime(sandbox.runtime);
    writeContainer(stateDirectory, {
      runtime: runtime.name,
      process: { ...config.process, env: [] },
      seccomp: plan.seccomp ?? null,
      image: sandbox.system === "host" ? null : sandbox.system.image,
      home: home ?? null,
      copiedBytes:
        sandbox.system === "host" || overlay !== undefined ? 0 : await this.#bytesIn(stateDirectory),
    });
    const reaper = sandbox.system === "host";
    const { maps } = plan;
    return runtime.start({ id, stateDirectory, config, overlay, maps, reaper, limits, logFile, network });
  }

  async recover(place: TaskPlace): Promise<TaskHandle | undefined> {
    const record = readContainer(place.stateDirectory);
    return record === undefined ? undefined : this.#runtime(record.runtime).recover(place);
  }

  async exec(handle: TaskHandle, command: readonly string[], options: ExecOptions): Promise<number> {
    const record = readContainer(placeOf(handle));
    if (record === undefined || handle.exit() !== undefined)
      throw new Fault("gone", `Cannot run a command in "${handle.id}": it is not running`);
    const { env: own, directory, ...streams } = options;
    const image = record.image === null ? undefined : await this.#image(record.image);
    const marked = { PLINTH_INSTANCE: handle.id, ...own };
    const env =
      image === undefined ? marked : environmentIn(image.config.env, marked, record.home ?? undefined);
    const process: Process = {
      ...record.process,
      args: command,
      cwd: image === undefined ? directory : record.process.cwd,
      env: Object.entries(env).map(([name, value]) => `${name}=${value}`),
    };
    const held = { process, seccomp: record.seccomp ?? undefined };
    return this.#runtime(record.runtime).exec(handle, held, streams);
  }

  async writtenBytes(handle: TaskHandle): Promise<number> {
    const place = placeOf(handle);
    const { copiedBytes = 0 } = readContainer(place) ?? {};
    const [inTrees, nameless] = await Promise.all([this.#bytesIn(place), namelessBytes(handle.members())]);
    return Math.max(0, inTrees - copiedBytes) + nameless;
  }

  clear({ stateDirectory }: TaskPlace): Promise<void> {
    return clearContainer(stateDirectory, this.#options.initDirectory);
  }

  #bytesIn(stateDirectory: string): Promise<number> {
    return containerBytes(stateDirectory, this.#options.initDirectory);
  }

  async #plan(spec: TaskSpec, sandbox: TaskSandbox, rootless: RootlessAbility | undefined): Promise<Planned> {
    const { id, stateDirectory, network } = spec;
    const root = join(stateDirectory, "root");
    const shared = { id, sandbox, root, network, seccomp: seccompOf(sandbox) };
    if (sandbox.system === "host") {
      checkDirectory(spec.directory);
      const names = network === undefined ? "" : nameSwitch(stateDirectory);
      const plan: ContainerPlan = {
        ...shared,
        systemMounts: makeHostSystem(root),
        arguments: spec.command,
        env: { PLINTH_INSTANCE: id, ...spec.env },
        directory: spec.directory,
        ...(rootless === undefined
          ? { user: hostUser(sandbox.user), maps: undefined }
          : themselves(sandbox.user)),
        etc: names === "" ? {} : { "nsswitch.conf": names },
      };
      return { plan, overlay: undefined, home: undefined };
    }
    const { images } = this.#options;
    const { digest, config } = await this.#image(sandbox.system.image);
    const name = sandbox.user ?? config.user;
    const { home, ...wanted } = name === "" ? ROOT : await images.resolveUser(digest, name);
    const { user, maps } =
      rootless === undefined ? { user: wanted, maps: undefined } : mapped(wanted, name, rootless);
    const overlay = rootless?.overlay === false ? undefined : await this.#overlay(digest, stateDirectory);
    if (overlay === undefined) await images.flatten(digest, root);
    else mkdirSync(root, { mode: 0o755 });
    const hostname = join(stateDirectory, "hostname");
    writeFileSync(hostname, `${id}\n`, { mode: 0o644 });
    const plan: ContainerPlan = {
      ...shared,
      systemMounts: [],
      arguments: argumentsOf(config, { entrypoint: sandbox.entrypoint, command: spec.command }),
      env: environmentIn(config.env, { PLINTH_INSTANCE: id, ...spec.env }, home),
      directory: sandbox.workdir ?? config.workingDirectory,
      user: { uid: user.uid, gid: user.gid, additionalGids: user.additionalGids },
      maps,
      etc: { hostname, "resolv.conf": "/etc/resolv.conf", hosts: "/etc/hosts" },
    };
    return { plan, overlay, home };
  }

  async #overlay(digest: Digest, stateDirectory: string): Promise<OverlayRoot> {
    const overlay = {
      ...(await this.#options.images.mountPlan(digest)),
      upper: join(stateDirectory, "upper"),
      work: join(stateDirectory, "work"),
    };
    for (const directory of [overlay.upper, overlay.work]) mkdirSync(directory, { mode: 0o755 });
    return overlay;
  }

  async #image(digest: string): Promise<StoredImage> {
    const image = await this.#options.images.image(digest);
    if (image !== undefined) return image;
    throw new Fault("not-found", `Cannot start: image ${digest} is not here`, {
      hint: "`plinth up` brings it; `plinth image ls` lists those that are here.",
    });
  }

  #runtime(name: string): OciRuntime {
    const { clock, initDirectory } = this.#options;
    let runtime = this.#runtimes.get(name);
    if (runtime === undefined) {
      runtime =
        name === "plinth"
          ? new OwnRuntime({ initDirectory, clock })
          : new CommandLineRuntime({ program: name, driver: this.#processes, clock });
      this.#runtimes.set(name, runtime);
    }
    return runtime;
  }
}

/** The state directory of a task of ours; nothing is in that of another's. */
function placeOf(handle: TaskHandle): string {
  return "stateDirectory" in handle ? String(handle.stateDirectory) : "";
}

/** A volume that is there stays as it is, whoever it belongs to. */
async function makeVolume(path: string, { user, maps }: ContainerPlan, initDirectory: string): Promise<void> {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  try {
    mkdirSync(path, { mode: 0o755 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return;
    throw error;
  }
  if (maps === undefined) chownSync(path, user.uid, user.gid);
  else await giveMapped(path, user, { maps, initDirectory });
}

interface Planned {
  readonly plan: ContainerPlan;
  readonly overlay: OverlayRoot | undefined;
  /** The home folder of an image's user. */
  readonly home: string | undefined;
}

function seccompOf({ seccomp, capabilities }: TaskSandbox): LinuxSeccomp | undefined {
  if (seccomp === "unconfined") return undefined;
  if (!hasSeccomp()) throw new Fault("unsupported", "Cannot filter system calls: this kernel has no seccomp");
  if (seccomp !== "default") return readSeccompProfile(seccomp.profile);
  const allowed = capabilitiesOf(capabilities).map((name) => `CAP_${name}`);
  return defaultSeccompProfile(allowed, hostArchitecture());
}
