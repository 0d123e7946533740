import type { Mount } from "../oci/config.ts";

/**
 * What root in a sandbox may still do: Docker's set without MKNOD and NET_RAW, which lead to the machine's devices and
 * to other senders' addresses. Without "CAP_".
 */
export const DEFAULT_CAPABILITIES: readonly string[] = [
  "AUDIT_WRITE",
  "CHOWN",
  "DAC_OVERRIDE",
  "FOWNER",
  "FSETID",
  "KILL",
  "NET_BIND_SERVICE",
  "SETFCAP",
  "SETGID",
  "SETPCAP",
  "SETUID",
  "SYS_CHROOT",
];

/** All of <linux/capability.h>, by number. */
export const EVERY_CAPABILITY: readonly string[] = [
  "CHOWN",
  "DAC_OVERRIDE",
  "DAC_READ_SEARCH",
  "FOWNER",
  "FSETID",
  "KILL",
  "SETGID",
  "SETUID",
  "SETPCAP",
  "LINUX_IMMUTABLE",
  "NET_BIND_SERVICE",
  "NET_BROADCAST",
  "NET_ADMIN",
  "NET_RAW",
  "IPC_LOCK",
  "IPC_OWNER",
  "SYS_MODULE",
  "SYS_RAWIO",
  "SYS_CHROOT",
  "SYS_PTRACE",
  "SYS_PACCT",
  "SYS_ADMIN",
  "SYS_BOOT",
  "SYS_NICE",
  "SYS_RESOURCE",
  "SYS_TIME",
  "SYS_TTY_CONFIG",
  "MKNOD",
  "LEASE",
  "AUDIT_WRITE",
  "AUDIT_CONTROL",
  "SETFCAP",
  "MAC_OVERRIDE",
  "MAC_ADMIN",
  "SYSLOG",
  "WAKE_ALARM",
  "BLOCK_SUSPEND",
  "AUDIT_READ",
  "PERFMON",
  "BPF",
  "CHECKPOINT_RESTORE",
];

/** What tells of the machine or reaches into its kernel; Docker's list. Absent ones are no mistake. */
export const MASKED_PATHS: readonly string[] = [
  "/proc/acpi",
  "/proc/asound",
  "/proc/interrupts",
  "/proc/kcore",
  "/proc/keys",
  "/proc/latency_stats",
  "/proc/sched_debug",
  "/proc/scsi",
  "/proc/timer_list",
  "/proc/timer_stats",
  "/sys/devices/virtual/powercap",
  "/sys/firmware",
];

/** What changes the machine when written to; Docker's list. */
export const READ_ONLY_PATHS: readonly string[] = [
  "/proc/bus",
  "/proc/fs",
  "/proc/irq",
  "/proc/sys",
  "/proc/sysrq-trigger",
];

/** Where the machine keeps what only its own root should read. */
export const MACHINE_SECRETS: readonly string[] = [
  "/etc/gshadow",
  "/etc/gshadow-",
  "/etc/shadow",
  "/etc/shadow-",
  "/etc/ssh",
  "/etc/ssl/private",
  "/etc/sudoers",
  "/etc/sudoers.d",
];

/** Devices and consoles take no room; what is written there by mistake must not fill memory. */
const DEVICES_BYTES = 64 * 2 ** 20;
/** What Docker gives; `tmpfs: { /dev/shm: … }` gives more. */
const SHARED_MEMORY_BYTES = 64 * 2 ** 20;

/** The kernel's own file systems. */
export const KERNEL_MOUNTS: readonly Mount[] = [
  { destination: "/proc", type: "proc", source: "proc", options: ["nosuid", "noexec", "nodev"] },
  {
    destination: "/dev",
    type: "tmpfs",
    source: "tmpfs",
    options: ["nosuid", "strictatime", "mode=755", `size=${DEVICES_BYTES}`],
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
    options: ["nosuid", "noexec", "nodev", "mode=1777", `size=${SHARED_MEMORY_BYTES}`],
  },
  { destination: "/dev/mqueue", type: "mqueue", source: "mqueue", options: ["nosuid", "noexec", "nodev"] },
  { destination: "/sys", type: "sysfs", source: "sysfs", options: ["nosuid", "noexec", "nodev", "ro"] },
];

/**
 * The same in a user namespace on the host's network. Its /sys cannot be mounted anew, for that shows the network: the
 * host's is shown, all of it read-only and without what is mounted there by others. Of terminals, the group "tty" is
 * not mapped.
 */
export const ROOTLESS_KERNEL_MOUNTS: readonly Mount[] = [
  ...KERNEL_MOUNTS.filter(({ destination }) => destination !== "/sys").map((mount) => ({
    ...mount,
    options: (mount.options ?? []).filter((option) => !option.startsWith("gid=")),
  })),
  {
    destination: "/sys",
    type: "bind",
    source: "/sys",
    options: ["rbind", "rprivate", "rnosuid", "rnodev", "rnoexec", "rro"],
  },
  // A delegated cgroup is the user's to change: not the container's.
  {
    destination: "/sys/fs/cgroup",
    type: "tmpfs",
    source: "tmpfs",
    options: ["nosuid", "noexec", "nodev", "ro", "size=0k", "nr_inodes=1"],
  },
];
