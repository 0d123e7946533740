import { posix } from "node:path";
import type { DeviceRule, LinuxSeccomp, Mount, Namespace, OciConfig, Process, Root } from "../oci/config.ts";
import type { TaskNetwork } from "../network/task-network.ts";
import {
  DEFAULT_CAPABILITIES,
  EVERY_CAPABILITY,
  KERNEL_MOUNTS,
  MACHINE_SECRETS,
  MASKED_PATHS,
  READ_ONLY_PATHS,
  ROOTLESS_KERNEL_MOUNTS,
} from "./defaults.ts";
import type { UserMaps } from "./id-maps.ts";
import type { TaskSandbox } from "./sandbox.ts";

export interface ContainerUser {
  readonly uid: number;
  readonly gid: number;
  readonly additionalGids: readonly number[];
}

/** All that a container's configuration follows from; nothing is looked up here. */
export interface ContainerPlan {
  readonly id: string;
  readonly sandbox: TaskSandbox;
  /** Directory that becomes `/`. */
  readonly root: string;
  /** Of a view of the machine: what stands in `root` by mounts. */
  readonly systemMounts: readonly Mount[];
  readonly arguments: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly directory: string;
  readonly user: ContainerUser;
  readonly network: TaskNetwork | undefined;
  /** What it shall see in /etc, by name, where its network does not say otherwise. */
  readonly etc: Readonly<Record<string, string>>;
  readonly seccomp: LinuxSeccomp | undefined;
  /** Undefined: as whoever makes it. */
  readonly oomScore?: number | undefined;
  /** Of an ordinary user's container: a user namespace with these ids. */
  readonly maps: UserMaps | undefined;
}

/** The runtime specification's version that the configuration is written by. */
const OCI_VERSION = "1.0.2";
/** None but those every container has. */
export const NO_DEVICES: readonly DeviceRule[] = [{ allow: false, access: "rwm" }];
/** sethostname(2) takes no more. */
const HOSTNAME_CHARACTERS_MAX = 64;

/** A configuration with what a container cannot be without. */
export interface ContainerConfig extends OciConfig {
  readonly process: Process;
  readonly root: Root;
}

/** A container's config.json. Pure. */
export function containerConfig(plan: ContainerPlan): ContainerConfig {
  const { sandbox, network, user, maps, oomScore } = plan;
  const capabilities = capabilitiesOf(sandbox.capabilities).map((name) => `CAP_${name}`);
  const isRoot = user.uid === 0;
  return {
    ociVersion: OCI_VERSION,
    root: { path: plan.root, readonly: sandbox.readOnlyRootfs },
    hostname: plan.id.slice(0, HOSTNAME_CHARACTERS_MAX),
    mounts: mountsOf(plan),
    process: {
      terminal: false,
      ...(oomScore !== undefined && { oomScoreAdj: oomScore }),
      cwd: plan.directory,
      args: plan.arguments,
      env: Object.entries(plan.env).map(([name, value]) => `${name}=${value}`),
      user: { uid: user.uid, gid: user.gid, additionalGids: user.additionalGids },
      // Whoever is not root has none, and with no_new_privs gets none: the set only bounds what root may.
      capabilities: {
        bounding: capabilities,
        effective: isRoot ? capabilities : [],
        permitted: isRoot ? capabilities : [],
        inheritable: [],
        ambient: [],
      },
      noNewPrivileges: true,
      ...(sandbox.apparmor === undefined ? {} : { apparmorProfile: sandbox.apparmor }),
    },
    linux: {
      namespaces: namespacesOf(network, maps),
      ...(maps === undefined ? {} : { uidMappings: maps.uid, gidMappings: maps.gid }),
      resources: { devices: NO_DEVICES },
      maskedPaths: sandbox.system === "host" ? [...MASKED_PATHS, ...MACHINE_SECRETS] : MASKED_PATHS,
      readonlyPaths: READ_ONLY_PATHS,
      ...(plan.seccomp === undefined ? {} : { seccomp: plan.seccomp }),
    },
  };
}

/** What a sandbox may, without "CAP_". */
export function capabilitiesOf({ add, drop }: TaskSandbox["capabilities"]): string[] {
  const kept = drop.includes("ALL") ? [] : DEFAULT_CAPABILITIES.filter((name) => !drop.includes(name));
  const added = add.includes("ALL") ? EVERY_CAPABILITY : add;
  return [...new Set([...kept, ...added])].sort();
}

function namespacesOf(network: TaskNetwork | undefined, maps: UserMaps | undefined): Namespace[] {
  const own: Namespace[] = [
    { type: "pid" },
    { type: "ipc" },
    { type: "uts" },
    { type: "mount" },
    { type: "cgroup" },
    ...(maps === undefined ? [] : [{ type: "user" } as const]),
  ];
  return network === undefined ? own : [...own, { type: "network", path: network.namespace }];
}

function mountsOf(plan: ContainerPlan): Mount[] {
  const { sandbox, network } = plan;
  const etc =
    network === undefined
      ? plan.etc
      : { ...plan.etc, "resolv.conf": network.resolvConf, hosts: network.hosts };
  const asked: Mount[] = [
    ...Object.entries(etc).map(([name, source]) => bind({ source, target: `/etc/${name}`, readOnly: true })),
    ...sandbox.tmpfs.map(({ target, bytes }) => memory(target, bytes)),
    ...sandbox.mounts.map(bind),
  ].sort((one, other) => depth(one) - depth(other));
  const taken = new Set(asked.map(({ destination }) => posix.normalize(destination)));
  // `tmpfs: { /dev/shm: … }` takes the place of ours.
  const all = plan.maps === undefined ? KERNEL_MOUNTS : ROOTLESS_KERNEL_MOUNTS;
  const kernels = all.filter(({ destination }) => !taken.has(destination));
  return [...plan.systemMounts, ...kernels, ...asked];
}

/** What lies deeper is mounted later, or it would be hidden. */
const depth = ({ destination }: Mount): number => posix.normalize(destination).split("/").length;

/** A file or folder of the host. Programs on it get no rights of its owner's, and devices there are none. */
export function bind({ source, target, readOnly }: TaskSandbox["mounts"][number]): Mount {
  const options = ["rbind", "rprivate", "nosuid", "nodev", ...(readOnly ? ["ro"] : [])];
  return { destination: target, type: "bind", source, options };
}

function memory(target: string, bytes: number): Mount {
  const options = ["nosuid", "nodev", "mode=1777", `size=${bytes}`];
  return { destination: target, type: "tmpfs", source: "tmpfs", options };
}
