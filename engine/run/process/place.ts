import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { withholdSteps } from "../container/credentials.ts";
import * as kernel from "../container/kernel.ts";
import { attachMount, cloneMount } from "../container/mount-calls.ts";
import { isolateMounts } from "../container/root.ts";
import { call, goTo, Label, Slot, type Step } from "../init/step.ts";
import type { TaskNetwork } from "../network/task-network.ts";

/**
 * All that an instance with a network of its own may still do as root. Not among them: NET_ADMIN and NET_RAW, which
 * would let it take another's address; SYS_ADMIN and SYS_PTRACE, which lead into other namespaces; and what reaches
 * the machine itself, such as SYS_MODULE, SYS_RAWIO, BPF and MKNOD.
 */
const CAPABILITIES: readonly string[] = [
  "CAP_AUDIT_WRITE",
  "CAP_CHOWN",
  "CAP_DAC_OVERRIDE",
  "CAP_FOWNER",
  "CAP_FSETID",
  "CAP_KILL",
  "CAP_NET_BIND_SERVICE",
  "CAP_SETFCAP",
  "CAP_SETGID",
  "CAP_SETPCAP",
  "CAP_SETUID",
  "CAP_SYS_CHROOT",
];

/** A task's own place in the network. */
export interface TaskPlacement {
  readonly network: TaskNetwork;
  /** What it sees as /etc/nsswitch.conf; empty: the host's. */
  readonly nsswitch: string;
  /** Number of this kernel's last capability. */
  readonly lastCapability: number;
}

/** Puts a process that has mounts of its own into a task's network, and shows it what is true there. */
export function placeSteps({ network, nsswitch }: TaskPlacement): (Step | Label)[] {
  const { namespace, resolvConf, hosts } = network;
  const joined = new Slot("network");
  return [
    call(`open the network ${namespace}`, "openat", [kernel.AT_FDCWD, namespace, kernel.O_CLOEXEC], {
      keep: joined,
    }),
    call(`join the network ${namespace}`, "setns", [joined, kernel.CLONE_NEWNET]),
    call("close the network", "close", [joined]),
    // Mounts that the host makes later arrive; those of the instance stay its own.
    isolateMounts(kernel.MS_SLAVE | kernel.MS_REC),
    ...systemSteps(),
    showAs(resolvConf, "/etc/resolv.conf"),
    showAs(hosts, "/etc/hosts"),
    ...(nsswitch === "" ? [] : [showAs(nsswitch, "/etc/nsswitch.conf")]),
    // Name caches answer over a socket, with what the host knows.
    call("hide name caches", "mount", ["tmpfs", "/run/nscd", "tmpfs", 0, "size=4k"], {
      on: { ENOENT: "next" },
    }),
  ];
}

const CGROUPS = "/sys/fs/cgroup";

/** The host's /sys shows the host's network; the cgroups in it are everybody's. */
function systemSteps(): (Step | Label)[] {
  const cgroups = new Slot("cgroups");
  const point = new Slot("mount point");
  const without = new Label("without cgroups");
  const done = new Label("/sys is there");
  const flags = kernel.MS_RDONLY | kernel.MS_NOSUID | kernel.MS_NODEV | kernel.MS_NOEXEC;
  const mount = call("mount its network's /sys", "mount", ["sysfs", "/sys", "sysfs", flags, 0]);
  const taken = cloneMount(`take a copy of the mounts at ${CGROUPS}`, CGROUPS, cgroups, true);
  return [
    { ...taken, on: { ENOENT: without } },
    mount,
    call(`find ${CGROUPS} in it`, "openat", [kernel.AT_FDCWD, CGROUPS, kernel.O_PATH | kernel.O_CLOEXEC], {
      keep: point,
    }),
    attachMount(`mount them on its ${CGROUPS}`, cgroups, point),
    call("close them", "close", [cgroups]),
    call("close the mount point", "close", [point]),
    goTo("go on", done),
    without,
    { ...mount },
    done,
  ];
}

const showAs = (path: string, as: string): Step =>
  call(`show ${path} as ${as}`, "mount", [path, as, 0, kernel.MS_BIND, 0]);

/** Takes capabilities away for good from who is in a task's network. */
export const withholdInNetwork = ({ lastCapability }: TaskPlacement): Step[] =>
  withholdSteps(CAPABILITIES, lastCapability);

/** Goes where a task's main process is: the network, then the mounts, with which paths change their meaning. */
export class MainPlace {
  readonly #network: Slot = new Slot("the task's network");
  readonly #mounts: Slot = new Slot("the task's mounts");

  /** `main`: descriptor of its directory in /proc. */
  openSteps(main: number): Step[] {
    return [
      call("open the task's network", "openat", [main, "ns/net", kernel.O_CLOEXEC], { keep: this.#network }),
      call("open the task's mounts", "openat", [main, "ns/mnt", kernel.O_CLOEXEC], { keep: this.#mounts }),
    ];
  }

  joinSteps(): Step[] {
    return [
      call("join the task's network", "setns", [this.#network, kernel.CLONE_NEWNET]),
      call("join the task's mounts", "setns", [this.#mounts, kernel.CLONE_NEWNS]),
    ];
  }
}

/**
 * Where the host asks other sources than files and DNS for hosts' names (systemd-resolved over its socket, mDNS), a
 * file that does not; empty where there is nothing to change.
 */
export function nameSwitch(stateDirectory: string): string {
  let text: string;
  try {
    text = readFileSync("/etc/nsswitch.conf", "utf8");
  } catch {
    return "";
  }
  const changed = text.replace(/^[ \t]*hosts:.*$/gm, "hosts: files dns");
  if (changed === text) return "";
  const path = join(stateDirectory, "nsswitch.conf");
  writeFileSync(path, changed, { mode: 0o644 });
  return path;
}
