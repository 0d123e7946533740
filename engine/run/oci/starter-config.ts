import type { Mount, OciConfig } from "./config.ts";
import { SPEC_VERSION } from "./spec-version.ts";

export interface StarterOptions {
  /** For an ordinary user, who becomes root inside. */
  readonly rootless: false | { readonly uid: number; readonly gid: number };
}

const CAPABILITIES = ["CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"];
const KERNEL_PATHS_HIDDEN = [
  "/proc/acpi",
  "/proc/asound",
  "/proc/kcore",
  "/proc/keys",
  "/proc/latency_stats",
  "/proc/timer_list",
  "/proc/timer_stats",
  "/proc/sched_debug",
  "/proc/scsi",
  "/sys/firmware",
  "/sys/devices/virtual/powercap",
];
const KERNEL_PATHS_READ_ONLY = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];

/** A config.json to begin with: a shell in ./rootfs that may do little. */
export function starterConfig({ rootless }: StarterOptions): OciConfig {
  const namespaces = ["pid", "network", "ipc", "uts", "mount", "cgroup"] as const;
  return {
    ociVersion: SPEC_VERSION,
    process: {
      terminal: true,
      user: { uid: 0, gid: 0 },
      args: ["sh"],
      env: ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "TERM=xterm"],
      cwd: "/",
      capabilities: { bounding: CAPABILITIES, effective: CAPABILITIES, permitted: CAPABILITIES },
      rlimits: [{ type: "RLIMIT_NOFILE", hard: 1024, soft: 1024 }],
      noNewPrivileges: true,
    },
    root: { path: "rootfs", readonly: true },
    hostname: "plinth",
    mounts:
      rootless === false
        ? mounts()
        : mounts()
            .map(rootlessMount)
            .filter((mount) => mount !== undefined),
    linux: {
      ...(rootless === false
        ? { resources: { devices: [{ allow: false, access: "rwm" }] } }
        : {
            uidMappings: [{ containerID: 0, hostID: rootless.uid, size: 1 }],
            gidMappings: [{ containerID: 0, hostID: rootless.gid, size: 1 }],
          }),
      namespaces:
        rootless === false
          ? namespaces.map((type) => ({ type }))
          : [...namespaces.filter((type) => type !== "network"), "user" as const].map((type) => ({ type })),
      maskedPaths: KERNEL_PATHS_HIDDEN,
      readonlyPaths: KERNEL_PATHS_READ_ONLY,
    },
  };
}

function mounts(): Mount[] {
  const plain = ["nosuid", "noexec", "nodev"];
  return [
    { destination: "/proc", type: "proc", source: "proc" },
    {
      destination: "/dev",
      type: "tmpfs",
      source: "tmpfs",
      options: ["nosuid", "strictatime", "mode=755", "size=65536k"],
    },
    {
      destination: "/dev/pts",
      type: "devpts",
      source: "devpts",
      options: ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"],
    },
    {
      destination: "/dev/shm",
      type: "tmpfs",
      source: "shm",
      options: [...plain, "mode=1777", "size=65536k"],
    },
    { destination: "/dev/mqueue", type: "mqueue", source: "mqueue", options: plain },
    { destination: "/sys", type: "sysfs", source: "sysfs", options: [...plain, "ro"] },
    {
      destination: "/sys/fs/cgroup",
      type: "cgroup",
      source: "cgroup",
      options: [...plain, "relatime", "ro"],
    },
  ];
}

/** With the host's network, only the host's /sys can be mounted; groups that are not mapped cannot be named. */
function rootlessMount(mount: Mount): Mount | undefined {
  const options = mount.options?.filter((option) => !option.startsWith("gid="));
  if (mount.destination === "/sys/fs/cgroup") return undefined;
  if (mount.destination === "/sys")
    return { ...mount, type: "none", source: "/sys", options: ["rbind", ...(options ?? [])] };
  return { ...mount, ...(options !== undefined && { options }) };
}
