import type { Architecture } from "../machine/architecture.ts";

/** The system calls that steps may make. */
export type SystemCallName =
  | "accept4"
  | "bind"
  | "bpf"
  | "capget"
  | "capset"
  | "chdir"
  | "chroot"
  | "clone"
  | "clone3"
  | "close"
  | "close_range"
  | "connect"
  | "dup3"
  | "execve"
  | "exit_group"
  | "faccessat2"
  | "fchdir"
  | "fchmodat"
  | "fchown"
  | "fchownat"
  | "fcntl"
  | "fsconfig"
  | "fsmount"
  | "fsopen"
  | "getcwd"
  | "getpgid"
  | "getpid"
  | "ioctl"
  | "ioprio_set"
  | "keyctl"
  | "kill"
  | "linkat"
  | "listen"
  | "lsetxattr"
  | "madvise"
  | "memfd_create"
  | "mkdirat"
  | "mknodat"
  | "mount"
  | "mount_setattr"
  | "move_mount"
  | "open_tree"
  | "openat"
  | "openat2"
  | "personality"
  | "pivot_root"
  | "ppoll"
  | "prctl"
  | "prlimit64"
  | "read"
  | "recvfrom"
  | "renameat2"
  | "rt_sigprocmask"
  | "rt_sigtimedwait"
  | "sched_setaffinity"
  | "sched_setattr"
  | "seccomp"
  | "sendfile"
  | "sendmsg"
  | "sendto"
  | "setdomainname"
  | "setgroups"
  | "sethostname"
  | "setitimer"
  | "setns"
  | "setpriority"
  | "setresgid"
  | "setresuid"
  | "setsid"
  | "signalfd4"
  | "socket"
  | "socketpair"
  | "symlinkat"
  | "syncfs"
  | "umask"
  | "umount2"
  | "unlinkat"
  | "unshare"
  | "utimensat"
  | "wait4"
  | "waitid"
  | "write";

/**
 * Their numbers on x86-64 and aarch64, as in Linux's arch/x86/entry/syscalls/syscall_64.tbl and
 * include/uapi/asm-generic/unistd.h (6.1).
 */
const numbers: Record<SystemCallName, readonly [x8664: number, aarch64: number]> = {
  accept4: [288, 242],
  bind: [49, 200],
  bpf: [321, 280],
  capget: [125, 90],
  capset: [126, 91],
  chdir: [80, 49],
  chroot: [161, 51],
  clone: [56, 220],
  clone3: [435, 435],
  close: [3, 57],
  close_range: [436, 436],
  connect: [42, 203],
  dup3: [292, 24],
  execve: [59, 221],
  exit_group: [231, 94],
  faccessat2: [439, 439],
  fchdir: [81, 50],
  fchmodat: [268, 53],
  fchown: [93, 55],
  fchownat: [260, 54],
  fcntl: [72, 25],
  fsconfig: [431, 431],
  fsmount: [432, 432],
  fsopen: [430, 430],
  getcwd: [79, 17],
  getpgid: [121, 155],
  getpid: [39, 172],
  ioctl: [16, 29],
  ioprio_set: [251, 30],
  keyctl: [250, 219],
  kill: [62, 129],
  linkat: [265, 37],
  listen: [50, 201],
  lsetxattr: [189, 6],
  madvise: [28, 233],
  memfd_create: [319, 279],
  mkdirat: [258, 34],
  mknodat: [259, 33],
  mount: [165, 40],
  mount_setattr: [442, 442],
  move_mount: [429, 429],
  open_tree: [428, 428],
  openat: [257, 56],
  openat2: [437, 437],
  personality: [135, 92],
  pivot_root: [155, 41],
  ppoll: [271, 73],
  prctl: [157, 167],
  prlimit64: [302, 261],
  read: [0, 63],
  recvfrom: [45, 207],
  renameat2: [316, 276],
  rt_sigprocmask: [14, 135],
  rt_sigtimedwait: [128, 137],
  sched_setaffinity: [203, 122],
  sched_setattr: [314, 274],
  seccomp: [317, 277],
  sendfile: [40, 71],
  sendmsg: [46, 211],
  sendto: [44, 206],
  setdomainname: [171, 162],
  setgroups: [116, 159],
  sethostname: [170, 161],
  setitimer: [38, 103],
  setns: [308, 268],
  setpriority: [141, 140],
  setresgid: [119, 149],
  setresuid: [117, 147],
  setsid: [112, 157],
  signalfd4: [289, 74],
  socket: [41, 198],
  socketpair: [53, 199],
  symlinkat: [266, 36],
  syncfs: [306, 267],
  umask: [95, 166],
  umount2: [166, 39],
  unlinkat: [263, 35],
  unshare: [272, 97],
  utimensat: [280, 88],
  wait4: [61, 260],
  waitid: [247, 95],
  write: [1, 64],
};

export function systemCallNumber(name: SystemCallName, architecture: Architecture): number {
  return numbers[name][architecture === "x86-64" ? 0 : 1];
}
